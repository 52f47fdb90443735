"""Observers: scikit-learn's callbacks, and lines on standard output, told of a fit."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import Interrupted
from mixtura.estimators.asked import Asked
from mixtura.estimators.holding import hold_mixture
from mixtura.fitting import Fit
from mixtura.fitting.em import Observer
from mixtura.model.mixture import Mixture

__all__ = ["CallbackSupportMixin", "Progress", "told"]

Method = TypeVar("Method", bound=Callable[..., Any])

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks as _managed
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this scikit-learn has no callbacks."""

    def _managed(method: Method) -> Method:
        return method


class Tasks:
    """An observer that makes tasks of a fit: the fit, in it runs, in those iterations.

    Hooks are told of an iteration when it is done. `fitted_estimator` is the one with the mixture
    that the iteration began with, which is what its log-likelihood is of. A hook that answers True
    at an iteration's end ends the fit.

    Parameters
    ----------
    model : with callbacks set.
    told : what the hooks may ask for: X, y and metadata.
    hold : sets on an estimator what an iteration, or a fit, has.
    """

    def __init__(
        self, model: Asked, told: dict[str, Any], hold: Callable[[Asked, Any], None]
    ) -> None:
        self._hold = hold
        self._model, self._told = model, {"estimator": model, **told}
        runs, self._iterations = model._effort()
        self._root = model._init_callback_context(max_subtasks=runs)
        self._run: Any = None
        self.stopped = False
        self._root.call_on_fit_task_begin(**self._told)

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        self._run = self._root.subcontext(task_name="run", max_subtasks=self._iterations)
        self._run.call_on_fit_task_begin(**self._told)

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        task = self._run.subcontext(task_name="iteration")
        task.call_on_fit_task_begin(**self._told)
        if task.call_on_fit_task_end(**self._told, **self._fitted(mixture)):
            self.stopped = True
            raise KeyboardInterrupt

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        self._run.call_on_fit_task_end(**self._told, **self._fitted(fit))

    def over(self, fit: Fit) -> None:
        """The fit, all its runs, is over."""
        self._root.call_on_fit_task_end(**self._told, **self._fitted(fit))

    def _fitted(self, found: Any) -> dict[str, Any]:
        def attributes() -> dict[str, Any]:
            other = copy.copy(self._model)
            self._hold(other, found)
            return {name: value for name, value in vars(other).items() if name.endswith("_")}

        return {"reconstruction_attributes": attributes}


class Several:
    """An observer that passes on to several.

    Parameters
    ----------
    observers : told in this order.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        for observer in self._observers:
            observer.begun(run)

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        for observer in self._observers:
            observer.iterated(iteration, trace, mixture)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        for observer in self._observers:
            observer.ended(fit)


def _hold_either(model: Asked, found: Mixture | Fit) -> None:
    hold_mixture(model, found if isinstance(found, Mixture) else found.mixture)


def told(
    model: Asked,
    rows: Rows,
    y: object,
    weights: Floats | None,
    observers: Sequence[Any],
    run: Callable[..., Any],
    hold: Callable[[Asked, Any], None] | None = None,
) -> tuple[Any, bool]:
    """A fit of which the estimator's callbacks are told.

    Parameters
    ----------
    model : the estimator.
    rows, y, weights : what it is fitted to, for the callbacks.
    observers : told too, of what the run tells of.
    run : carries the fit out; takes an ``observer``.
    hold : sets on an estimator what an iteration, or a fit, has; None where that is a mixture.

    Returns
    -------
    The fit, and whether a callback stopped it.
    """
    if not getattr(model, "_skl_callbacks", None):
        return run(observer=Several(*observers) if observers else None), False
    metadata = None if weights is None else {"sample_weight": weights}
    data = {"X": rows, "y": y, "metadata": metadata}
    answer: tuple[Any, bool] = _told(model, data, observers, run, hold or _hold_either)
    return answer


@_managed  # type: ignore[untyped-decorator]  # tells callbacks when all is over, in any case
def _told(
    model: Asked,
    data: dict[str, Any],
    observers: Sequence[Any],
    run: Callable[..., Any],
    hold: Callable[[Asked, Any], None],
) -> tuple[Any, bool]:
    """The same for an estimator that has callbacks; `data` is what they are told of the rows."""
    tasks = Tasks(model, data, hold)
    try:
        fit = run(observer=Several(tasks, *observers))
    except Interrupted as interruption:
        if not tasks.stopped:
            raise
        fit = interruption.fit
    tasks.over(fit)
    return fit, tasks.stopped


class Progress:
    """An observer that prints how a fit gets on.

    Parameters
    ----------
    detail : 1 prints runs and iterations, 2 also likelihoods, gains and times.
    interval : how many iterations from one line to the next.
    """

    def __init__(self, detail: int, interval: int) -> None:
        self._detail = detail
        self._interval = interval
        self._began = time.perf_counter()

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        self._began = time.perf_counter()
        print(f"run {run}")

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        if iteration % self._interval:
            return
        line = f"  iteration {iteration}"
        if self._detail > 1:
            gain = trace[-1] - trace[-2] if len(trace) > 1 else float("inf")
            line += f": mean log-likelihood {trace[-1]:.6f}, gain {gain:.3g}, {self._elapsed()}"
        print(line)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        line = f"  {fit.outcome.value}, {fit.n_iter} iterations"
        if self._detail > 1:
            line += f", mean log-likelihood {fit.mean_log_likelihood:.6f}, {self._elapsed()}"
        print(line)

    def _elapsed(self) -> str:
        return f"{time.perf_counter() - self._began:.2f} s"
