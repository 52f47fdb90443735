"""Units: rows as multiples of their own spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Rows, frozen
from mixtura.engine.components import Components
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.model.box import Box
from mixtura.model.structures import Structure

#: the share of the largest eigenvalue of a correlation matrix below which it is rounding
_ROUNDING = 1e-12

#: the condition of the axes up to which a covariance may be taken back to feature units
_WELL = 1e4
#: gaps below this share of a column's range are the rounding of a double
_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Units:
    """z = ((x − c) / s) A, with as many columns as there are directions in which rows differ.

    Parameters
    ----------
    centre : (D,), c, feature units.
    scale : (D,), s, feature units.
    axes : (D, d), A.
    """

    centre: Floats
    scale: Floats
    axes: Floats

    def of(self, rows: Rows) -> Floats:
        """The rows (m, D) in these units, (m, d)."""
        return self.scaled(rows) @ self.axes

    def scaled(self, rows: Rows) -> Floats:
        """The rows (m, D), every column divided by its scale, and none turned, (m, D)."""
        return (rows - self.centre) / self.scale

    def covariance(self, matrix: Floats) -> Floats:
        """A covariance of rows (D, D), squared feature units, as one of points, (d, d)."""
        turning = self.axes / self.scale[:, None]
        return turning.T @ matrix @ turning

    def log_volume(self, box: Box) -> float:
        """Log V of a box, in these units; a direction that was left out has no length."""
        stretched = float(np.log(self._stretches).sum())
        return box.log_volume - float(np.log(self.scale).sum()) + stretched

    def rows(self, points: Floats) -> Floats:
        """Rows (m, D) of coordinates (m, d); where directions were left out, at the centre."""
        # A column that no axis has a part in stays where it is, to the last digit.
        back = self._inverse * self.axes.any(axis=1)
        return self.centre + (points @ back) * self.scale

    def components(self, estimate: Estimate) -> Components | None:
        """The components, in feature units, of parameters in these; None where digits are short.

        With B = Aᵀ⁻¹ diag(s) the covariances are Bᵀ Σ B. They have no inverse where directions
        were left out, and a poor one where the columns are nearly dependent.
        """
        d, d_kept = self.axes.shape
        if d_kept < d or not self._stretches[0] <= _WELL * self._stretches[-1]:
            return None
        back = self._inverse * self.scale  # (d, D)
        form = estimate.structure.form
        matrices = form.matrices(estimate.covariances, *estimate.means.shape)
        turned = back.T @ matrices @ back
        if form.shared:
            turned = turned[:1]
        covariances = form.gathered(0.5 * (turned + turned.swapaxes(1, 2)))
        if not np.isfinite(covariances).all() or form.unsound(covariances):
            return None
        weights = estimate.weight / estimate.weight.sum()
        means = self.rows(estimate.means)
        return Components(frozen(np.log(weights)), frozen(means), form.factor(covariances))

    @cached_property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        """U (D, d), s and Vᵀ (d, d) with A = U diag(s) Vᵀ."""
        return np.linalg.svd(self.axes, full_matrices=False)

    @property
    def _stretches(self) -> Floats:
        """By how much the axes stretch, at most and at least, (d,), from the most on."""
        return self._parts[1]

    @property
    def _inverse(self) -> Floats:
        """A⁻¹ (d, D), that of the directions that were kept where some were not."""
        left, stretches, right = self._parts
        return right.T @ (left / stretches).T


def units_of(rows: Floats, weights: Floats | None, structure: Structure) -> Units:
    """The units in which EM for `structure` has no units.

    Each column is divided by its standard deviation, and where the structure survives every linear
    map, the result is turned and stretched until its correlation is the identity. A structure that
    knows no shapes (``spherical``) takes one unit for all columns, since it changes under any other
    map; one that knows no orientation (``diag``) takes a unit a column.

    Parameters
    ----------
    rows : (m, D).
    weights : (m,), or None where every row counts once.
    structure : of the covariances to be fitted.
    """
    weights = np.ones(len(rows)) if weights is None else weights
    total = weights.sum()
    first = rows[0]
    centre = first + weights @ (rows - first) / total  # about a row: an offset costs no digit
    apart = rows - centre
    spread = np.abs(apart).max(axis=0)
    # A column whose values are one number up to rounding has no scale.
    varies = spread > 1e-14 * np.maximum(np.abs(centre), np.abs(first))
    unit = np.where(varies, spread, 1.0)  # squares neither overflow nor vanish
    scale = np.where(varies, unit * np.sqrt(weights @ (apart / unit) ** 2 / total), 1.0)
    columns = np.eye(len(centre))[:, varies]
    if not structure.rescales:
        largest = scale[varies].max(initial=0.0) or 1.0
        return Units(centre, np.full_like(scale, largest), columns)
    if not structure.affine:
        return Units(centre, scale, columns)
    unitless = (apart / scale)[:, varies]
    values, vectors = np.linalg.eigh((weights[:, None] * unitless).T @ unitless / total)
    kept = values > _ROUNDING * values.max(initial=0.0)
    return Units(centre, scale, columns @ (vectors[:, kept] / np.sqrt(values[kept])))


def rounding(rows: Floats) -> Floats:
    """The variance that rounding leaves unknown in each column, (D,), squared feature units.

    With h the least gap between two values of a column, h² / 12: what a number written in steps of
    h may be off (Sheppard). Nothing that is told by the rows is finer. A continuous column has
    gaps so small that this is nothing, also where one value of it is repeated; so the likelihood of
    a component on repeated values is that of a spike there, and only that of a step of the scale
    where every value is repeated because all were rounded.

    Parameters
    ----------
    rows : (m, D).

    Notes
    -----
    Sorting, m log m for each column.

    References
    ----------
    Sheppard 1898, "On the calculation of the most probable values of frequency-constants".
    """
    ordered = np.sort(rows, axis=0)
    gaps = ordered[1:] - ordered[:-1]
    spans = ordered[-1] - ordered[0]
    real = gaps > _SAME * spans
    least = np.where(real, gaps, np.inf).min(axis=0, initial=np.inf)
    steps: Floats = np.where(np.isfinite(least), least, 0.0)
    return steps * steps / 12.0
