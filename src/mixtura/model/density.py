"""Density: the parameters of a mixture, and what they make of a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import takes_missing
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows, Value, frozen
from mixtura.engine.components import Components
from mixtura.engine.sources import Block
from mixtura.model import parameters
from mixtura.model.gaussians import Gaussians
from mixtura.model.noise import Noise
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.model.terms import Terms
from mixtura.rows.in_memory import as_rows
from mixtura.rows.out_of_core import RowFunction
from mixtura.textual import counted, printable

#: so many features are named in a repr
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Density(Value):
    """The parameters of a mixture, checked, factorised and frozen; see `Mixture`."""

    weights: Floats
    means: Floats
    covariances: Floats
    structure: Structure
    feature_names: tuple[str, ...] | None
    noise: Noise | None
    equal_weights: bool
    #: log weights, means and Cholesky factors of the K components
    gaussians: Components = field(init=False)
    #: the same as the kernel reads them, the noise after them where there is any
    components: Components = field(init=False)

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        covariances: ArrayLike,
        structure: str | Structure = "full",
        feature_names: Sequence[str] | None = None,
        *,
        noise: Noise | None = None,
        equal_weights: bool = False,
    ) -> None:
        chosen = structure_called(structure)
        centres = parameters.means(means)
        taken = 0.0 if noise is None else noise.weight
        shares = parameters.weights(weights, len(centres), 1.0 - taken, equal=equal_weights)
        chosen.check(centres.shape[1])
        matrices = parameters.covariances(covariances, chosen.form, centres.shape)
        names = parameters.feature_names(feature_names, centres.shape[1])
        gaussians = Components(frozen(np.log(shares)), centres, chosen.form.factor(matrices))
        if noise is not None:
            parameters.box(noise.box, centres.shape[1])
        for name, value in (
            ("weights", shares),
            ("means", centres),
            ("covariances", matrices),
            ("structure", chosen),
            ("feature_names", names),
            ("noise", noise),
            ("equal_weights", bool(equal_weights)),
            ("gaussians", gaussians),
            ("components", gaussians if noise is None else noise.after(gaussians)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def assembled(
        cls,
        weights: Floats,
        covariances: Floats,
        structure: Structure,
        feature_names: tuple[str, ...] | None,
        gaussians: Components,
        *,
        noise: Noise | None = None,
        equal_weights: bool = False,
    ) -> Self:
        """The mixture of parts that are known to be sound and belong together; none is looked at.

        Parameters
        ----------
        weights, covariances, structure, feature_names, noise, equal_weights : as of the class.
        gaussians : the same with factors and means, which become the mixture's.
        """
        mixture = object.__new__(cls)
        for array in (weights, covariances, gaussians.means, gaussians.log_weights):
            array.setflags(write=False)
        # A frozen object's fields cannot be set one by one without asking for each.
        mixture.__dict__.update(
            weights=weights,
            means=gaussians.means,
            covariances=covariances,
            structure=structure,
            feature_names=feature_names,
            noise=noise,
            equal_weights=equal_weights,
            gaussians=gaussians,
            components=gaussians if noise is None else noise.after(gaussians),
        )
        return mixture

    def __repr__(self) -> str:
        names = [printable(name) for name in self.feature_names or ()]
        shown = f" ({', '.join(names[:_NAMED] + ['…'] * (len(names) > _NAMED))})" if names else ""
        return (
            f"Mixture({counted(self.n_components, 'component')}, "
            f"{counted(self.n_features, 'feature')}{shown}, {self.structure.name}"
            f"{', noise' if self.noise else ''})"
        )

    @property
    def n_components(self) -> int:
        """The number K of Gaussian components, the noise not among them."""
        return int(self.means.shape[0])

    @property
    def n_features(self) -> int:
        """The number D of features of a row."""
        return int(self.means.shape[1])

    @property
    def terms(self) -> tuple[Terms, ...]:
        """The families of terms that the density is a sum of: its Gaussians, then the noise."""
        return (self._gaussians, *([self.noise] if self.noise else []))

    @property
    def shares(self) -> Floats:
        """The weights, and after them that of the noise where there is any: they sum to 1."""
        return np.concatenate([terms.shares for terms in self.terms])

    @property
    def n_parameters(self) -> int:
        """Free parameters: K − 1 weights, K·D means, and those of the covariances.

        Equal weights are none; noise has two, its weight and its volume, as R's mclust counts.
        """
        return sum(terms.n_parameters for terms in self.terms)

    @property
    def feature_labels(self) -> tuple[str, ...]:
        """The feature names, or x0, x1, … where there are none."""
        return self.feature_names or tuple(f"x{j}" for j in range(self.n_features))

    def covariance_matrices(self) -> Floats:
        """The covariances written out, (K, D, D)."""
        return self._gaussians.matrices()

    def rows(self, X: Any, *, missing: str = "refuse") -> Rows:
        """`X` as rows of this mixture's features, checked and matched by column name, (N, D).

        Raises
        ------
        DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.
        """
        holes = takes_missing(missing)
        return as_rows(X, self.n_features, self.feature_names, holes=holes)

    def score_samples(self, X: Any, *, missing: str = "refuse") -> Floats:
        """The log-likelihood log p(x_i) of each row.

        log p(x_i) = log Σ_k exp(log w_k − D/2·log 2π − ½ log|Σ_k| − ½‖L_k⁻¹(x_i − μ_k)‖²)

        With noise, w₀ / V is added to the sum: for every row, be it outside the box.

        Parameters
        ----------
        X : (N, D) array-like, or a table with this mixture's columns; or rows out of core, as
            `mixtura.fit` takes them: paths, datasets, iterables, Dask collections.
        missing : ``"em"`` where rows may lack features, as for `mixtura.fit`: each has the density
            of those that were observed, and 1 if none was.

        Returns
        -------
        (N,), nats; −inf where the squared distance itself overflows (some 1e154 standard
        deviations out). For a Dask collection a Dask array, which nothing is computed of yet.

        Raises
        ------
        DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.

        Notes
        -----
        N·K·D²/2 multiply-adds for full and tied covariances, N·K·D for diagonal ones; memory
        for one block.
        """
        asked = self._by_row(lambda b: kernel.log_likelihood(b.rows, self.components), missing)
        return asked.over(X)

    @property
    def _gaussians(self) -> Gaussians:
        return Gaussians(
            self.weights, self.means, self.covariances, self.structure, self.equal_weights
        )

    @property
    def _n_terms(self) -> tuple[int]:
        """How many responsibilities a row has: K, and one for noise."""
        return (self.components.n_components,)

    def _by_row(
        self,
        function: Callable[[Block], Any],
        missing: str = "refuse",
        shape: tuple[int, ...] = (),
        dtype: type = np.float64,
    ) -> RowFunction:
        """What a function of blocks gives for each row, of `shape` a row."""
        known = self.n_features, self.feature_names
        return RowFunction(function, *known, shape, dtype, takes_missing(missing))
