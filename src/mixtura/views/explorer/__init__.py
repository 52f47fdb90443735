"""Explorer: a page in which a mixture can be looked into and played with.

One file that needs no network and no server: its style and its modules are inlined, and a policy in
its head forbids it to ask for anything.
"""

from __future__ import annotations

from mixtura.views.explorer.document import document
from mixtura.views.explorer.record import DRAWN, explorer_record
from mixtura.views.explorer.replay import Replay, replay

__all__ = ["DRAWN", "Replay", "document", "explorer_record", "replay"]
