"""The native kernel's search: EM, and swaps of components, over rows in memory in one call each."""

from __future__ import annotations

import math

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.climbs import Climbed
from mixtura.engine.kernel import _native
from mixtura.engine.sources import Block
from mixtura.engine.swaps import Effort, Swapped, SwapRule

__all__ = ["climb", "swap"]


def climb(
    block: Block,
    structure: str,
    weight: Floats,
    means: Floats,
    covariances: Floats,
    *,
    ridge: float | Floats,
    n_steps: int,
    gain: float = 0.0,
    log_likelihood: float = -math.inf,
    noise_weight: float = 0.0,
    noise_log_density: float = -math.inf,
    equal_weights: bool = False,
) -> Climbed:
    """EM from given parameters on, until a step gains less than `gain` nats a row.

    A step is an E-step and an M-step::

        r_ik = w_k N(x_i | μ_k, Σ_k) / p(x_i),  n_k = Σ_i v_i r_ik,  μ_k = Σ_i v_i r_ik x_i / n_k

    and the structure's covariances for (n_k, W_k), to which the ridge is added; where components
    share a part of them but not all, n_k times the ridge is added to each W_k before.

    Parameters
    ----------
    block : the rows, taken as float64.
    structure : its three letters, such as ``"VVV"``.
    weight : (K,), effective numbers of rows; w_k is their share of all, the noise's among them.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure; those of a shared one are all the same.
    ridge : (D, D), symmetric, or what the diagonal is of; squared feature units. Of a diagonal
        structure its diagonal is added, of a spherical one the mean of that.
    n_steps : how many at most.
    gain : nats a row.
    log_likelihood : that of the parameters one step before, if known: nats a row.
    noise_weight : effective number of rows of one more component, whose density is the same
        everywhere.
    noise_log_density : the logarithm of that, nats; −inf for no noise.
    equal_weights : whether each w_k is a K-th of what the noise leaves.

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
    >>> start = np.array([2.0, 2.0]), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1))
    >>> end = climb(Block(0, rows), "EEE", *start, ridge=0.0, n_steps=9)
    >>> end.means.round(3).tolist()
    [[-2.0], [2.0]]
    """
    weight, means = np.array(weight, np.float64), np.array(means, np.float64, order="C")
    covariances = np.array(covariances, np.float64, order="C")
    if not isinstance(ridge, np.ndarray):
        ridge = ridge * np.eye(means.shape[1])
    background, reached, last, done, sound = _native.climb(
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        structure,
        doubles(ridge),
        noise_log_density,
        equal_weights,
        weight,
        means,
        covariances,
        noise_weight,
        log_likelihood,
        n_steps,
        gain,
    )
    return Climbed(weight, background, means, covariances, reached, last, done, sound)


def swap(
    block: Block,
    structure: str,
    weight: Floats,
    means: Floats,
    covariances: Floats,
    *,
    ridge: Floats,
    rule: SwapRule,
    units: Floats,
    effort: Effort,
    draws: Floats,
    log_likelihood: float,
    noise_weight: float = 0.0,
    noise_log_density: float = -math.inf,
) -> Swapped:
    """EM's parameters after swaps of components, each followed by a climb, while some help.

    A component is taken from where it is, merged into its neighbour or dropped, and set on rows
    about one that is drawn; then EM goes on from there for as long as that may yet be better.

    Parameters
    ----------
    block : the rows, at least one, taken as float64.
    structure : its three letters, such as ``"VVV"``.
    weight : (K,), effective numbers of rows; K is at least 2.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure.
    ridge : (D, D), symmetric; added as in `climb`.
    rule : of a swap, of the steps after it, and of what is better.
    units : (D,), the variances of the features, in which a covariance is thin.
    effort : how long it goes on.
    draws : (n, 6), each from [0, 1); a row for each swap, in their order.
    log_likelihood : that of the parameters one step before, nats a row.
    noise_weight, noise_log_density : as for `climb`.

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
    weight, means = np.array(weight, np.float64), np.array(means, np.float64, order="C")
    covariances = np.array(covariances, np.float64, order="C")
    background, reached, used, failed, left = _native.swap(
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        structure,
        doubles(ridge),
        noise_log_density,
        rule,
        doubles(units),
        weight,
        means,
        covariances,
        noise_weight,
        log_likelihood,
        effort,
        doubles(draws),
    )
    return Swapped(weight, background, means, covariances, reached, used, failed, left)
