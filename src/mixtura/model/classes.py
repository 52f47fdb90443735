"""Classes: mixtures of one density each, put together, which tell a row's class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Value, frozen
from mixtura.errors import ModelError, ParameterError
from mixtura.model.mixture import Mixture


@dataclass(frozen=True, eq=False)
class ClassMixture(Value):
    """The density of all classes together, Σ_c π_c p_c(x), and whose each component is.

    Parameters
    ----------
    mixture : of the components of all classes, class after class, with the weights π_c w_ck.
    names : of C classes, as people call them.
    owners : (K,), the class of each component, from 0; −1 for one of none.
    """

    mixture: Mixture
    names: tuple[Any, ...]
    owners: Integers

    @classmethod
    def of(cls, densities: Sequence[Mixture], priors: Floats, names: Sequence[Any]) -> ClassMixture:
        """That of a density p_c and a prior π_c for each class."""
        sizes = [density.n_components for density in densities]
        alike = (
            len({d.structure for d in densities}) == 1 and not densities[0].structure.form.shared
        )
        whole = Mixture(
            np.concatenate([p * d.weights for p, d in zip(priors, densities, strict=True)]),
            np.concatenate([density.means for density in densities]),
            np.concatenate(
                [d.covariances if alike else d.covariance_matrices() for d in densities]
            ),
            densities[0].structure if alike else "full",
            densities[0].feature_names,
        )
        return cls(whole, tuple(names), np.repeat(np.arange(len(sizes)), sizes))

    @classmethod
    def stored(cls, mixture: Mixture, training: Mapping[str, Any], name: str) -> ClassMixture:
        """That of a model file's mixture and record.

        Raises
        ------
        ModelError : it has no classes.
        """
        said = training.get("classes")
        sound = isinstance(said, dict) and isinstance(said.get("names"), list)
        owners = np.array(said.get("owners") if sound else [], dtype=object)  # type: ignore[union-attr]
        if (
            not sound
            or owners.shape != (mixture.n_components,)
            or not {*owners.tolist()} <= {*range(-1, len(said["names"]))}  # type: ignore[index]
        ):
            raise ModelError(
                f"{name} tells no classes: fit it with mixtura fit --label, or save a "
                "MixtureClassifier"
            )
        return cls(mixture, tuple(said["names"]), owners.astype(np.int64))  # type: ignore[index]

    def record(self) -> dict[str, Any]:
        """The classes, ready for JSON, as `stored` takes them."""
        names = [n.item() if isinstance(n, np.generic) else n for n in self.names]
        return {"classes": {"names": names, "owners": self.owners.tolist()}}

    def predict_proba(self, X: Any) -> Floats:
        """P(class | x) of each row, (N, C); what is of no class lacks from 1."""
        return _summed(self.mixture.predict_proba(X), self.owners, len(self.names))

    def log_joint(self, X: Any) -> Floats:
        """Log π_c p_c(x) of each row and class, (N, C), nats."""
        log_shares = self.mixture.log_responsibilities(X)
        columns = [
            np.logaddexp.reduce(log_shares[:, self.owners == c], axis=1)
            for c in range(len(self.names))
        ]
        return np.stack(columns, axis=1) + self.mixture.score_samples(X)[:, None]

    def with_priors(self, priors: Any) -> ClassMixture:
        """The same with other priors π_c, (C,).

        Raises
        ------
        ParameterError : they are not C numbers above 0.
        """
        given = frozen(priors)
        if given.shape != (len(self.names),) or not (given > 0.0).all() or np.isinf(given).any():
            raise ParameterError(
                f"priors are {np.asarray(priors).tolist()}, expected {len(self.names)} numbers "
                "above 0, one for each class"
            )
        m = self.mixture
        before = np.bincount(self.owners, m.weights)
        weights = m.weights * (given / given.sum() / before)[self.owners]
        weights /= weights.sum()
        changed = Mixture(weights, m.means, m.covariances, m.structure, m.feature_names)
        return ClassMixture(changed, self.names, self.owners)


def decided(shares: Floats, reject: float) -> Integers:
    """The likeliest class of each row, (N,); −1 where it is less likely than `reject`."""
    return np.where(shares.max(axis=1) >= reject, shares.argmax(axis=1), -1)


def _summed(shares: Floats, owners: Integers, n_classes: int) -> Floats:
    return shares[:, : len(owners)] @ (owners[:, None] == np.arange(n_classes)).astype(np.float64)
