"""A desk to work at: the files that pages and commands speak of."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mixtura.datasets import faithful


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages call yours: data.csv, Parquet in data/, and models."""
    models = Path(__file__).parents[1] / "data/models"
    for theirs, name in (
        ("mclust_2d_EEE.rda", "fits.rda"),
        ("mclust_da.rds", "species.rds"),
        ("opencv_generic_2d_3.yml", "em.yml"),
        ("kaldi_am_pdfs_binary.mdl", "final.mdl"),
        ("octave_full_v7.mat", "gm.mat"),
    ):
        shutil.copyfile(models / theirs, tmp_path / name)
    shutil.copytree(models / "spark_pipeline", tmp_path / "spark", copy_function=shutil.copyfile)
    random = np.random.default_rng(0)
    rows = enumerate(faithful().rows.tolist())
    lines = [f"row-{number},{x!r},{y!r}\n" for number, (x, y) in rows]
    (tmp_path / "data.csv").write_text("name,height,weight\n" + "".join(lines))
    (tmp_path / "data").mkdir()
    for part in range(2):
        tall = np.vstack([random.normal(centre, 1.0, (40, 2)) for centre in range(0, 64, 8)])
        count = random.integers(1, 4, len(tall)).astype(float)
        table = pa.table({"height": tall[:, 0], "mass": tall[:, 1], "count": count})
        pq.write_table(table, tmp_path / f"data/part-{part}.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.defpath]))
    return tmp_path
