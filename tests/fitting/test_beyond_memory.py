"""A file that the process may not hold is fitted all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

N, D = 16_000_000, 8  # 488 MiB of float32
#: bytes of memory that the process may write to, the system's own libraries included
LIMIT = 400 * 2**20

PROGRAM = """
import json, resource, sys
import numpy as np, pyarrow, pyarrow.parquet
import mixtura

resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[3]),) * 2)
data = sys.argv[1] if sys.argv[2] == "streamed" else pyarrow.parquet.read_table(sys.argv[1])
fit = mixtura.fit(data, 4, start="kmeans", max_iter=2, tol=0.0)
# Not `ru_maxrss`, which begins with what the parent holds.
with open("/proc/self/status") as lines:
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
print(json.dumps({"n_rows": fit.n_rows, "trace": fit.trace.tolist(), "peak": peak}))
"""


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """One kernel is enough."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clusters, in a file that is larger than the limit."""
    path = tmp_path_factory.mktemp("large") / "rows.parquet"
    random = np.random.default_rng(0)
    schema = pa.schema([(f"x{j}", pa.float32()) for j in range(D)])
    with pa.parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as file:
        for _ in range(16):
            shift = random.integers(0, 2, (N // 16, 1), dtype=np.int8).astype(np.float32)
            rows = random.standard_normal((N // 16, D), np.float32) + 4 * shift
            file.write_table(pa.table([rows[:, j] for j in range(D)], schema=schema))
    assert path.stat().st_size > LIMIT
    return path


def fitted(path: Path, how: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(path), how, str(LIMIT)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="where such a limit holds")
def test_a_file_larger_than_the_memory_that_there_is_is_fitted(path: Path) -> None:
    assert fitted(path, "in memory").returncode != 0  # the limit is one
    ended = fitted(path, "streamed")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["n_rows"] == N
    assert np.isfinite(found["trace"]).all()
    assert found["peak"] < path.stat().st_size
