"""Factor start: what EM of factor analysers begins with, and what they cannot do yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import spheres
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.estimate import Estimate, maximise
from mixtura.fitting.settings import Settings, unable
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.starts.start import Request, start
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.model.structures.loadings import Loadings
from mixtura.rows.data import Data

#: so many features at most are searched in with full covariances, of so many rows a parameter
_FEW, _ROWS = 32, 4
#: rows whose scatter is looked at, a feature, and of many features
_LOOKED, _MOST = 20, 4000
#: the share of a variance that a factor begins with at least: at 0 it would stay
_LEAST = 1e-3


def check_able(settings: Settings, data: Data) -> None:
    """Refuse rows that factor analysers cannot be fitted to.

    Raises
    ------
    ParameterError : rows that lack features, that have errors or labels.
    """
    if settings.structure.n_factors:
        unable(settings.structure, "labels", asked=isinstance(settings.start, Labelled))
        measured = bool({"errors", "projections"} & data.sample.fields.keys())
        unable(settings.structure, "errors of the rows", asked=measured)
        unable(settings.structure, "rows that lack features", asked=data.source.holes)


def factor_start(em: EM, request: Request) -> Estimate:
    """The parameters that EM of factor analysers begins with.

    Groups of rows are those that the start finds for full covariances, where there are few features
    and many rows, else for diagonal ones. The loadings are principal factors of the components'
    own covariances, or of the scatter within all of them: then components differ in their means
    only, and part at the first M-step. A mixture of the same structure is gone on from.

    Parameters
    ----------
    em : the loop, whose settings say what to begin with.
    request : what a start is asked for.
    """
    structure, wish = em.settings.structure, em.settings.start
    if isinstance(wish, Mixture) and wish.structure == structure:
        return em.m_step(em.statistics(wish), near=wish.covariances)
    d, rows = request.source.n_features, em.data.source.n_rows
    whole = d <= _FEW and rows >= _ROWS * request.n_components * (d + 1)
    plain = structure_called("full" if whole else "diag")
    grouped = maximise(start(wish)(replace(request, structure=plain)), plain)
    if whole:
        return _own_factors(grouped, em)
    source = request.source
    looked = looked_at(source.n_rows, d)
    part, scale = np.asarray(source.rows[looked], dtype=np.float64), _scale(grouped, em)
    nearest = kernel.labels(part / scale, spheres(grouped.means / scale))
    counts = None if source.weights is None else source.weights[looked]
    return common_factors(part - grouped.means[nearest], counts, grouped, em)


def _own_factors(grouped: Estimate, em: EM) -> Estimate:
    """Principal factors of the covariances W_k / n_k, with D + 1 rows' worth of what all have."""
    structure, weight = em.settings.structure, grouped.weight
    few, floor = grouped.means.shape[1] + 1.0, em.health.floor(structure)
    within = np.einsum("k,kij->ij", weight / weight.sum(), grouped.covariances)
    scatter = weight[:, None, None] * grouped.covariances + few * within
    matrices = scatter / (weight + few)[:, None, None] + np.diag(floor)
    covariances = structure.form.gathered(matrices)
    return Estimate(weight, grouped.means, covariances, structure)


def looked_at(n_rows: int, n_features: int) -> Integers:
    """Which rows, spread over all, principal axes are found from."""
    most = max(_MOST, _LOOKED * n_features) if n_features <= _MOST else _MOST
    return np.linspace(0, n_rows - 1, min(n_rows, most)).astype(np.intp)


def common_factors(apart: Floats, counts: Floats | None, grouped: Estimate, em: EM) -> Estimate:
    """Components of diagonal covariances, with the same factors for all.

    Parameters
    ----------
    apart : (m, D), deviations of some rows from their components' means.
    counts : (m,), how much each row counts, or None for 1 each.
    grouped : the components, whose mean variances are parted.
    em : the loop, whose structure is that of factor analysers.
    """
    structure, d = em.settings.structure, apart.shape[1]
    form, scale = structure.form, _scale(grouped, em)
    assert isinstance(form, Loadings)
    weights = np.ones(len(apart)) if counts is None else counts
    apart = apart / scale * np.sqrt(weights / weights.sum())[:, None]
    lengths, axes = _principal(apart, form.n_factors)
    # What is left for each direction more, were it the same in all.
    rest = max(float((apart * apart).sum()) - float(lengths.sum()), 0.0) / (d - len(lengths))
    loadings = np.zeros((d, form.n_factors))
    loadings[:, : len(lengths)] = axes * np.sqrt(np.maximum(lengths - rest, _LEAST))
    own = np.maximum(1.0 - (loadings * loadings).sum(axis=1), _LEAST) * scale**2
    packed = form.packed((loadings * scale[:, None])[None], own[None])
    covariances = np.repeat(packed, len(grouped.means), axis=0)
    return Estimate(grouped.weight, grouped.means, covariances, structure, equal=grouped.equal)


def _scale(grouped: Estimate, em: EM) -> Floats:
    """The deviations within components, (D,), feature units."""
    variances = grouped.weight @ grouped.covariances / grouped.weight.sum()
    return np.asarray(np.sqrt(variances + em.health.floor(em.settings.structure)))


def _principal(apart: Floats, most: int) -> tuple[Floats, Floats]:
    """The largest eigenvalues (H,) of RᵀR and their axes (D, H), for deviations R (m, D)."""
    m, d = apart.shape
    wide = d > m
    values, axes = np.linalg.eigh(apart @ apart.T if wide else apart.T @ apart)
    n = min(most, m if wide else d)
    values, axes = values[::-1][:n], axes[:, ::-1][:, :n]
    if wide:
        axes = apart.T @ axes / np.sqrt(np.maximum(values, np.finfo(np.float64).tiny))
    return np.maximum(values, 0.0), axes


def with_more_factors(mixture: Mixture, structure: Structure) -> Mixture:
    """A mixture of fewer factors, or of none, as one of `structure`; nearly the same density.

    The loadings more are small, and of alternating signs: at 0 EM would leave them there.
    """
    form, variances = structure.form, mixture.variances()
    assert isinstance(form, Loadings)
    plain = form.of_variances(variances)
    if mixture.structure.n_factors:
        plain[:, :, : mixture.structure.n_factors] = mixture.covariances[:, :, :-1]
        plain[:, :, -1] = mixture.covariances[:, :, -1]
    _, d, width = plain.shape
    signs = np.cos(np.outer(np.arange(d) + 0.5, np.arange(1, width)) * (np.pi / d))  # no two alike
    new = slice(mixture.structure.n_factors, width - 1)
    plain[:, :, new] = _LEAST * np.sqrt(plain[:, :, -1:]) * signs[:, new]
    covariances = form.levelled(mixture.weights, plain)
    weights, means, names = mixture.weights, mixture.means, mixture.feature_names
    equal = mixture.equal_weights
    return Mixture(weights, means, covariances, structure, names, equal_weights=equal)
