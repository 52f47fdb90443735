"""Spark ML: the folders of a GaussianMixtureModel, or of a pipeline that ends in one."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import MissingExtraError, ModelError
from mixtura.formats.imported import Imported, numbers_of

TITLE = "a Spark model"
_MODEL, _PIPELINE = "GaussianMixtureModel", "PipelineModel"
_ASSEMBLER = "VectorAssembler"
_FAR = (
    "Spark adds 2^-52 to the density of each component before it divides: far from all of them it "
    "says 1/K, where the nearest component has all here"
)
#: bytes of a file of metadata that are looked at
_MOST = 2**24


def knows(folder: Path) -> bool:
    """Whether a folder is laid out as Spark lays out what it saves."""
    return (folder / "metadata").is_dir()


def model(folder: Path) -> Imported:
    """The mixture in a folder.

    Raises
    ------
    ModelError : it is damaged, or of another class, which is named.
    MissingExtraError : pyarrow, which reads what is inside, is not installed.
    OSError : a file cannot be read.
    """
    about = _metadata(folder, folder)
    if _class(about) != _PIPELINE:
        return _mixture(folder, folder, about, None)
    stages = folder / "stages"
    found = sorted(stages.iterdir(), key=_place) if stages.is_dir() else []
    told = [(stage, _metadata(folder, stage)) for stage in found if not _is_hidden(stage)]
    kinds = [_class(each) for _, each in told]
    if _MODEL not in kinds:
        raise ModelError(
            f"is a Spark pipeline of {', '.join(kinds) or 'no stage'}, expected a {_MODEL} in it"
        )
    last = kinds.index(_MODEL)
    before = [kind for kind in kinds[:last] if kind != _ASSEMBLER]
    if before or kinds[:last].count(_ASSEMBLER) > 1:
        raise ModelError(
            f"is a Spark pipeline with a {(before or [_ASSEMBLER])[0]} before its {_MODEL}: its "
            f"mixture is of what that gives; load the folder {told[last][0].name} in stages, and "
            "give it such rows"
        )
    columns = told[0][1].get("paramMap", {}).get("inputCols") if last else None
    return _mixture(folder, *told[last], columns)


def _mixture(
    root: Path, folder: Path, about: Mapping[str, Any], names: list[str] | None
) -> Imported:
    kind = _class(about)
    if kind != _MODEL:
        raise ModelError(f"is a Spark {kind}, expected a {_MODEL} or a pipeline with one")
    rows = [row for path in _parts(root, folder / "data") for row in _rows(path)]
    if len(rows) != 1:
        raise ModelError(f"is damaged: its data has {len(rows)} rows, expected 1")
    (row,) = rows
    means = np.stack([_vector(each) for each in row["mus"]])
    named = names is not None and len(names) == means.shape[1]
    return Imported(
        f"Spark {about.get('sparkVersion', '')}".strip(),
        kind,
        numbers_of(row["weights"]),
        means,
        np.stack([_matrix(each) for each in row["sigmas"]]),
        feature_names=names if named else None,
        notes=(_FAR,),
    )


def _vector(struct: Mapping[str, Any]) -> Floats:
    """A vector of Spark's, dense or sparse."""
    values = numbers_of(struct["values"])
    if struct["type"] == 1:
        return values
    size = int(struct["size"])
    if not 0 < size <= 2**16:
        raise ModelError(f"is damaged: a vector of {size} entries")
    dense = np.zeros(size)
    dense[np.array(struct["indices"], dtype=np.int64)] = values
    return dense


def _matrix(struct: Mapping[str, Any]) -> Floats:
    """A matrix of Spark's, dense or sparse, stored by columns unless it says otherwise."""
    n_rows, n_columns = int(struct["numRows"]), int(struct["numCols"])
    values = numbers_of(struct["values"])
    turned = bool(struct["isTransposed"])
    long, short = (n_rows, n_columns) if turned else (n_columns, n_rows)
    if struct["type"] == 1:
        dense = values.reshape(long, short)
    else:
        if not 0 < n_rows * n_columns <= 2**24:
            raise ModelError(f"is damaged: a matrix of {n_rows} × {n_columns}")
        dense = np.zeros((long, short))
        ends = np.array(struct["colPtrs"], dtype=np.int64)
        if len(ends) != long + 1 or (np.diff(ends) < 0).any() or ends[-1] != len(values):
            raise ModelError("is damaged: a sparse matrix of its has no sound columns")
        places = np.repeat(np.arange(long), np.diff(ends))
        dense[places, np.array(struct["rowIndices"], dtype=np.int64)] = values
    return dense if turned else dense.T


# -- files -----------------------------------------------------------------------------------------


def _parts(root: Path, folder: Path) -> list[Path]:
    """The parts of what Spark saved in a folder, none of which leads out of the model's."""
    found = sorted(folder.glob("part-*")) if folder.is_dir() else []
    kept = [path for path in found if path.suffix != ".crc"]
    for path in kept:
        if not path.resolve().is_relative_to(root.resolve()):
            raise ModelError(f"has a link that leads out of it, which is not followed: {path.name}")
    return kept


def _metadata(root: Path, folder: Path) -> dict[str, Any]:
    """The first line of a folder's metadata, a record in JSON."""
    for path in _parts(root, folder / "metadata"):
        with path.open("rb") as file:
            line = file.read(_MOST).split(b"\n")[0]
        if not line.strip():
            continue
        try:
            about = json.loads(line)
        except (ValueError, RecursionError):
            about = None
        if isinstance(about, dict) and isinstance(about.get("class"), str):
            return about
        raise ModelError(f"is damaged: the metadata in {folder.name} is no record of Spark's")
    raise ModelError(f"is no Spark model, or damaged: {folder.name} has no metadata")


def _class(about: Mapping[str, Any]) -> str:
    return str(about["class"]).rpartition(".")[2][:60]


def _place(stage: Path) -> tuple[int, str]:
    number = stage.name.partition("_")[0]
    return (int(number[:9]) if number.isdecimal() else 2**30, stage.name)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file, as dictionaries."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", "a Spark model") from None
    data = path.read_bytes()
    try:
        with parquet.ParquetFile(io.BytesIO(data)) as file:
            if file.metadata.num_rows != 1:
                raise ModelError(f"is damaged: its data has {file.metadata.num_rows} rows")
            rows: list[dict[str, Any]] = file.read(["weights", "mus", "sigmas"]).to_pylist()
    except ModelError:
        raise
    except Exception as error:  # whatever Arrow says of bytes that are not sound
        raise ModelError(f"is damaged: {str(error)[:200]}") from None
    return rows
