"""Peers: the libraries that are measured, each behind the same face."""

from __future__ import annotations

from peers.onedal import OneDAL
from peers.ours import Mixtura
from peers.peer import Fitted, Iterated, Peer, Scored
from peers.scikit_learn import ScikitLearn

__all__ = ["PEERS", "Fitted", "Iterated", "Peer", "Scored"]

PEERS: dict[str, type[Peer]] = {peer.name: peer for peer in (Mixtura, OneDAL, ScikitLearn)}
