"""EM in Ray whose workers are killed: run by `test_engines.py`.

    python ray_accidents.py ACCIDENTS

Prints a line of JSON, as `spark_accidents.py` does.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import mixtura
from mixtura import Mixture, Statistics

NAMES = ["a", "b"]
START = Mixture([0.5, 0.5], [[0.5] * 2, [2.0] * 2], [np.eye(2)] * 2, "full", NAMES)
STEPS = 3


def expectation(batch: Any, mixture: Mixture, deadly: str | None) -> Any:
    """The E-step of a batch; the first worker that sees the file dies, and takes it along."""
    if deadly is not None:
        try:
            Path(deadly).unlink()
        except FileNotFoundError:
            pass
        else:
            os._exit(1)
    return pa.Table.from_batches([mixtura.statistics(batch, mixture).to_arrow()])


def run(rows: Any, at: int | None, folder: str) -> tuple[str, int]:
    """EM's steps, in one of which a worker dies; the bits of its end."""
    import ray

    mixture, killed = START, 0
    for step in range(STEPS):
        deadly = None
        if step == at:
            deadly = str(Path(folder) / "deadly")
            Path(deadly).touch()
        answers = rows.map_batches(
            expectation,
            batch_format="pyarrow",
            batch_size=None,
            fn_kwargs={"mixture": mixture, "deadly": deadly},
        )
        tables = ray.get(answers.to_arrow_refs())
        killed += deadly is not None and not Path(deadly).exists()
        parts = [batch for table in tables for batch in table.to_batches(max_chunksize=1)]
        mixture = mixtura.maximise(Statistics.merge(map(Statistics.from_arrow, parts)), mixture)
    arrays = (mixture.weights, mixture.means, mixture.covariances)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest(), killed


def main(accidents: int) -> None:
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.FATAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True  # the sums are merged in the rows' order
    random = np.random.default_rng(0)
    X = np.concatenate([random.normal(0.0, 1.0, (3_000, 2)), random.normal(3.0, 0.5, (2_000, 2))])
    table = pa.table({name: X[:, j] for j, name in enumerate(NAMES)})
    rows = ray.data.from_arrow([table.slice(at, 1_000) for at in range(0, len(X), 1_000)])
    with tempfile.TemporaryDirectory() as folder:
        calm, _ = run(rows, None, folder)
        ended = [run(rows, number % STEPS, folder) for number in range(accidents)]
    print(json.dumps({"calm": calm, "ended": ended}))
    ray.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
