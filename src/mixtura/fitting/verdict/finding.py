"""Finding: one thing that is known of a fit, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """What is so, and what to do about it.

    Parameters
    ----------
    said : a sentence without its full stop.
    advice : what to do, which is understood by itself; empty where nothing is to be done.
    grave : whether people should look at it even if they did not ask: an estimator warns of it.
    """

    said: str
    advice: str = ""
    grave: bool = True

    def __str__(self) -> str:
        colon = "; " if ": " in self.said else ": "
        return f"{self.said}{colon}{self.advice}" if self.advice else self.said
