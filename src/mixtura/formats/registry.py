"""The formats of models, known by their contents, and `load` and `read`, which take them all.

A new format is a file beside this one and its name among `_FORMATS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mixtura.errors import ModelError
from mixtura.formats import armadillo, kaldi, matlab, mclust, mlpack, opencv, plain, spark
from mixtura.formats.imported import Model
from mixtura.formats.strangers import stranger
from mixtura.formats.unpacking import unpacked
from mixtura.model import storage
from mixtura.model.mixture import Mixture
from mixtura.model.storage import StoredModel
from mixtura.textual import printable


class Format(Protocol):
    """A module that reads the models of one tool out of bytes."""

    TITLE: str

    def knows(self, data: bytes) -> bool:
        """Whether bytes are of this format, as far as their beginning says."""

    def models(self, data: bytes) -> dict[str, Model]:
        """The models in them, by name; "" is the one that has none."""


#: those that are asked first know themselves by their first bytes
_FORMATS: tuple[Format, ...] = (mclust, armadillo, kaldi, matlab, plain, opencv, mlpack)
#: what comes of bytes that are not what they promise
_WRONG = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)
#: names of models that a message lists
_LISTED = 8

#: letters of a message
_LETTERS = 480


def load(path: str | os.PathLike[str], name: str | int | None = None) -> Mixture:
    """The mixture of a model file, mixtura's own or another tool's, known by its contents.

    Parameters
    ----------
    path : of a model file: what `save` or ``mixtura fit`` wrote; R's `saveRDS` and `save` of an
        Mclust, densityMclust or MclustDA; the folder of a Spark GaussianMixtureModel, or of a
        pipeline with one; OpenCV's EM; Kaldi's DiagGmm and FullGmm, or a whole acoustic model;
        Armadillo's gmm_diag and gmm_full; mlpack's GMM; a MAT-file or Octave's text with the
        fields of a gmdistribution; plain JSON. Packed by gzip, bzip2 or xz, or not.
    name : which, where there are several: its name, or its number, from 0. Of an MclustDA the name
        of a class, whose own mixture that is; None is that of all classes.

    Raises
    ------
    ModelError : it is no model file, which it is called by its own name, is damaged, or has several
        models, or none of that name.
    OSError : it cannot be read.

    Notes
    -----
    No code in a file is run, and no other file is opened. `mixtura.formats.read` tells of the
    origin, and of what differs. Weights that single precision made sum to not quite 1 are divided
    by their sum.

    Examples
    --------
    >>> import tempfile, mixtura
    >>> path = tempfile.mkdtemp() + "/model.safetensors"
    >>> mixtura.save(mixtura.Mixture([1.0], [[0.0]], [[[1.0]]]), path)
    >>> mixtura.load(path)
    Mixture(1 component, 1 feature, full)
    """
    return read(path, name).mixture


def read(path: str | os.PathLike[str], name: str | int | None = None) -> StoredModel:
    """The mixture of a model file, and what is known of where it came from.

    Parameters and errors as for `load`. The record of a model of another tool has its ``origin``,
    and ``notes`` of what differs.
    """
    folder = Path(path)
    if folder.is_dir() and spark.knows(folder):
        with _told_of(str(path)):
            return _chosen({"": _read(spark.model, folder, spark.TITLE)}, name).stored()
    return decoded(folder.read_bytes(), str(path), name)


def decoded(data: bytes, label: str, name: str | int | None = None) -> StoredModel:
    """The model in the bytes of a file; `label` begins the messages, `name` is as for `load`."""
    if data[4:9] == b"\0\0\0\0{":  # safetensors, whose first bytes are a size and may be any
        return _own(data, label, name)
    with _told_of(label):
        inside = unpacked(data)
        found = next((each for each in _FORMATS if each.knows(inside)), None)
        if found is not None:
            return _chosen(_read(found.models, inside, found.TITLE), name).stored()
        if (said := stranger(inside)) is not None:
            raise ModelError(f"is {said}")
    return _own(data, label, name)


def _own(data: bytes, label: str, name: str | int | None) -> StoredModel:
    """The model in a file of mixtura's."""
    if name is not None:
        raise ModelError(f"{label} holds one model, which has no name: leave {name!r} out")
    return storage.decoded(data, label)


@contextmanager
def _told_of(label: str) -> Iterator[None]:
    """Begin what is said of a file with its name; what overflows is refused as a number is."""
    try:
        with np.errstate(all="ignore"):
            yield
    except ModelError as error:
        said = printable(str(error))
        if len(said) > _LETTERS:  # it has texts of the file's in it
            said = f"{said[: _LETTERS // 2]} … {said[-_LETTERS // 2 :]}"
        raise ModelError(f"{printable(label)} {said}") from None


def _read(reader: Callable[[Any], Any], source: Any, title: str) -> Any:
    """What a reader finds; whatever comes of bytes that are not what they promise is one error."""
    try:
        return reader(source)
    except ModelError:
        raise
    except RecursionError:
        raise ModelError(f"is {title}, and nested too deeply") from None
    except _WRONG as error:
        words = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        words = words or type(error).__name__
        raise ModelError(f"is {title}, and damaged: {words[:200]}") from None


def _chosen(found: Mapping[str, Model], name: str | int | None) -> Model:
    """The model that was asked for, by its name, by its number, or because there is no other."""
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    inner = {
        f"{key}${part}" if key else part: model
        for key, whole in found.items()
        for part, model in whole.parts.items()
    }
    known = {**found, **inner}
    known.pop("", None)
    if isinstance(name, str) and name in known:
        return known[name]
    place = int(name) if name is not None and str(name).isdecimal() else -1
    if 0 <= place < len(found):
        return list(found.values())[place]
    listed = ", ".join(list(known)[:_LISTED]) + (", …" if len(known) > _LISTED else "")
    if name is None:
        first = next(iter(known))
        raise ModelError(
            f"holds {len(found)} models, expected to be told which: name={first!r}, or another of "
            f"{listed}"
        )
    raise ModelError(
        f"has no model {name!r}, expected "
        + (f"one of {listed}" if known else "none: it holds one model, without a name")
    )
