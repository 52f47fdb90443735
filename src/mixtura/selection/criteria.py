"""Criteria: what says which of several fits is the best.

All but the stability are in units of −2·log-likelihood, in nats, and smaller is better, as in
scikit-learn. R's mclust has them with the other sign, and larger is better: ask for
``sign="mclust"``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from mixtura.engine import kernel
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Source
from mixtura.errors import ParameterError
from mixtura.fitting.fit import SIGNS
from mixtura.model.mixture import Mixture

#: the criteria by name, each with how people write it
CRITERIA = {
    "bic": "BIC",
    "icl": "ICL",
    "aic": "AIC",
    "cv": "CV",
    "stability": "instability",
    "elbo": "-2 ELBO",
}
#: those that take more fits of everything, to which rows
DEAR = {"cv": "leaves rows out in turn", "stability": "draws rows anew"}


def criterion_called(name: Any) -> str:
    """`name`, if it is that of a criterion.

    Raises
    ------
    ParameterError : it is not; those that exist are listed.
    """
    if not isinstance(name, str) or name not in CRITERIA:
        known = ", ".join(CRITERIA)
        raise ParameterError(f"unknown criterion {name!r}, expected one of: {known}")
    return name


def check_held(name: str, *, in_memory: bool) -> None:
    """Refuse a criterion that takes fits to other rows, where a sample of them is all that is held.

    Raises
    ------
    ParameterError : it is such a one, and so they are.
    """
    if name in DEAR and not in_memory:
        raise ParameterError(
            f"criterion is {name!r}, which {DEAR[name]}, and the rows are more than a sample that "
            "memory holds: use 'bic', or read them first"
        )


def written(value: float, name: str) -> str:
    """A value of that criterion to two places, or to four of a stability, which is at most 2."""
    return f"{value:.{4 if name == 'stability' else 2}f}"


def better(sign: str) -> str:
    """Which of two criteria is better in that sign: the smaller, or the larger one."""
    return "smaller" if signed(1.0, sign) > 0.0 else "larger"


def signed(value: float, sign: str) -> float:
    """`value` in the sign of ``"scikit-learn"``, smaller is better, or of ``"mclust"``, larger is.

    Raises
    ------
    ParameterError : it is neither.
    """
    if not isinstance(sign, str) or sign not in SIGNS:
        raise ParameterError(
            f"sign is {sign!r}, expected 'scikit-learn', for which smaller is better, or 'mclust', "
            "for which larger is"
        )
    return SIGNS[sign] * value


def classification_loss(
    mixture: Mixture, source: Source, executor: Executor, log_likelihood: float
) -> float:
    """−2·Σ_i v_i log max_k r_ik, what ICL adds to BIC, nats; 0 where every row is certain.

    Parameters
    ----------
    mixture, source, executor : of which rows, and who carries the pass out.
    log_likelihood : Σ_i v_i log p(x_i) under the mixture, nats.

    Notes
    -----
    One pass over the rows.

    References
    ----------
    Biernacki, Celeux & Govaert 2000, "Assessing a mixture model for clustering with the integrated
    completed likelihood", with each row given to its likeliest component.
    """
    if mixture.components.n_components == 1:  # and no noise
        return 0.0

    likeliest = partial(kernel.classification_likelihood, components=mixture.components)
    # Log max_k r_ik is the largest log joint density less that of the row.
    return 2.0 * max(log_likelihood - executor.run(source, likeliest), 0.0)
