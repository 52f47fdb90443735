"""R scripts: lines that rebuild a mixture in R, as mclust holds its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.formats.imported import background
from mixtura.model.storage import StoredModel
from mixtura.version import __version__

#: numbers on a line
_ON_A_LINE = 4


def written(stored: StoredModel, _: str) -> bytes:
    """A mixture as an R script that ends in `fit`, which mclust's functions take.

    The numbers are hexadecimal, so that R has their bits. mclust derives more of a covariance from
    its structure than its matrix; so whatever the structure is, `fit` is of model VVV (V of one
    feature), of the same density, and the structure is said beside it. Its data are none, but with
    noise the corners of the box, which mclust has no other place for.
    """
    m = stored.mixture
    k, d = m.means.shape
    names = "NULL" if m.feature_names is None else _texts(m.feature_names)
    uniform = background(m)
    pro = np.append(m.weights, uniform.weight) if uniform else m.weights
    matrices = m.covariance_matrices()
    # mclust keeps upper Cholesky factors beside the matrices, and computes with those.
    factors = np.swapaxes(np.linalg.cholesky(matrices), 1, 2)
    n = stored.fitted_to
    count = "NA_integer_" if n is None else f"{n:.0f}"
    corners = [uniform.box.low, uniform.box.high] if uniform else []
    model = "V" if d == 1 else "VVV"
    variance = [f'modelName = "{model}"', f"d = {d}L", f"G = {k}L"]
    if d == 1:
        mean = _numbers(m.means[:, 0])
        squares = _numbers(matrices[:, 0, 0])
        variance += [f"sigmasq = {squares}", f"scale = {squares}"]
    else:
        mean = f"matrix({_numbers(m.means.ravel())}, {d}, {k}, dimnames = list(features, NULL))"
        variance += [f"sigma = {_stack(matrices)}", f"cholsigma = {_stack(factors)}"]
    beside = [f"Vinv = {_numbers(np.exp([-uniform.box.log_volume]))}"] if uniform else []
    parameters = [
        f"pro = {_numbers(pro)}",
        f"mean = {mean}",
        f"variance = list(\n{_lines(variance, 6)}\n    )",
        *beside,
    ]
    rows = f"matrix({_numbers(np.ravel(corners))}, {len(corners)}, {d}, TRUE"
    fields = [
        f"data = {rows}, list(NULL, features))",
        f'modelName = "{model}"',
        f"n = {count}",
        f"d = {d}L",
        f"G = {k}L",
        f"loglik = {_figure(stored.training.get('log_likelihood'))}",
        f"df = {m.n_parameters}",
        f"hypvol = {_figure(uniform.box.volume if uniform else None)}",
        f"parameters = list(\n{_lines(parameters, 4)}\n  )",
    ]
    return (
        f"# A Gaussian mixture of {k} components, written by mixtura {__version__}.\n"
        f"# Its covariances are {m.structure.name} ({m.structure.letters}); {m.n_parameters} "
        "parameters are free.\n"
        "# source() this file, then: library(mclust); predict(fit, rows); "
        "dens(rows, fit$modelName, fit$parameters)\n"
        f"features <- {names}\n"
        f'fit <- structure(list(\n{_lines(fields, 2)}\n), class = "Mclust")\n'
    ).encode()


def _lines(fields: Sequence[str], indent: int) -> str:
    return ",\n".join(" " * indent + field for field in fields)


def _stack(matrices: Floats) -> str:
    """Matrices (K, D, D) as an array of R, which counts the first index fastest."""
    k, d = matrices.shape[:2]
    numbers = np.moveaxis(matrices, 0, 2).ravel(order="F")
    return f"array({_numbers(numbers)}, c({d}, {d}, {k}), list(features, features, NULL))"


def _numbers(values: Any) -> str:
    words = [float(x).hex() for x in values]
    rows = [", ".join(words[i : i + _ON_A_LINE]) for i in range(0, len(words), _ON_A_LINE)]
    return f"c({(',' + chr(10) + '        ').join(rows)})" if rows else "numeric(0)"


def _figure(value: Any) -> str:
    return repr(value) if isinstance(value, float) and np.isfinite(value) else "NA_real_"


def _texts(names: Sequence[str]) -> str:
    """Texts as R spells them, which writes all letters beyond ASCII by their numbers."""
    return f"c({', '.join(json.dumps(name) for name in names)})"
