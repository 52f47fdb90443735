"""Claim: what every script of this folder does besides measuring."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from machine import busy, machine, measured_limits
from table import Table
from worker import Worker
from workloads import WORKLOADS, Workload

__all__ = ["Measure", "asked", "chosen", "crew", "publish", "run", "show", "surroundings"]

Measure = Callable[[bool], list[Table]]

RESULTS = Path(__file__).with_name("results")


def run(*measures: Measure, after: Callable[[list[Table], Path], None] | None = None) -> None:
    """Measure, print the tables, and write them to the folder of results.

    Parameters
    ----------
    measures : each a script's; told whether to be quick.
    after : is given all tables, and where they were written.
    """
    options = asked().parse_args()
    print(surroundings(), flush=True)
    publish([partial(measure, options.quick) for measure in measures], options, after)


def asked() -> argparse.ArgumentParser:
    """The options of every script, to which one adds its own."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one reading")
    parser.add_argument("--out", type=Path, help="the folder of results")
    return parser


def publish(
    measures: Iterable[Callable[[], Iterable[Table]]],
    options: argparse.Namespace,
    after: Callable[[list[Table], Path], None] | None = None,
) -> None:
    """Print and write what each measure comes to; what is not the whole is set apart.

    Parameters
    ----------
    measures : functions that give tables.
    options : of `asked`; where they have an `only`, some of the cases alone were measured.
    after : is given all tables, and where they were written.
    """
    part = options.quick or getattr(options, "only", None)
    folder = options.out or (RESULTS / "quick" if part else RESULTS)
    began = time.perf_counter()
    tables = []
    for measure in measures:
        for table in measure():
            print("\n" + table.markdown(), flush=True)
            table.write(folder)
            tables.append(table)
    if after:
        after(tables, folder)
    print(f"\n{time.perf_counter() - began:.0f} s; the tables are in {folder}")


def surroundings() -> str:
    """The machine and its limits, in one line each, and a warning where it is not idle."""
    about = "; ".join(f"{name} {value}" for name, value in machine().items())
    lines = [f"machine: {about}", f"limits: {measured_limits()}"]
    if busy() > 0.5:
        lines.append(f"The machine is busy (load {busy():.1f}): the figures will be noise.")
    return "\n".join(lines)


def show(text: str) -> None:
    """Tell how far it is, where a person watches."""
    print(f"  … {text}", file=sys.stderr, flush=True)


def chosen(names: Iterable[str], quick: bool) -> list[Workload]:
    """Workloads by name; in a hurry with a tenth of their rows, but for the small ones."""
    workloads = [WORKLOADS[name] for name in names]
    if not quick:
        return workloads
    return [
        workload.of_size(workload.name, n_rows=max(workload.n_rows // 10, 400))
        for workload in workloads
    ]


def crew(stack: ExitStack, names: Iterable[str], workload: Workload) -> dict[str, Worker]:
    """A worker with its data for each peer, on all cores; the stack ends them."""
    workers = {name: stack.enter_context(Worker(name)) for name in names}
    for worker in workers.values():
        worker.load(workload)
    return workers
