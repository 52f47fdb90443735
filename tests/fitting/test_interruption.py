"""Ctrl-C loses nothing that was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from numpy.testing import assert_array_equal

import mixtura
from mixtura import Fit, Outcome
from mixtura.datasets import iris
from mixtura.errors import Interrupted
from mixtura.fitting import em

ROWS = iris().rows


@dataclass
class CtrlC:
    """An observer at whose word the user presses Ctrl-C."""

    run: int
    iteration: int
    ended_fits: list[Fit] = field(default_factory=list)
    seen: int = -1

    def begun(self, run: int) -> None:
        self.seen = run
        if run == self.run and self.iteration == 0:
            raise KeyboardInterrupt

    def iterated(self, iteration: int, trace: Sequence[float]) -> None:
        if (self.seen, iteration) == (self.run, self.iteration):
            raise KeyboardInterrupt

    def ended(self, fit: Fit) -> None:
        self.ended_fits.append(fit)


@pytest.mark.parametrize("iteration", [1, 2, 7])
def test_the_fit_carried_ends_with_the_likelihood_of_its_mixture(iteration: int) -> None:
    with pytest.raises(Interrupted) as caught:
        mixtura.fit(ROWS, 3, observer=CtrlC(0, iteration))
    fit = caught.value.fit
    assert fit.outcome is Outcome.INTERRUPTED
    assert fit.log_likelihood == pytest.approx(fit.mixture.score_samples(ROWS).sum(), rel=1e-12)
    # what is known at the end of an iteration is the mixture it began with
    before = mixtura.fit(ROWS, 3, max_iter=iteration - 1)
    assert_array_equal(fit.mixture.means, before.mixture.means)
    assert_array_equal(fit.trace, before.trace)


def test_it_is_caught_as_a_keyboard_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        mixtura.fit(ROWS, 3, observer=CtrlC(0, 3))


def test_runs_that_were_over_are_kept() -> None:
    observer = CtrlC(2, 1)
    with pytest.raises(Interrupted) as caught:
        mixtura.fit(ROWS, 3, start="random", n_init=5, observer=observer)
    best = max(fit.log_likelihood for fit in observer.ended_fits)
    assert len(observer.ended_fits) == 2
    assert caught.value.fit.log_likelihood == best


def test_an_interruption_before_anything_is_known_has_nothing_to_carry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(em.EM, "_pass", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        mixtura.fit(ROWS, 3)
    assert type(caught.value) is KeyboardInterrupt


def test_an_interruption_between_runs_keeps_the_best() -> None:
    observer = CtrlC(1, 0)
    with pytest.raises(Interrupted) as caught:
        mixtura.fit(ROWS, 3, n_init=3, observer=observer)
    assert caught.value.fit.log_likelihood == observer.ended_fits[0].log_likelihood
