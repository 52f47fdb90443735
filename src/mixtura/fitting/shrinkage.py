"""Shrinkage: by how much a prior makes variances smaller than the rows alone would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.seen import Seen
from mixtura.model.mixture import Mixture

__all__ = ["kept_shares", "shrinkage_notes"]

#: variances below this share of the rows' own are worth a word
_LEAST = 0.9


def kept_shares(mixture: Mixture, seen: Seen, total_weight: float) -> Floats:
    """What share of the variance that its rows have each component keeps, (K,).

    The M-step makes n'Σ = nS + Λ, with n' = n + a, so that in the mean over directions, of Σ,

        S is to Σ as n + a − t is to n,      t = tr(Σ⁻¹ Λ) / D.

    What κ adds is left out: it is in one direction alone. Where a part of the covariance is
    shared, all components together have one share.

    Parameters
    ----------
    mixture : the mode of the posterior density.
    seen : what the prior is worth, in the units of `total_weight`.
    total_weight : of the rows.
    """
    k, d = mixture.n_components, mixture.n_features
    whiten = mixture.gaussians.factor.whiten
    pulled = [np.square(whiten(j, root)).sum() / d for j, root in enumerate(seen.roots)]  # t
    weight, beside = mixture.weights * total_weight, seen.rows - np.array(pulled)
    if not mixture.structure.separate:
        weight, beside = (np.full(k, part.sum()) for part in (weight, beside))
    # Where the prior is most of it, as of a component of no row, it takes nothing: above 1.
    return weight / np.maximum(weight + beside, 1e-3 * weight)


def shrinkage_notes(mixture: Mixture, seen: Seen | None, total_weight: float) -> tuple[str, ...]:
    """A sentence where a prior takes more than a tenth of a component's variance.

    Parameters
    ----------
    mixture, seen, total_weight : as for `kept_shares`; without a prior there is none.
    """
    if seen is None:
        return ()
    shares = kept_shares(mixture, seen, total_weight)
    low = np.flatnonzero(shares < _LEAST)
    if not len(low):
        return ()
    least, most = (f"{100.0 * share:.0f} %" for share in (shares[low].min(), shares[low].max()))
    which = "every component" if len(low) == len(shares) > 1 else _listed(low.tolist())
    kept = least if least == most else f"{least} to {most}"
    return (
        f"the prior leaves {which} {kept} of the variance that its rows have: it counts beside "
        "them, for more rows the more features there are; take a structure of fewer parameters, "
        "a Prior of fewer degrees_of_freedom or of a larger scale, or none",
    )


def _listed(components: Sequence[int]) -> str:
    named = ", ".join(map(str, components))
    return f"component {named}" if len(components) == 1 else f"each of components {named}"
