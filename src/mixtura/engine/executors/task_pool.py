"""Task pool: tasks that wait for each other, done side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from mixtura.engine.executors.helpers import Helpers, Promise

T = TypeVar("T")


@dataclass(frozen=True)
class Task:
    """Something to do once other things are done.

    Parameters
    ----------
    after : the names of the tasks whose results it needs.
    do : called with those results, by name.
    """

    after: Sequence[Hashable]
    do: Callable[[Mapping[Any, Any]], Any]


def run_tasks(
    tasks: Mapping[Hashable, Task],
    n_threads: int,
    done: Callable[[Any, Any], None] | None = None,
) -> dict[Any, Any]:
    """The result of every task, by name.

    A task sees the results that it names and nothing else, so the answers do not depend on the
    number of threads, nor on which is first.

    Parameters
    ----------
    tasks : by name; each comes after those that it needs.
    n_threads : how many are done at once.
    done : told of each name and result, on the calling thread, in the order they are done.

    Raises
    ------
    Whatever a task raises, once those under way have ended.
    """
    results: dict[Any, Any] = {}

    def called(name: Hashable) -> Any:
        task = tasks[name]
        return task.do({need: results[need] for need in task.after})

    def finished(name: Hashable, result: Any) -> None:
        results[name] = result
        if done:
            done(name, result)

    crew = Helpers(n_threads, "mixtura-task")
    if n_threads == 1 or not crew.started():
        for name in tasks:
            finished(name, called(name))
        return results
    ended: SimpleQueue[Hashable] = SimpleQueue()

    def ending(name: Hashable) -> Any:
        try:
            return called(name)
        finally:
            ended.put(name)

    lacking = {name: len({*task.after}) for name, task in tasks.items()}
    before: dict[Hashable, list[Hashable]] = {name: [] for name in tasks}
    for name, task in tasks.items():
        for need in {*task.after}:
            before[need].append(name)
    ready = [name for name, count in lacking.items() if not count]
    under_way: dict[Hashable, Promise[Any]] = {}
    try:
        while ready or under_way:
            for name in ready:
                under_way[name] = crew.call(partial(ending, name))
            name = ended.get()
            finished(name, under_way.pop(name).result())
            for after in before[name]:
                lacking[after] -= 1
            ready = [after for after in before[name] if not lacking[after]]
    finally:
        crew.dismiss(under_way.values())
        crew.end()
    return results
