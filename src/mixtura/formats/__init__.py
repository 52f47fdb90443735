"""Models of other tools: their files in, and ours out in their formats."""

from mixtura.formats.registry import decoded, load, read

__all__ = ["decoded", "load", "read"]
