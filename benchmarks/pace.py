"""Pace: how long an iteration takes, by the difference of two lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from worker import Reply, Worker

__all__ = ["Pace", "paces"]


@dataclass(frozen=True)
class Pace:
    """A peer's time an iteration.

    A fit of 1 + n iterations takes n iterations longer than a fit of one: checking the data, the
    last likelihood and everything else that is done once drop out.

    Parameters
    ----------
    readings : one difference each, ms an iteration.
    n : the iterations of a difference.
    log_likelihood : that the peer computed in the last of 1 + n iterations, nats a row.
    peak : memory beyond the data, MiB.
    """

    readings: tuple[float, ...]
    n: int
    log_likelihood: float
    peak: float

    @property
    def milliseconds(self) -> float:
        """The median reading."""
        return median(self.readings)


def paces(workers: Mapping[str, Worker], seconds: float, repeats: int) -> dict[str, Pace]:
    """The paces of peers that are measured in turn, `repeats` times over.

    Parameters
    ----------
    workers : by name, each with its data loaded.
    seconds : about how long the n iterations of a difference shall take; n is at least 3, for what
        is done once swings by more than an iteration takes, or 2 where one takes many seconds.
    repeats : readings of each peer.
    """
    lengths = {name: _length(worker, seconds) for name, worker in workers.items()}
    readings: dict[str, list[float]] = {name: [] for name in workers}
    last: dict[str, Reply] = {}
    for _ in range(repeats):
        for name, worker in workers.items():
            short, last[name] = worker.iterate(1), worker.iterate(1 + lengths[name])
            gain = last[name].value.seconds - short.value.seconds
            readings[name].append(1e3 * gain / lengths[name])
    return {
        name: Pace(tuple(readings[name]), lengths[name], long.value.log_likelihood, long.peak)
        for name, long in last.items()
    }


def _length(worker: Worker, seconds: float) -> int:
    """How many iterations take about so long, from fits that are not counted.

    The first fit of a process pays for memory that no later one pays for; where it is over soon,
    a longer one tells better.
    """
    took: float = worker.iterate(1).value.seconds
    if 8 * took < seconds:
        took = worker.iterate(8).value.seconds / 8
    return min(max(round(seconds / took), 2 if took > 6.0 else 3), 400)
