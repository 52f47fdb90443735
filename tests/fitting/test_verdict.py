"""One true word about a fit: what is known is said, and nothing that contradicts it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import mixtura
from mixtura import Fit, Outcome
from mixtura.cli.spelling import spelled
from mixtura.datasets import faithful, iris
from mixtura.errors import ParameterError
from mixtura.fitting.starts.met import Met
from mixtura.fitting.verdict import NOTHING
from usual import usual_fit

ROWS = faithful().rows
CLOUD = np.random.default_rng(8).normal(0, 1, (200, 3))
#: three equal rows beside a cloud: too few for a covariance of three features
OUTLIERS = np.vstack([CLOUD, np.tile([8.0, 8.0, 8.0], (3, 1))])
WIDE = np.random.RandomState(2).standard_normal((60, 40))


def ended(outcome: Outcome, **parts: object) -> Fit:
    """A healthy fit, but for how it is said to have ended."""
    return replace(usual_fit(ROWS, 2, tol=1e-9, max_iter=500), outcome=outcome, **parts)


# -- how it ended ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "advice"),
    [
        (Outcome.CONVERGED, NOTHING),
        (Outcome.OUT_OF_ITERATIONS, "raise max_iter, or raise tol if less precision will do"),
        (Outcome.STALLED, "lower reg_covar"),
        (Outcome.INTERRUPTED, "fit again from them"),
        (Outcome.NOT_RUN, "max_iter is 0"),
    ],
)
def test_every_outcome_says_what_to_do(outcome: Outcome, advice: str) -> None:
    assert advice in ended(outcome).remedy


def test_a_repaired_fit_never_has_nothing_to_do() -> None:
    rows = ROWS + 1e-3 * np.random.RandomState(0).standard_normal(ROWS.shape)
    wide = np.linalg.inv(np.cov(rows.T))
    twins = mixtura.Given([0.3, 0.7], [rows.mean(axis=0)] * 2, [wide, wide])
    fit = mixtura.fit(rows, 2, given=twins)
    assert fit.outcome is Outcome.REPAIRED
    assert fit.notes == ()
    assert fit.remedy.startswith(
        "component 1 collapsed on the way and was repaired: see with n_init"
    )


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_is_still_to_be_gained_is_told_whatever_the_outcome(outcome: Outcome) -> None:
    if outcome in (Outcome.STALLED, Outcome.NOT_RUN, Outcome.CHANGED):
        return  # of which there is no gain to go by
    fit = usual_fit(iris(), 3, tol=1e-1)
    assert fit.remaining_gain > 0.1
    remedy = replace(fit, outcome=outcome).remedy
    assert f"about {fit.remaining_gain:.2g} nats of log-likelihood still to be gained" in remedy


def test_a_fit_that_fell_without_a_ridge_is_not_told_to_lower_it() -> None:
    fit = replace(mixtura.fit(ROWS, 2), outcome=Outcome.STALLED)
    assert "reg_covar" not in fit.remedy


def test_nothing_to_do_is_said_where_nothing_is() -> None:
    for rows, k in ((ROWS, 2), (iris().rows, 2), (CLOUD, 1)):
        fit = mixtura.fit(rows, k)
        assert (fit.remedy, fit.notes, fit.void) == (NOTHING, (), "")


# -- other ends --------------------------------------------------------------------------------


def test_an_end_that_was_met_once_of_many_asks_for_more_starts() -> None:
    fit = ended(Outcome.CONVERGED, searches=Met(1, 8))
    assert fit.remedy == "7 other ends were met, the best only once: ask for n_init=5"
    again = replace(fit, settings=replace(fit.settings, n_init=8))
    assert again.remedy.endswith("ask for n_init=16")
    assert "1 other end was met" in replace(fit, searches=Met(1, 2)).remedy


@pytest.mark.parametrize("met", [Met(6, 8), Met(2, 2), Met(1, 1), None])
def test_an_end_that_was_met_again_or_is_alone_asks_for_nothing(met: Met | None) -> None:
    fit = ended(Outcome.CONVERGED, searches=met)
    assert fit.remedy == NOTHING
    assert fit.verdict.words == ("converged" if met is None else f"converged, {met}")
    assert fit.summary().get("searches") == (met and {"times": met.times, "of": met.of})


def test_how_often_an_end_was_met_is_a_number_of_searches() -> None:
    assert str(Met(6, 8)) == "met by 6 of 8 searches"
    for times, of in ((0, 8), (9, 8), (-1, 0)):
        with pytest.raises(ParameterError, match="expected from 1 time to all of them"):
            Met(times, of)


# -- components --------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"reg_covar": 1e-6, "start": "kmeans"}])
def test_a_component_of_too_few_rows_is_starved_whatever_holds_it_up(options: dict) -> None:
    fit = mixtura.fit(OUTLIERS, 2, **{"start": np.repeat([0, 1], [200, 3]), **options})
    assert fit.starved == fit.floored == (1,)
    assert "component 1 rests on 3 rows, fewer than the 4 that a covariance of 3" in fit.notes[0]
    assert "use fewer components" in fit.remedy
    assert "component 1" in fit.void


def test_as_many_rows_as_a_covariance_takes_starve_nobody() -> None:
    rows = np.vstack([CLOUD, np.tile([8.0, 8.0, 8.0], (4, 1))])
    for reg_covar in ("auto", 1e-6):
        fit = mixtura.fit(rows, 2, start=np.repeat([0, 1], [200, 4]), reg_covar=reg_covar)
        assert (fit.floored, fit.starved) == ((1,), ())
        assert fit.void


def test_a_thin_component_far_from_the_constant_is_no_finding() -> None:
    rows = CLOUD * [1.0, 1.0, 3e-3]  # variances of 9e-6, nine times the constant
    assert usual_fit(rows, 2).floored == ()
    assert usual_fit(CLOUD * [1.0, 1.0, 5e-4], 1).floored == (0,)


def test_columns_that_others_determine_are_asked_for() -> None:
    rows = np.c_[CLOUD, CLOUD[:, 0] - CLOUD[:, 1]]
    for structure in ("full", "tied"):
        fit = mixtura.fit(rows, 2, structure=structure)
        assert "flat in some direction" in fit.notes[0]
        assert fit.remedy.endswith("drop columns that others determine, or look for rounded values")


def test_components_that_are_one_are_named() -> None:
    fit = mixtura.fit(CLOUD, 2, start=np.full((200, 2), 0.5), reg_covar=1e-6)
    assert fit.notes[0].startswith("components 0 and 1 coincide: they are one")
    assert fit.remedy == "begin with start='auto', or use fewer components"


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical", "VVE"])
def test_components_that_all_are_one_are_told_together(structure: str) -> None:
    alike = np.full((200, 3), 1.0 / 3.0)
    fit = mixtura.fit(CLOUD, 3, structure=structure, start=alike, reg_covar=1e-6)
    told = [note for note in fit.notes if "coincide" in note]
    assert told == [
        "components 0, 1 and 2 coincide: they are one; begin with start='auto', or use fewer "
        "components"
    ]
    assert spelled(fit.remedy) == "begin with --start auto, or use fewer components"


# -- rows against features ---------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"reg_covar": 0.01}, {"max_iter": 3}])
def test_too_few_rows_are_told_with_the_structures_that_they_are_enough_for(options: dict) -> None:
    fit = mixtura.fit(WIDE, 2, **options)
    assert fit.notes[0].startswith(
        "a full covariance of 40 features needs more than 41 rows a component, there are 30: the "
        "density cannot be known; use a structure that still has one: spherical, diag, tied, EII, "
        "EEI, VEI, EVI, VEE; or ask for 1 component; or assume a conjugate prior with a scale of "
        "its own"
    )
    assert len(fit.notes) == 1
    for vain in ("reg_covar", "max_iter", "n_init", "rescale"):
        assert vain not in fit.remedy


@pytest.mark.parametrize("structure", ["spherical", "diag", "tied", "EII", "EVI"])
def test_the_structures_that_are_named_have_a_density(structure: str) -> None:
    fit = mixtura.fit(WIDE, 2, structure=structure)
    assert not any("needs more than" in note for note in fit.notes)
    assert fit.floored == ()


def test_a_prior_of_its_own_scale_is_what_too_few_rows_do_not_tell() -> None:
    fit = mixtura.fit(WIDE, 2, prior=mixtura.Prior(scale=WIDE.var(axis=0)))
    assert fit.floored == ()
    assert "what they do not tell is the prior's" in fit.notes[0]
    scaleless = mixtura.fit(WIDE, 2, prior="conjugate")
    assert "give the Prior a scale of its own" in scaleless.remedy


# -- weights -----------------------------------------------------------------------------------


def test_weights_that_are_no_counts_are_told_everywhere() -> None:
    weights = np.random.RandomState(0).random_sample(len(ROWS))
    weights /= weights.sum()
    said = "the weights sum to 1: weights are counts here, so N is 1 and not 272"
    fit = mixtura.fit(ROWS, 2, sample_weight=weights)
    assert fit.notes == (f"{said}; scale them to the number of rows",)
    assert fit.remedy == "scale them to the number of rows"
    assert said in fit.void
    errors = fit.standard_errors(ROWS, sample_weight=weights)
    assert errors.notes[-1:] == fit.notes
    found = mixtura.select(ROWS, [1, 2], structures=["full"], sample_weight=weights)
    assert found.verdict[0].startswith(f"the choice means nothing: {said}")
    scaled = mixtura.fit(ROWS, 2, sample_weight=272.0 * weights)
    assert (scaled.notes, scaled.void) == ((), "")
    assert_array_equal(mixtura.fit(ROWS, 2).notes, ())


# -- criteria ----------------------------------------------------------------------------------


def test_a_criterion_that_says_nothing_is_void_and_the_record_says_why() -> None:
    fit = mixtura.fit(OUTLIERS, 2, start=np.repeat([0, 1], [200, 3]))
    record = fit.summary()
    assert record["void"] == fit.void
    assert record["bic"] == fit.bic
    assert (record["floored"], record["starved"]) == ([1], [1])
    assert "void" not in mixtura.fit(ROWS, 2).summary()
    assert "AIC, void" in fit._repr_html_()


def test_a_selection_tells_what_is_odd_about_the_rows() -> None:
    rows = np.c_[ROWS, np.where(np.arange(272) < 60, 0.0, 5.0 + CLOUD[0, 0] + ROWS[:, 0] ** 2)]
    found = mixtura.select(rows, [1, 2], structures=["diag"])
    assert found.best.notes
    assert set(found.best.notes) <= set(found.verdict)
