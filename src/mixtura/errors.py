"""What can go wrong, as types: a caller catches the kind, a person reads the sentence.

Every message says what was wrong, what was found, what was expected, and what to do.
"""

from __future__ import annotations

from typing import Any


class MixturaError(Exception):
    """The root of every error that mixtura raises on purpose."""


class ParameterError(MixturaError, ValueError):
    """An argument is outside what the function takes."""


class DataError(MixturaError, ValueError):
    """The rows cannot be used as they are."""


class CollapseError(DataError):
    """A component's covariance became singular and no regularisation was allowed.

    Parameters
    ----------
    message : the sentence.
    component : which one, or None for the covariance that all share.
    centre : (D,), its mean.
    weight : how many rows' weight it holds.
    rows : the numbers of the rows nearest to its mean, where they are known.
    """

    def __init__(
        self,
        message: str,
        component: int | None = None,
        centre: Any = None,
        weight: float = 0.0,
        rows: tuple[int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.component = component
        self.centre = centre
        self.weight = weight
        self.rows = rows


class ModelError(MixturaError, ValueError):
    """The parameters or the file do not make a Gaussian mixture."""


class MissingExtraError(MixturaError, ImportError):
    """An optional package is needed and absent.

    Parameters
    ----------
    package : the distribution to install, as PyPI names it.
    extra : the extra of mixtura that brings it.
    purpose : what it is needed for, as the subject of the sentence.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed: pip install 'mixtura[{extra}]'"
        )


class Interrupted(KeyboardInterrupt):
    """Ctrl-C stopped a fit; the best mixture so far is in ``fit``.

    Parameters
    ----------
    fit : the `mixtura.Fit` of the run up to the interruption.
    checkpoint : the path of the checkpoint to go on from, or None.
    """

    def __init__(self, fit: Any, checkpoint: str | None = None) -> None:
        super().__init__("the fit was interrupted")
        self.fit = fit
        self.checkpoint = checkpoint
