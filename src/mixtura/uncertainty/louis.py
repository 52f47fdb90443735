"""Louis's identity: the information in rows, from one pass over the scores of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.engine.statistics import Statistics
from mixtura.uncertainty.chart import Chart

#: numbers that are held at a time
_CELLS = 2**20
#: a share of a row that adds no digit to any sum of scores
_LEAST_SHARE = 1e-60


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The coordinates of a `Chart` as each component has them, m = 1 + D + D(D + 1)/2.

    In the order: the weight's; the mean's; the volume's; the shape's; the orientation's. In
    deviations y = a_k^-½ Q_kᵀ (x − μ_k) the derivatives of a covariance are the symmetric matrices
    W: the unit matrix for the volume, e_j e_jᵀ − e_D e_Dᵀ for the shape, and
    (a_j − a_i) / √(a_i a_j) at (i, j) and (j, i) for the orientation.

    Parameters
    ----------
    chart : whose coordinates they are.
    """

    chart: Chart

    @cached_property
    def pairs(self) -> tuple[Integers, Integers]:
        """The features i and j that each coordinate of an orientation turns."""
        first, second = np.triu_indices(self.chart.mixture.n_features, 1)
        return first, second

    @cached_property
    def turns(self) -> Floats:
        """(a_j − a_i) / √(a_i a_j), (K, D(D − 1)/2)."""
        first, second = (self.chart.lengths[:, place] for place in self.pairs)
        return (second - first) / np.sqrt(first * second)

    @cached_property
    def steps(self) -> Floats:
        """What a unit of each mean's coordinate is in deviations, (K, D, D)."""
        chart = self.chart
        along = chart.axes * chart.units.means[:, :, None]
        return (along / np.sqrt(chart.lengths)[:, None, :]).swapaxes(-1, -2)

    @cached_property
    def stretches(self) -> Floats:
        """What each coordinate of a shape adds to the logarithm of each length, (D, D − 1)."""
        d = self.chart.mixture.n_features
        return np.concatenate([np.eye(d - 1), -np.ones((1, d - 1))])

    @cached_property
    def matrices(self) -> Floats:
        """W of each coordinate of a covariance, (K, D(D + 1)/2, D, D)."""
        k, d = self.chart.mixture.means.shape
        first, second = self.pairs
        found: Floats = np.zeros((k, d * (d + 1) // 2, d, d))
        found[:, 0] = np.eye(d)
        diagonal = np.arange(d)
        found[:, 1:d, diagonal, diagonal] = self.stretches.T
        turned = found[:, d:]
        places = np.arange(len(first))
        turned[:, places, first, second] = turned[:, places, second, first] = self.turns
        return found

    def scores(self, rows: Floats) -> Floats:
        """The derivatives of log w_k φ_k(x) for rows (n, D), (n, K, m), by log w_k not scaled."""
        chart = self.chart
        apart = rows[:, None, :] - chart.mixture.means
        y = np.einsum("nkd,kde->nke", apart, chart.axes) / np.sqrt(chart.lengths)
        squares = y**2
        first, second = self.pairs
        parts = [
            np.ones((*y.shape[:2], 1)),
            np.einsum("nke,ked->nkd", y, self.steps),
            0.5 * (squares - 1.0).sum(axis=-1, keepdims=True),
            0.5 * (squares[..., :-1] - squares[..., -1:]),
            self.turns * y[..., first] * y[..., second],
        ]
        return np.concatenate(parts, axis=-1)

    def gathered(self, local: Floats) -> Floats:
        """Sums (..., p) for the chart's coordinates of values (..., K, m) for the components'."""
        d = self.chart.mixture.n_features
        lead = local.shape[:-2]
        parts = [local[..., :-1, 0], local[..., 1 : d + 1].reshape(*lead, -1)]
        ends = [d + 1, d + 2, 2 * d + 1, local.shape[-1]]
        for letter, start, stop in zip(
            self.chart.mixture.structure.letters, ends[:-1], ends[1:], strict=True
        ):
            part = local[..., start:stop]
            if letter != "I":
                parts.append(part.sum(axis=-2) if letter == "E" else part.reshape(*lead, -1))
        return np.concatenate(parts, axis=-1)

    def gathered_twice(self, blocks: Floats) -> Floats:
        """The matrix (p, p) of one (m, m) for each component, (K, m, m)."""
        k, m = blocks.shape[:2]
        whole: Floats = np.zeros((k, m, k, m))
        whole[np.arange(k), :, np.arange(k), :] = blocks
        half = self.gathered(whole)
        return self.gathered(np.moveaxis(half, -1, 0))

    def jacobian(self) -> Floats:
        """The derivatives of the flat parameters over `Chart.units`, (K + K·D + K·D², p)."""
        mixture = self.chart.mixture
        k, d = mixture.means.shape
        m = 1 + d + d * (d + 1) // 2
        roots = self.chart.axes * np.sqrt(self.chart.lengths)[:, None, :]
        roots = roots / self.chart.units.means[:, :, None]
        covariances = roots[:, None] @ self.matrices @ roots.swapaxes(-1, -2)[:, None]
        weights: Floats = np.zeros((k, k, m))
        weights[..., 0] = np.diag(mixture.weights) - np.outer(mixture.weights, mixture.weights)
        parts = [self.gathered(weights)]
        alone: list[Floats] = []
        for j in range(k):
            own: Floats = np.zeros((d + d * d, k, m))
            own[:d, j, 1 : d + 1] = np.eye(d)
            own[d:, j, d + 1 :] = covariances[j].reshape(-1, d * d).T
            alone.append(self.gathered(own))
        parts.extend(part[:d] for part in alone)
        parts.extend(part[d:] for part in alone)
        return np.concatenate(parts)

    def complete(self, sums: Statistics) -> Floats:
        """Minus the second derivatives, (p, p), of the log-likelihood that `sums` expect."""
        mixture = self.chart.mixture
        k, d = mixture.means.shape
        about = sums.about(mixture.means)
        axes, roots = self.chart.axes, np.sqrt(self.chart.lengths)
        first = np.einsum("kd,kde->ke", about.first, axes) / roots
        second = axes.swapaxes(-1, -2) @ about.second @ axes / roots[:, :, None] / roots[:, None]
        count = about.weight[:, None, None]
        w = self.matrices
        flat = w.reshape(k, w.shape[1], d * d)
        twice = flat @ (w @ second[:, None]).reshape(flat.shape).swapaxes(-1, -2)
        alone = flat @ flat.swapaxes(-1, -2)
        excess = (second - count * np.eye(d)) / roots[:, :, None] / roots[:, None]
        blocks: Floats = np.zeros((k, 1 + d + w.shape[1], 1 + d + w.shape[1]))
        blocks[:, 1 : d + 1, 1 : d + 1] = count * self.steps.swapaxes(-1, -2) @ self.steps
        crossed = np.einsum("kqde,ke,kdc->kcq", w, first, self.steps, optimize=True)
        blocks[:, 1 : d + 1, d + 1 :] = crossed
        blocks[:, d + 1 :, 1 : d + 1] = crossed.swapaxes(-1, -2)
        bent = self._bent(excess)
        blocks[:, d + 1 :, d + 1 :] = twice - 0.5 * count * alone - 0.5 * bent
        found = self.gathered_twice(blocks)
        w_k = mixture.weights[:-1]
        found[: k - 1, : k - 1] += about.weight.sum() * (np.diag(w_k) - np.outer(w_k, w_k))
        return found

    def _bent(self, excess: Floats) -> Floats:
        """The second derivatives of tr(R Q_kᵀ Σ_k Q_k), (K, q, q), for R (K, D, D) symmetric.

        To second order in the coordinates v, u and s of a covariance,
        Q_kᵀ Σ_k Q_k = a + (v + u) a + s a − a s + ½ (v + u)² a + v (s a − a s) + s a u − a u s
        + ½ (s² a + a s²) − s a s.
        """
        a, u = self.chart.lengths, self.stretches
        d = a.shape[1]
        i, j = self.pairs
        n_turns = len(i)
        found: Floats = np.zeros((len(a), d + n_turns, d + n_turns))
        scaled = np.einsum("kdd->kd", excess) * a
        grown = np.concatenate([np.ones((d, 1)), u], axis=1)
        found[:, :d, :d] = np.einsum("kd,dp,dq->kpq", scaled, grown, grown)
        across = 2.0 * excess[:, i, j]
        mixed = across * a[:, j], across * a[:, i]
        found[:, :d, d:] = mixed[0][:, None] * grown[j].T - mixed[1][:, None] * grown[i].T
        found[:, d:, :d] = found[:, :d, d:].swapaxes(-1, -2)

        def joined(middle: Integers, left: Integers, right: Integers) -> Floats:
            """R_lr (½ (a_l + a_r) − a_middle) where two turns meet in a feature, (K, ., .)."""
            mean = 0.5 * (a[:, left] + a[:, right])
            return excess[:, left, right] * (mean - a[:, middle])

        p, q = i[:, None], j[:, None]
        meets = ((q, i, p, j, 1.0), (q, j, p, i, -1.0), (p, i, q, j, -1.0), (p, j, q, i, 1.0))
        for middle, other, left, right, sign in meets:
            same = middle == other
            at = np.broadcast_to(middle, same.shape)
            ends = np.broadcast_to(left, same.shape), np.broadcast_to(right, same.shape)
            found[:, d:, d:] += 2.0 * sign * same * joined(at, *ends)
        return found


def observed_and_complete(
    chart: Chart, source: Source, executor: Executor, sums: Statistics
) -> tuple[Floats, Floats]:
    """The observed and the complete information in rows without holes and errors, (p, p) each.

    With s_ik the derivatives of log w_k φ_k(x_i), the observed one is the complete one less what
    not knowing the components takes away,

        Σ_i [ Σ_k r_ik s_ik s_ikᵀ − (Σ_k r_ik s_ik) (Σ_k r_ik s_ik)ᵀ ].

    Parameters
    ----------
    chart : at which mixture, and in which coordinates.
    source, executor : the rows, and who passes over them.
    sums : of these rows under the mixture, with whole second moments.

    Notes
    -----
    One pass of N·p² multiplications, for p free parameters.

    References
    ----------
    Louis 1982, "Finding the observed information matrix when using the EM algorithm", section 3.1.
    """
    coordinates = Coordinates(chart)
    missing = executor.run(source, partial(_missing, coordinates))
    complete = coordinates.complete(sums)
    return complete - missing, complete


def _missing(coordinates: Coordinates, block: Block) -> Floats:
    """What not knowing the components of some rows takes away, (p, p)."""
    mixture = coordinates.chart.mixture
    k, d = mixture.means.shape
    m = 1 + d + d * (d + 1) // 2
    within: Floats = np.zeros((k, m, m))
    p = coordinates.chart.n_coordinates
    between: Floats = np.zeros((p, p))
    step = max(1, _CELLS // (k * m))
    for at in range(0, len(block.rows), step):
        part = block.part(at, at + step).readable()
        rows = np.asarray(part.rows, dtype=np.float64)
        shares = kernel.posterior(rows, mixture.components)[1]
        # Squares of shares so small fall below the normal numbers, which a processor is slow at.
        shares[shares < _LEAST_SHARE] = 0.0
        scores = coordinates.scores(rows)
        expected = shares[..., None] * scores
        counted = expected if part.weights is None else part.weights[:, None, None] * expected
        within += counted.transpose(1, 2, 0) @ scores.transpose(1, 0, 2)
        own = coordinates.gathered(expected)
        between += own.T @ (own if part.weights is None else part.weights[:, None] * own)
    return coordinates.gathered_twice(within) - between
