"""The native kernel's search: EM, swaps of components, fits of groups, in one call each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.groups import GroupEnds, GroupProblem, GroupRule
from mixtura.engine.kernel import _native
from mixtura.engine.search import (
    Climbed,
    Effort,
    EMProblem,
    EMState,
    Race,
    RatioRule,
    Searched,
    Searching,
    Swapped,
    SwapRule,
)


def climb(problem: EMProblem, state: EMState, n_steps: int, gain: float) -> Climbed:
    """EM from given parameters on, until a step gains less than `gain` nats a row.

    A step is an E-step and an M-step::

        r_ik = w_k N(x_i | μ_k, Σ_k) / p(x_i),  n_k = Σ_i v_i r_ik,  μ_k = Σ_i v_i r_ik x_i / n_k

    and the structure's covariances for (n_k, W_k), to which the ridge is added.

    Parameters
    ----------
    problem, state : what is maximised, and from where on.
    n_steps : how many at most.
    gain : nats a row.

    Returns
    -------
    The parameters after the last step that was sound. Never NaN where what is given is finite.

    Raises
    ------
    ValueError : a shape does not fit the others, or there is no such structure.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called. A step
    costs N·K·(D² + D) multiply-adds and N·K exponentials, and nothing besides worth naming; a
    call some microseconds. The rows are held once more, turned.

    References
    ----------
    Dempster, Laird & Rubin 1977; Celeux & Govaert 1995, "Gaussian parsimonious clustering models";
    Flury & Gautschi 1986 and Browne & McNicholas 2014 for a common orientation.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.engine.sources import Block
    >>> rows = np.array([[-2.1], [-1.9], [1.8], [2.2]])
    >>> start = EMState(np.array([2.0, 2.0]), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)))
    >>> end = climb(EMProblem(Block(0, rows), "EEE", np.zeros((1, 1))), start, 9, 0.0)
    >>> end.state.means.round(3).tolist()
    [[-2.0], [2.0]]
    """
    place = _own(state)
    uniform, reached, last, done, sound = _native.climb(
        *_rows_of(problem),
        problem.equal_weights,
        *place,
        state.uniform_weight,
        state.log_likelihood,
        n_steps,
        gain,
    )
    return Climbed(EMState(*place, reached, uniform), last, done, sound)


def swap(
    problem: EMProblem, state: EMState, rule: SwapRule, effort: Effort, draws: Floats
) -> Swapped:
    """EM's parameters after swaps of components, each followed by a climb, while some help.

    A component is taken from where it is, merged into its neighbour or dropped, and set on rows
    about one that is drawn; then EM goes on from there for as long as that may yet be better.

    Parameters
    ----------
    problem, state : what is maximised, and from where on, of at least two components.
    rule : of a swap, of the steps after it, and of what is better.
    effort : how long it goes on.
    draws : (n, 6), each from [0, 1); a row for each swap, in their order.

    Returns
    -------
    The best parameters, and how far it went. Never NaN where what is given is finite.

    Raises
    ------
    ValueError : a shape does not fit the others, there is no such structure, or a draw is none.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called. A swap
    costs 2·N·D² multiply-adds besides the climbs, each that is better K²·D³/6 more; N·D numbers,
    2·N and K² besides are held.

    References
    ----------
    Zhao, Hautamäki, Kärkkäinen & Fränti 2012, "Random swap EM algorithm for Gaussian mixture
    models"; Runnalls 2007, "Kullback–Leibler approach to Gaussian mixture reduction", for which
    components are neighbours.
    """
    place = _own(state)
    uniform, reached, used, failed, left = _native.swap(
        *_rows_of(problem),
        rule[:-1],
        doubles(rule.units),
        *place,
        state.uniform_weight,
        state.log_likelihood,
        effort,
        doubles(draws),
    )
    return Swapped(EMState(*place, reached, uniform), used, failed, left)


def fit_groups(problem: GroupProblem, rule: GroupRule) -> GroupEnds:
    """Fit every candidate to each group, from several starts, and keep the best by a criterion.

    A start is k-means++ on the rows in the units that the structure scales with, or an end of one
    component less with one more on rows near to each other. Some steps of EM tell the starts
    apart, and the likeliest whose components are no accident of few rows is run to its end; so is
    the best after swaps from there. A run that at its pace cannot be chosen is given up.

    Parameters
    ----------
    problem, rule : the groups, and how they are fitted.

    Raises
    ------
    ValueError : a shape does not fit the others, or there is no such structure or row.

    Notes
    -----
    One thread, the GIL released. What becomes of a group depends on its rows, in their order, and
    on its seed, and has the same bits in whatever company.

    References
    ----------
    Biernacki, Celeux & Govaert 2003, "Choosing starting values for the EM algorithm", for short
    runs of EM; Arthur & Vassilvitskii 2007 for k-means++.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(120, 1))
    >>> rows = noise + np.repeat([[0.0], [9.0], [0.0]], 40, axis=0)
    >>> where = [np.array(each) for each in ([0, 80], [80, 120], [1, 2])]
    >>> found = fit_groups(
    ...     GroupProblem(rows, None, None, *where, [(1, "VVV"), (2, "VVV")]),
    ...     GroupRule(0.0, 1e-8, False, 1e-8, 1e-3, False, 100, 4, 5, 0, True, 1e-4, 10.0),
    ... )
    >>> found.chosen.tolist()
    [1, 0]
    """
    most = max(k for k, _ in problem.candidates)
    ends = GroupEnds.empty(len(problem.starts), most, problem.rows.shape[1])
    weights, order = problem.weights, problem.order
    _native.fit_groups(
        doubles(problem.rows),
        None if weights is None else doubles(weights),
        None if order is None else np.ascontiguousarray(order, np.int64),
        np.ascontiguousarray(problem.starts, np.int64),
        np.ascontiguousarray(problem.stops, np.int64),
        np.ascontiguousarray(problem.seeds, np.int64),
        list(problem.candidates),
        rule,
        *ends,
    )
    return ends


def race(
    problem: EMProblem, states: Sequence[EMState], rule: SwapRule, how: Race
) -> tuple[list[EMState], int | None]:
    """EM's parameters after a few steps from each of several, and more from those that lead.

    The best has the fewest spurious components, and of such the largest likelihood.

    Parameters
    ----------
    problem, states : what is maximised, and from where on; all of as many components.
    rule : of it, what is spurious.
    how : how many steps, and from how many.

    Returns
    -------
    Those that were followed, the best first; and how many steps were done, or None where EM cannot
    go on from one of all, so that the others say little.

    Raises
    ------
    ValueError : a shape does not fit the others, or there is no such structure.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called; the rows
    are turned once for all. Steps cost as those of `climb`.
    """
    weight, means, covariances, heights, uniform = (
        np.array([state[i] for state in states], np.float64) for i in range(5)
    )
    order = np.empty(len(states), np.int64)
    n_steps = _native.race(
        *_rows_of(problem),
        rule[:-1],
        doubles(rule.units),
        weight,
        means,
        covariances,
        uniform,
        heights,
        how,
        order,
    )
    led = [
        EMState(weight[i], means[i], covariances[i], float(heights[i]), float(uniform[i]))
        for i in order[: how.n_followed]
    ]
    return led, n_steps if n_steps >= 0 else None


def search(
    problem: EMProblem,
    states: Sequence[EMState],
    rule: SwapRule,
    how: Searching,
    effort: Effort,
    draws: Floats,
) -> Searched | None:
    """Where searches end that begin independently, each with a race and then swaps.

    The first begins with given parameters, each other with rows drawn at random; one that comes to
    the best there is is over. The last is over once that has been met often enough.

    Parameters
    ----------
    problem, states : what is maximised, and from where on; all of as many components, two at least.
        There may be no state where the first search begins at random, too.
    rule : of a swap, and of what is better.
    how : of the searches.
    effort : how long swaps and searches go on.
    draws : (n,), each from [0, 1): K for the rows of each start, in turn with six for each swap.

    Returns
    -------
    The ends; or None where EM cannot go on from one of the starts, or the draws are too few.

    Raises
    ------
    ValueError : a shape does not fit the others, there is no such structure, or a draw is none.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called: those of
    `race` and of `swap`, one after the other.
    """
    k, d = len(how.scatter.weight), problem.block.rows.shape[1]
    shapes = (k,), (k, d), (k, d, d), (), ()
    weight, means, covariances, _, uniform = (
        np.array([state[i] for state in states], np.float64).reshape(len(states), *shape)
        for i, shape in enumerate(shapes)
    )
    found = _native.search(
        *_rows_of(problem),
        rule[:-1],
        doubles(rule.units),
        weight,
        means,
        covariances,
        uniform,
        *_searching(how),
        effort,
        doubles(draws),
    )
    if found is None:
        return None
    ends, times, n_used, left = found
    reached = [
        EMState(np.array(w), np.reshape(m, (k, d)), np.reshape(c, (k, d, d)), height, rest)
        for w, m, c, rest, height in ends
    ]
    return Searched(reached, times, n_used, left)


def log_ratio(
    problem: EMProblem,
    state: EMState,
    rule: SwapRule,
    how: RatioRule,
    searching: Searching,
    effort: Effort,
    draws: Floats,
) -> float | None:
    """How much higher K + 1 components end than K, log L_{K+1} − log L_K, nats a row.

    Parameters
    ----------
    problem, state : what is maximised, and from where on, of K components.
    rule : of a swap, and of what is better.
    how : what else K and K + 1 are sought from than a state and searches.
    searching, effort : of the searches for K + 1, and how long they go on.
    draws : (n,), each from [0, 1), as for `search`.

    Returns
    -------
    The ratio, NaN where an end has a spurious component; or None where EM cannot go on from one of
    the starts, or the draws are too few.

    Raises
    ------
    ValueError : a shape does not fit the others, there is no such structure, or a draw is none.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called.
    """
    return _native.log_ratio(
        *_rows_of(problem),
        rule[:-1],
        doubles(rule.units),
        *_own(state),
        (how.n_axes, how.apart, how.n_merges),
        (how.alone, how.between, how.last),
        *_searching(searching),
        effort,
        doubles(draws),
    )


def _searching(how: Searching) -> tuple[Race, tuple[int, float, float, int, int, bool], Floats]:
    """The race, what else is told of searches, and a start's weights, as the core takes them."""
    scatter, others = how.scatter, (how.n_met, how.n_drawn, how.scattered)
    told = (scatter.n_starts, scatter.variance, scatter.uniform_weight, *others)
    return how.race, told, doubles(scatter.weight)


def _rows_of(problem: EMProblem) -> tuple[Floats, Floats | None, str, Floats, float]:
    """Rows, their weights, structure, ridge and uniform log density, as the core takes them."""
    block = problem.block
    weights = None if block.weights is None else doubles(block.weights)
    ridge = doubles(problem.ridge)
    return doubles(block.rows), weights, problem.structure, ridge, problem.uniform_log_density


def _own(state: EMState) -> tuple[Floats, Floats, Floats]:
    """Weight, means and covariances, copied: the core writes its answers over them."""
    weight, means, covariances = state[:3]
    return (
        np.array(weight, np.float64),
        np.array(means, np.float64, order="C"),
        np.array(covariances, np.float64, order="C"),
    )
