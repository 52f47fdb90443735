"""Settings: how to fit."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any

from mixtura.arguments import is_whole
from mixtura.caching import cached_property
from mixtura.errors import ParameterError
from mixtura.filling import filled
from mixtura.fitting.convergence.anderson import Acceleration, acceleration
from mixtura.fitting.convergence.rules import Rule, rule
from mixtura.fitting.m_step.noise_box import Background, background
from mixtura.fitting.m_step.prior import Prior, prior
from mixtura.fitting.m_step.regularisation import Regularisation, regularisation
from mixtura.fitting.starts.start import StartLike, start
from mixtura.model.box import Box
from mixtura.model.structures import Structure

#: those that a record always has
RECORDED = ("start", "tol", "reg_covar", "max_iter", "n_init", "accelerate")

#: how components are searched for each row's
SEARCHES = ("auto", "exact", "truncated")

#: the settings that scikit-learn's estimator has by default, as arguments of `fit`
SCIKIT_LEARNS: dict[str, Any] = {
    "start": "kmeans",
    "tol": 1e-3,
    "reg_covar": 1e-6,
    "max_iter": 100,
    "accelerate": False,
}


@filled
@dataclass(frozen=True)
class Settings:
    """What a fit is told besides the data.

    Parameters
    ----------
    n_components : K, at least 1.
    structure : of the covariances.
    start : what gives the first responsibilities, as `mixtura.fitting.starts.start.start` takes it.
    tol : the gain of the mean log-likelihood below which EM stops, nats a row, at least 0; or
        ``"auto"``, to stop when little is still to be gained,
        `mixtura.fitting.convergence.rules.Remaining`.
    reg_covar : added to every variance, squared feature units, at least 0; or ``"auto"``, a floor
        relative to the data's own variances,
        `mixtura.fitting.m_step.regularisation.Regularisation`.
    max_iter : EM iterations at most; 0 keeps the start.
    n_init : how many starts; the best end is kept.
    accelerate : whether to extrapolate EM's steps; ``"auto"`` waits until they are regular,
        `mixtura.fitting.convergence.anderson.Acceleration`.
    weights : ``"free"``, or ``"equal"`` for components of one weight.
    prior : on means and covariances, `mixtura.fitting.m_step.prior.Prior`, or None.
    noise : whether some rows belong to no component, and where those lie:
        `mixtura.fitting.m_step.noise_box`.
    search : ``"exact"``, where an E-step looks at all components of each row; ``"truncated"``, at
        the few that it keeps and their neighbours; or ``"auto"``.

    Raises
    ------
    ParameterError : one of them is not so.
    """

    n_components: int
    structure: Structure
    start: StartLike = "kmeans"
    tol: float | str | Rule = 1e-3
    reg_covar: float | str = 1e-6
    max_iter: int = 100
    n_init: int = 1
    accelerate: bool | str = False
    weights: str = "free"
    prior: Prior | str | bool | None = None
    noise: Box | float | bool | None = None
    search: str = "exact"

    def __post_init__(self) -> None:
        _whole("n_components", self.n_components, 1)
        _whole("max_iter", self.max_iter, 0)
        _whole("n_init", self.n_init, 1)
        # Each is understood here, once; whoever asks later is given what was understood.
        _ = self.rule, self.acceleration, self.regularisation
        start(self.start)
        _ = self.equal_weights, self.conjugate, self.background
        if self.structure.n_factors:
            unable(self.structure, "noise", asked=self.background is not None)
            unable(self.structure, "a prior", asked=self.conjugate is not None)
        if not isinstance(self.search, str) or self.search not in SEARCHES:
            raise ParameterError(
                f"search is {self.search!r}, expected 'auto', 'exact' or 'truncated'"
            )

    @cached_property
    def rule(self) -> Rule:
        """When EM stops, as `tol` says."""
        return rule(self.tol)

    @cached_property
    def acceleration(self) -> Acceleration | None:
        """When EM's steps are extrapolated, as `accelerate` says; None is plain EM."""
        return acceleration(self.accelerate)

    @cached_property
    def regularisation(self) -> Regularisation:
        """What keeps covariances from collapsing, as `reg_covar` says."""
        return regularisation(self.reg_covar)

    @cached_property
    def equal_weights(self) -> bool:
        """Whether `weights` says that all components have one weight."""
        return equally(self.weights)

    @cached_property
    def conjugate(self) -> Prior | None:
        """The prior on means and covariances that `prior` asks for, or None."""
        return prior(self.prior)

    @cached_property
    def background(self) -> Background:
        """Where noise lies, as `noise` says; None where there is none."""
        return background(self.noise)

    @property
    def wants_scatter(self) -> bool:
        """Whether a fit may ask for the scatter of all rows.

        For a covariance that all components share, for a prior that is theirs, and for what is told
        of the box about the rows.
        """
        known, background = self.conjugate, self.background
        if known is not None and (known.mean is None or known.scale is None):
            return True
        return self.structure.form.shared if background is None else background == 0.0

    @property
    def last_iteration(self) -> int:
        """The number, from 1, of the last iteration that may be taken."""
        return int(self.max_iter)

    def allows(self, iteration: int) -> bool:
        """Whether an iteration of that number, from 1, may be taken."""
        return iteration <= self.last_iteration

    def shortened(self, n_iterations: int, **changed: Any) -> Settings:
        """The same settings for a run of so many iterations at most, with others changed."""
        return replace(self, max_iter=n_iterations, **changed)

    def arguments(self) -> dict[str, Any]:
        """All but the number of components, as arguments of `mixtura.fit`."""
        return {each.name: getattr(self, each.name) for each in fields(self)[1:]}

    def record(self) -> dict[str, Any]:
        """What was asked for besides components and structure, ready for JSON.

        None stands for what is no name and no number: labels, a function, a rule of one's own. A
        prior and a box of one's own are told by their numbers.
        """
        return {
            "start": self.start if isinstance(self.start, str) else None,
            "tol": _plain(self.tol),
            "reg_covar": _plain(self.reg_covar),
            "max_iter": int(self.max_iter),
            "n_init": int(self.n_init),
            "accelerate": self.accelerate
            if isinstance(self.accelerate, str)
            else bool(self.accelerate),
            **({"weights": "equal"} if self.equal_weights else {}),
            **({} if self.conjugate is None else {"prior": self.conjugate.record()}),
            **({} if self.background is None else {"noise": _told(self.background)}),
            **({"search": self.search} if self.search == "truncated" else {}),
        }


def unable(structure: Structure, what: str, *, asked: bool) -> None:
    """Refuse what factor analysers cannot be fitted with, where it is `asked` for.

    Raises
    ------
    ParameterError : it is; what to do instead is said.
    """
    if asked:
        raise ParameterError(
            f"the structure is {structure.name}, and factor analysers cannot be fitted with {what} "
            "yet: leave that out, or ask for the structure full or diag"
        )


def equally(weights: object) -> bool:
    """Whether ``weights`` is ``"equal"``, and not ``"free"``.

    Raises
    ------
    ParameterError : it is neither.
    """
    if isinstance(weights, str) and weights in ("free", "equal"):
        return weights == "equal"
    raise ParameterError(
        f"weights is {weights!r}, expected 'free' or 'equal': how much rows count is sample_weight"
    )


def _told(noise: Box | float) -> dict[str, Any] | float | bool:
    """Where noise lies: True for the box about the rows, its volume, or a box."""
    if isinstance(noise, Box):
        return {"low": noise.low.tolist(), "extent": noise.extent.tolist()}
    return noise or True


def _plain(value: object) -> float | str | None:
    if isinstance(value, str):
        return value
    return float(value) if isinstance(value, Real) else None


def _whole(name: str, value: object, least: int) -> None:
    if not is_whole(value) or value < least:
        raise ParameterError(f"{name} is {value!r}, expected a whole number of at least {least}")
