"""Fitter: from rows to the best of several runs of EM."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from mixtura.arguments import takes_missing
from mixtura.errors import CollapseError, ParameterError
from mixtura.filling import changed
from mixtura.fitting.checkpoints import Checkpointer, checkpointed
from mixtura.fitting.em import EM, Observer
from mixtura.fitting.factor_start import check_able
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.runs import best_of, check_resumed, kept
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.starts.start import StartLike
from mixtura.fitting.truncated.choice import run_of
from mixtura.model.box import Box
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of, seed_of
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.rows.opening import Held, Opened, open_rows, read
from mixtura.tables.collections import Collection


def fit(
    X: Any,
    n_components: int = 1,
    *,
    structure: str | Structure = "full",
    n_factors: int | None = None,
    start: StartLike = "auto",
    tol: float | str = "auto",
    reg_covar: float | str = "auto",
    max_iter: int = 1000,
    n_init: int = 1,
    accelerate: bool | str = "auto",
    given: Given | None = None,
    weights: str = "free",
    prior: Prior | str | bool | None = None,
    noise: Box | float | bool | None = None,
    random_state: Seed = 0,
    sample_weight: Any = None,
    errors: Any = None,
    projections: Any = None,
    labels: Any = None,
    classes: Sequence[int] | None = None,
    trust: float = 1.0,
    observer: Observer | None = None,
    client: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 1,
    resume: bool = False,
    missing: str = "refuse",
    search: str = "auto",
) -> Fit:
    """Fit a Gaussian mixture by expectation-maximisation.

    Repeats w, μ, Σ ← argmax Σ_ik r_ik log(w_k N(x_i | μ_k, Σ_k)), with r_ik the responsibilities
    under the parameters before, until the mean log-likelihood gains less than `tol`.

    Parameters
    ----------
    X : (N, D) array-like, or a table, whose column names the mixture keeps. Or rows that are read
        anew at each pass: a path, a glob, a folder or several paths of Parquet, Arrow, CSV or
        ``.npy`` files, a `pyarrow.dataset.Dataset`, an iterable of arrays or record batches that
        can be begun again; `mixtura.tables.streams.scan` has the options. Or a Dask array or data
        frame, whose partitions stay where they are.
    n_components : K, at least 1, at most N.
    structure : of the covariances: ``full`` (VVV), ``tied`` (EEE), ``diag`` (VVI), ``spherical``
        (VII), or any other of the fourteen, EII VEI EEI EVI VEE EVE VVE EEV VEV EVV, whose letters
        say whether volume, shape and orientation are equal, vary, or are the identity; for one
        feature, ``E`` or ``V``. Or ``factor``, factor analysers Σ_k = A_k A_kᵀ + Ψ_k with Ψ_k
        diagonal, ``factor-shared`` where Ψ is one for all.
    n_factors : H of factor analysers, the columns of A_k: fewer than features. ``factor-8`` says
        the same as ``factor`` with 8.
    start : ``auto``, the best of several searches on a sample, with no units, or with a hundred
        components and more what truncated EM or k-means leads to; ``kmeans``,
        ``k-means++``, ``random`` or ``random_from_data``, as scikit-learn's; labels (N,) from 0 to
        K − 1 or responsibilities (N, K); a function ``(rows, n_components, random_state)`` that
        returns either; or a `Mixture`, from whose responsibilities to begin.
    tol : nats a row, or ``"auto"``: EM then goes on until less than 1e-8 nats a row are to be
        gained, by Aitken's estimate; `mixtura.fitting.convergence.rules.Remaining`.
    reg_covar : added to every variance, squared feature units. 0 asks for the exact maximum. Where
        components share only a part of their covariances, it is added to W_k / n_k instead, which
        keeps that part equal.
        ``"auto"`` has no units: no component's variance, in any direction, is let below 1e-8 of
        the data's own.
    max_iter : EM iterations at most.
    n_init : how many starts; the end of largest likelihood is kept.
    accelerate : True extrapolates EM's steps, and keeps a point only where the likelihood does not
        fall; ``"auto"`` begins with that once the gains shrink at a steady ratio.
    given : parameters to start from.
    weights : ``"free"``, or ``"equal"`` for components of one weight, which are then not counted as
        parameters.
    prior : None, or ``"conjugate"`` for a `mixtura.Prior` with its defaults, or one of your own:
        what is known of means and covariances beforehand, so that a component of few rows does not
        collapse. EM then maximises the posterior density; the log-likelihood and the criteria that
        are told are of the rows alone. With a prior weights of rows are numbers of rows.
    noise : True where some rows may belong to no component but lie anywhere in the box about all of
        them; or its volume, in feature units, or a `mixtura.Box`. They are labelled −1, and count
        two parameters.
    random_state : the seed of the start.
    sample_weight : (N,) how much each row counts, at least 0, or None for 1 each. A whole number
        is as good as so many equal rows, 0 as no row; a factor on all of them changes nothing but
        the effective counts. Of rows that are streamed, the name of the column of weights; of a
        Dask collection, that, or a Dask array or series.
    errors : with what uncertainty each row was measured, or None: (N, D) standard deviations, in
        feature units; (N, D, D) covariances; one covariance (D, D) of all rows; or the names of
        columns of `X` that hold standard deviations, one for each feature, in their order. The
        mixture is then of the true values: x_i ~ Σ_k w_k N(μ_k, Σ_k + S_i).
    projections : (N, D, D), or (D, D) for all rows: what was measured of each is R_i times its true
        value, x_i ~ Σ_k w_k N(R_i μ_k, R_i Σ_k R_iᵀ + S_i), where a row of zeros measured nothing.
        Of rows in memory, and from a mixture or parameters to start from, since no other start
        knows what they are projections of.
    labels : (N,) the classes of rows where they are known, whole numbers from 0; −1 or NaN where
        they are not. A known row's responsibilities are held: it is shared by the components of its
        class alone. EM then maximises Σ log p(x_i, y_i), and that is the likelihood that is told;
        it begins amid the known rows, whatever name `start` has. Of rows that are
        streamed, the name of the column of labels, −1 where one is not known.
    classes : K numbers, the class that each component is of, with labels: a class may own several;
        −1 is a component of no class, of rows without a label alone. None is class k for component
        k.
    trust : the probability of a label to be right, above 0; below 1 rows of known label may be of
        other classes' components, in proportion to (1 − trust) / (C − 1).
    observer : told of every iteration.
    client : the `dask.distributed.Client` that computes for a Dask collection; None leaves it to
        Dask.
    checkpoint : a file in which the fit keeps where it stands, and the one before it beside, as
        ``….before``; or None.
    every : so many iterations from one writing of the checkpoint to the next.
    resume : whether to go on from the checkpoint, where there is one: the result then has the bits
        of a fit that was never stopped. A checkpoint of a fit that is over gives its result.
    missing : ``"refuse"``, or ``"em"`` where rows may lack features: NaN, None, NA, nulls, what is
        masked, and in CSV empty cells and the like. What is missing is unknown, to E-step and
        likelihood, which is that of what was observed; nothing is filled in. That is right where
        whether a value is missing does not depend on what it would be, given those observed.
    search : which components an E-step looks at for each row: ``"exact"``, all of them;
        ``"truncated"``, the few that it keeps and their neighbours, so that an iteration hardly
        grows with K; ``"auto"``, exact up to N·K = 2e7 and below 256 components, and where the rows
        or what else is asked for need it. Truncated EM raises a lower bound of the log-likelihood;
        `Fit.truncation` says how far below it is. With ``start="auto"`` it has a start of its own,
        and moves components from where two do the work of one to where one does that of two.

    Raises
    ------
    DataError : the rows cannot be used: shape, NaN, too few, too large; or they are not those of
        the checkpoint.
    ParameterError : a setting is outside its range, or not that of the checkpoint.
    ModelError : the checkpoint and the one before it are damaged.
    FileExistsError : there is a checkpoint, and `resume` is False.
    OSError : the checkpoint cannot be written, and the one before it stays; or another fit that is
        running keeps its own there.
    CollapseError : a covariance became singular and reg_covar is 0.
    Interrupted : Ctrl-C; it carries the fit so far.

    Notes
    -----
    The multiply-adds of an iteration, to leading order: for full and tied covariances N·K·D²/2 to
    whiten by forward substitution and N·K·D² for the second moments, for diagonal ones N·K·D each.
    Besides, N·K exponentials, and memory for a few blocks of rows. Of rows that are streamed, one
    pass more is made at first, and a named start is found on a sample of up to 131,072 of them.
    Rows that lack features are taken by pattern: those that lack the same together, and for each
    pattern in a block K factorisations, 4/3·K·D³. A start is found on rows that are filled by draws
    from their normal distribution, of which EM knows nothing. By truncated EM an iteration finds
    some 16 densities a row in the plane, 50 to 100 in more dimensions, and takes 12·C bytes a row,
    C being 3 to 8, and a copy of the rows; of a stream 4·C bytes a row in a temporary file.

    References
    ----------
    Dempster, Laird & Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm";
    Fraley & Raftery 2007 for `prior`; Banfield & Raftery 1993 for `noise`; Bovy, Hogg & Roweis
    2011, "Extreme deconvolution", for `errors`; Ghahramani & Jordan 1994, "Supervised learning from
    incomplete data via an EM approach", for `missing`; Forster & Lücke 2018, "Can clustering scale
    sublinearly with its clusters?", for `search`.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> result = mixtura.fit(faithful(), 2, random_state=0)
    >>> sorted(result.mixture.weights.round(3).tolist()), result.outcome.value
    ([0.356, 0.644], 'converged')
    """
    kind, assumed = structure_called(structure, n_factors), (weights, prior, noise)
    begin = _labelled(start, labels, classes, n_components, trust)
    settings = Settings(
        n_components, kind, begin, tol, reg_covar, max_iter, n_init, accelerate, *assumed, search
    )
    begun = _checked(given)
    seed = None if given else seed_of(random_state)
    with checkpointed(checkpoint, every, resume, settings, begun, random_state) as checkpointer:
        return fit_rows(
            open_rows(
                X,
                sample_weight,
                client,
                holes=takes_missing(missing),
                errors=errors,
                projections=projections,
                labels=labels,
            ),
            settings,
            given=begun,
            random=random_state_of(random_state),
            observer=observer,
            checkpointer=checkpointer,
            client=client,
            seed=seed,
        )


def fit_rows(
    rows: Opened,
    settings: Settings,
    *,
    given: Given,
    random: np.random.RandomState,
    resumed: Fit | None = None,
    observer: Observer | None = None,
    checkpointer: Checkpointer | None = None,
    client: Any = None,
    seed: int | None = None,
) -> Fit:
    """Fit to rows that are open, with everything decided.

    Rows in memory are taken as they are. Of others a first pass, or two on a cluster, counts and
    checks them and draws a sample, on which a named start is found. Every iteration is a pass over
    all rows, and has the bits of one over an array of them; but for truncated EM, to which the
    order of the rows matters.

    Parameters
    ----------
    rows : as `mixtura.rows.opening.open_rows` gives them.
    settings, given, random, observer, client : as for `fit`.
    resumed : an earlier fit to go on from, instead of a start.
    checkpointer : of the checkpoint, or None.
    seed : the whole number that `random` began with, where that is worth to be told; or None.

    Raises
    ------
    ParameterError : `resumed` has another number of components or another structure; or the start
        is given by row, and rows are left out or on workers.
    DataError : the rows cannot be used, or are not the same at every pass, or not those of the
        checkpoint; or `resumed` has another number of features.
    """
    began = time.perf_counter()
    _check_start(settings, rows, given)
    if checkpointer:
        checkpointer.begin(random)
    data = read(
        rows,
        settings.n_components,
        0 if isinstance(rows, Held) else _seed_aside(random),
        client=client,
        known=checkpointer is not None,
        scatter=settings.wants_scatter,
    )
    if checkpointer:
        checkpointer.identify(data.known_by(), data.names)
        began = checkpointer.began
    data.check(settings.n_components)
    settings.structure.check(data.source.n_features)
    check_able(settings, data)
    _check_all_there(settings, data.left_out)
    if resumed is not None:
        check_resumed(resumed, settings, data.source.n_features)
    em = EM(data, settings, observer, checkpointer, seed=seed)
    one = run_of(em, given)

    def numbered(number: int) -> Fit:
        try:
            return one(em, number, given, random, resumed=resumed)
        except CollapseError as collapse:
            raise data.naming_rows(collapse) from None

    best = best_of(1 if resumed is not None else settings.n_init, numbered, began, checkpointer)
    with kept(best, began, checkpointer):
        oddities, seconds = data.oddities(settings.n_components), time.perf_counter() - began
        return em.noted(changed(best, oddities=oddities, seconds=seconds, seed=seed))


def _checked(given: Given | None) -> Given:
    if given is not None and not isinstance(given, Given):
        raise ParameterError(
            f"given is a {type(given).__name__}, expected a mixtura.Given, such as "
            "Given(means=[[0.0], [4.0]])"
        )
    return given or Given()


def _labelled(
    start: StartLike, labels: Any, classes: Sequence[int] | None, n_components: int, trust: float
) -> Any:
    """The start that is asked for; with labels that of the classes they name.

    Raises
    ------
    ParameterError : the classes or the trust are none, or are given without labels, or with a
        start of one's own.
    """
    if labels is None:
        if classes is not None or trust != 1.0:
            raise ParameterError(
                "classes or trust is given without labels, of which they tell: give labels, too"
            )
        return start
    if not isinstance(start, str):
        raise ParameterError(
            "start and labels are both given, and labels say where to begin: leave start out"
        )
    return Labelled.of(classes, n_components, trust)


def _seed_aside(random: np.random.RandomState) -> int:
    """A seed for the sample that leaves `random` as it is.

    So the start of rows that are all in the sample is that of the rows in memory.
    """
    other = np.random.RandomState()
    other.set_state(random.get_state())
    return int(other.randint(2**31))


def _given_by_row(settings: Settings) -> bool:
    """Whether the start is labels or responsibilities."""
    return not (isinstance(settings.start, (str, Mixture)) or callable(settings.start))


def _check_start(settings: Settings, rows: Opened, given: Given) -> None:
    projected = isinstance(rows, Held) and "projections" in rows.fields
    if projected and not (given.complete or isinstance(settings.start, Mixture)):
        raise ParameterError(
            "projections are given, and no start by name knows what they are projections of: give "
            "a mixture as start, or given=Given(weights=…, means=…, precisions=…)"
        )
    if isinstance(rows, Collection) and _given_by_row(settings):
        raise ParameterError(
            "start is given by row, but the rows are in a Dask collection: start from a name, a "
            "function or a mixture"
        )


def _check_all_there(settings: Settings, left_out: int) -> None:
    if left_out and _given_by_row(settings):
        raise ParameterError(
            "start is given by row, but of X some rows were left out, bad or of weight 0 "
            f"({left_out:,}): start from a name, a function or a mixture, or take them out first"
        )
