"""Cytometry: a pass and a fit over an FCS file that memory need not hold.

    python benchmarks/cytometry.py [--rows 2000000] [--rounds 5] [--folder DIR]

Twelve channels of float32. One pass over all events beside flowio's `FlowData(path).as_array()`,
which holds the file three times: seconds of the process, the least of some rounds that take turns.
Then a fit of eight components, ten iterations: the largest resident memory of the process, less
what it has once a small file of the same kind was fitted. Each measurement has a process of its
own. The table goes to `results/cytometry.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

D, K = 12, 8
PASS_BAR, MEMORY_BAR = 1.5, 64.0  # times flowio's; MiB
_PART = 100_000
_WORDS = """\
An FCS file of {rows:,} events, {d} channels of float32. Seconds of the process, the least of
{rounds} rounds that take turns; memory in MiB beyond what a process has that fitted a small file.
Load of the machine when it began: {load:.1f}."""


def make(path: Path, n_rows: int) -> None:
    """A file of events of eight populations."""
    size = n_rows * D * 4
    words = {
        "$BEGINDATA": "4096", "$ENDDATA": str(4095 + size), "$BYTEORD": "1,2,3,4",
        "$DATATYPE": "F", "$MODE": "L", "$NEXTDATA": "0", "$PAR": str(D), "$TOT": str(n_rows),
        "$BEGINSTEXT": "0", "$ENDSTEXT": "0", "$BEGINANALYSIS": "0", "$ENDANALYSIS": "0",
    }  # fmt: skip
    for n in range(1, D + 1):
        words |= {f"$P{n}B": "32", f"$P{n}E": "0,0", f"$P{n}N": f"C{n}", f"$P{n}R": "262144"}
    text = "/" + "/".join(part for pair in words.items() for part in pair) + "/"
    places = (58, 57 + len(text), 4096, 4095 + size, 0, 0)
    if places[3] > 99_999_999:  # more digits than the header has room for
        places = (*places[:2], 0, 0, 0, 0)
    head = "FCS3.1".ljust(10) + "".join(f"{place:8d}" for place in places)
    random = np.random.default_rng(0)
    centres = random.uniform(1e3, 2e5, (K, D))
    with path.open("wb") as file:
        file.write((head + text).ljust(4096).encode())
        for at in range(0, n_rows, _PART):
            m = min(_PART, n_rows - at)
            rows = random.normal(0.0, 3e3, (m, D)) + centres[random.integers(0, K, m)]
            file.write(rows.astype("<f4").tobytes())


def resident() -> float:
    """The largest memory that this process has held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def held_by_flowio(path: Path) -> dict[str, float]:
    """Seconds that flowio takes to hold a file as an array, and memory."""
    import flowio

    before, begun = resident(), time.process_time()
    flowio.FlowData(str(path)).as_array()
    return {"seconds": time.process_time() - begun, "memory": resident() - before}


def passed_by_mixtura(path: Path) -> dict[str, float]:
    """Seconds of one pass of a scan over a file, and memory."""
    from mixtura.tables.streams import scan

    scan(path)
    before, begun = resident(), time.process_time()
    count = sum(len(chunk) for chunk in scan(path).chunks())
    seconds = time.process_time() - begun
    assert count > 0
    return {"seconds": seconds, "memory": resident() - before}


def fitted_by_mixtura(path: Path) -> dict[str, float]:
    """Seconds of a fit, and memory beyond that of a fit of few events."""
    import mixtura

    small = path.with_name("small.fcs")
    make(small, 2_000)
    mixtura.fit(small, K, max_iter=2)
    before, begun = resident(), time.process_time()
    mixtura.fit(path, K, max_iter=10)
    return {"seconds": time.process_time() - begun, "memory": resident() - before}


TASKS = {
    "flowio's as_array": held_by_flowio,
    "one pass": passed_by_mixtura,
    "fit, 10 iterations": fitted_by_mixtura,
}


def apart(name: str, path: Path) -> dict[str, float]:
    """What a task measures in a process of its own."""
    words = [sys.executable, __file__, "--task", name, "--path", str(path)]
    ended = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def measured(n_rows: int, rounds: int, folder: str | None) -> dict[str, Any]:
    """The least seconds and the largest memory of each task, and the two bars."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = Path(name) / "events.fcs"
        make(path, n_rows)
        turns = ("flowio's as_array", "one pass")
        found = {task: [apart(task, path) for _ in range(1)] for task in TASKS}
        for _ in range(rounds - 1):
            for task in turns:
                found[task].append(apart(task, path))
    least = {
        task: {
            "seconds": min(each["seconds"] for each in runs),
            "memory": max(each["memory"] for each in runs),
        }
        for task, runs in found.items()
    }
    ratio = least["one pass"]["seconds"] / least["flowio's as_array"]["seconds"]
    memory = least["fit, 10 iterations"]["memory"]
    return {
        "rows": n_rows, "rounds": rounds, "load": load, "tasks": least,
        "bars": {
            "pass_over_flowio": {"is": ratio, "at_most": PASS_BAR, "met": ratio <= PASS_BAR},
            "memory_of_fit": {"is": memory, "at_most": MEMORY_BAR, "met": memory <= MEMORY_BAR},
        },
    }  # fmt: skip


def page(found: dict[str, Any]) -> str:
    """The measurements as a page."""
    bars = found["bars"]
    one, two = bars["pass_over_flowio"], bars["memory_of_fit"]
    words = _WORDS.format(rows=found["rows"], d=D, rounds=found["rounds"], load=found["load"])
    rows = [
        f"| {name} | {task['seconds']:.3f} | {task['memory']:.0f} |"
        for name, task in found["tasks"].items()
    ]
    return "\n".join(
        [
            "## A large FCS file", "", words, "", "| task | seconds | memory |",
            "| --- | ---: | ---: |", *rows, "",
            f"A pass takes {one['is']:.2f} of flowio's time (at most {PASS_BAR}); the fit "
            f"{two['is']:.0f} MiB (at most {MEMORY_BAR:.0f}).", "",
        ]
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder")
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--path", type=Path)
    asked = parser.parse_args()
    if asked.task:
        print(json.dumps(TASKS[asked.task](asked.path)))
        return
    found = measured(asked.rows, asked.rounds, asked.folder)
    results = Path(__file__).parent / "results"
    (results / "cytometry.json").write_text(json.dumps(found, indent=1) + "\n")
    (results / "cytometry.md").write_text(page(found))
    print(page(found))


if __name__ == "__main__":
    main()
