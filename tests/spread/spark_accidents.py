"""EM in Spark on a local cluster whose executors are killed: run by `test_engines.py`.

    python spark_accidents.py ACCIDENTS

Prints a line of JSON: the fingerprint of a run that nobody disturbed, and of each accident how many
executors died and what it ended with.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import mixtura
from mixtura import Mixture, Statistics

SCHEMA = (
    "n_components bigint, n_features bigint, diagonal boolean, reference array<double>, "
    "weight array<double>, first array<double>, second array<double>, log_likelihood double, "
    "n_rows bigint, total_weight double"
)
NAMES = ["a", "b"]
START = Mixture([0.5, 0.5], [[0.5] * 2, [2.0] * 2], [np.eye(2)] * 2, "full", NAMES)
STEPS = 3


def executors() -> list[int]:
    """The processes that Spark started for this driver."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            grand = int(Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if b"CoarseGrainedExecutorBackend" in words and os.getpid() in (parent, grand):
            found.append(int(entry.name))
    return found


def expectation(mixture: Mixture) -> Any:
    def of_partition(batches: Any) -> Any:
        zero = Statistics.zero(mixture.means, diagonal=False)
        parts = [mixtura.statistics(batch, mixture) for batch in batches]
        yield Statistics.merge([zero, *parts]).to_arrow()

    return of_partition


def run(rows: Any, at: int | None) -> tuple[str, int]:
    """EM's steps, before one of which an executor is killed; the bits of its end."""
    mixture, killed = START, 0
    for step in range(STEPS):
        if step == at:
            for victim in executors()[:1]:
                os.kill(victim, signal.SIGKILL)
                killed += 1
        answers = rows.mapInArrow(expectation(mixture), SCHEMA).collect()
        parts = [pa.Table.from_pylist([answer.asDict()]) for answer in answers]
        mixture = mixtura.maximise(Statistics.merge(map(Statistics.from_arrow, parts)), mixture)
    arrays = (mixture.weights, mixture.means, mixture.covariances)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest(), killed


def main(accidents: int) -> None:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.MIXTURA_NUM_THREADS", "1")
        .config("spark.deploy.maxExecutorRetries", "-1")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    random = np.random.default_rng(0)
    X = np.concatenate([random.normal(0.0, 1.0, (3_000, 2)), random.normal(3.0, 0.5, (2_000, 2))])
    parts = spark.sparkContext.parallelize(X.tolist(), 4)
    rows = spark.createDataFrame(parts, ", ".join(f"{name} double" for name in NAMES)).cache()
    calm, _ = run(rows, None)
    ended = [run(rows, number % STEPS) for number in range(accidents)]
    print(json.dumps({"calm": calm, "ended": ended}))
    spark.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
