"""Pipelines: scalers and a mixture of scikit-learn's, as one mixture of the columns before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import ParameterError

#: A and b, by which x = A z + b is had again from what a step made of it
Back: TypeAlias = tuple[Any, Any]


def is_pipeline(thing: Any) -> bool:
    """Whether it is a pipeline of scikit-learn's; without the import."""
    return _known(thing) == "Pipeline"


def ways_back(pipeline: Any) -> Iterator[Back]:
    """For each step but the last, the last of them first: how its input is had from its output.

    Raises
    ------
    ParameterError : a step is no affine map that can be undone, or is not fitted.
    """
    for name, step in reversed(pipeline.steps[:-1]):
        if step is None or step == "passthrough":
            continue
        if is_pipeline(step):
            yield from ways_back(_whole(step))
            continue
        found = _BACK.get(_known(step), lambda _: None)
        try:
            back = found(step)
        except AttributeError:
            raise ParameterError(
                f"step {name!r} of the pipeline is not fitted: fit the pipeline first"
            ) from None
        if back is None:
            raise ParameterError(
                f"step {name!r} of the pipeline, {type(step).__name__}, is no affine map that can "
                "be undone, and only such make one mixture with the step after them: save the "
                "last step alone, pipeline[-1]"
            )
        yield back


def _whole(pipeline: Any) -> Any:
    """A pipeline with a step after its last, which is a scaler like the others."""
    return type(pipeline)([*pipeline.steps, ("end", "passthrough")])


def _known(thing: Any) -> str:
    """The name of a class of scikit-learn's, or of one that is derived from it; else empty."""
    for kind in type(thing).__mro__:
        if kind.__module__.partition(".")[0] == "sklearn" and kind.__name__ in _NAMES:
            return kind.__name__
    return ""


def _standard(step: Any) -> Back:
    step.n_features_in_  # noqa: B018 - there once it is fitted
    # The mean is found even where it is not taken away.
    return _or(step.scale_, 1.0), _or(step.mean_, 0.0) if step.with_mean else 0.0


def _least_to_most(step: Any) -> Back | None:
    return None if step.clip else (1.0 / step.scale_, -step.min_ / step.scale_)


def _robust(step: Any) -> Back:
    step.n_features_in_  # noqa: B018
    return _or(step.scale_, 1.0), _or(step.center_, 0.0)


def _axes(step: Any) -> Back | None:
    axes: NDArray[Any] = step.components_
    if axes.shape[0] != axes.shape[1]:
        return None
    lengths = np.sqrt(step.explained_variance_) if step.whiten else np.ones(len(axes))
    return axes.T * lengths, step.mean_


def _function(step: Any) -> Back | None:
    return (1.0, 0.0) if step.func is None else None


def _or(value: Any, instead: float) -> Any:
    return instead if value is None else value


_BACK: dict[str, Callable[[Any], Back | None]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _least_to_most,
    "MaxAbsScaler": lambda step: (step.scale_, 0.0),
    "RobustScaler": _robust,
    "PCA": _axes,
    "FunctionTransformer": _function,
}
_NAMES = (*_BACK, "Pipeline")
