"""Rows of very many components are scored by a tree, to the answers of the whole pass."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura import Mixture
from mixtura.engine import kernel
from mixtura.engine.components import Components
from mixtura.engine.kernel import reference
from mixtura.model.box import Box
from mixtura.model.noise import Noise

Floats = NDArray[np.float64]

pytestmark = pytest.mark.skipif(
    not kernel.native_is_installed(), reason="this installation has no native kernel"
)
FORMS = ("full", "tied", "diag", "spherical")
#: of a log-likelihood that is the same to an ulp or two of a sum whose largest term is 1
CLOSE = 1e-15


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """The native kernel's alone: the reference has no tree."""


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree for any components and rows, whether it pays or not."""
    of = "mixtura.engine.kernel.native_tree"
    for name in ("_COMPONENTS", "_PAIRS"):
        monkeypatch.setattr(f"{of}.{name}", 1)
    monkeypatch.setattr(f"{of}._SHARE", math.inf)


def mixture(
    form: str, k: int, d: int, *, apart: float = 6.0, offset: float = 0.0, noise: bool = False
) -> Mixture:
    """Components of many sizes and weights, some of them elongated, some the same twice."""
    random = np.random.RandomState(k + d)
    means = offset + apart * k ** (1.0 / d) * random.uniform(size=(k, d))
    means[1] = means[0]
    mixing = random.normal(size=(k, d, d)) / math.sqrt(d) * np.exp(random.normal(size=(k, 1, 1)))
    full = mixing @ mixing.transpose(0, 2, 1) + 0.01 * np.eye(d)
    full[1] = full[0]
    covariances = {
        "full": full,
        "tied": full.mean(axis=0),
        "diag": np.einsum("kdd->kd", full),
        "spherical": np.einsum("kdd->k", full) / d,
    }[form]
    weights = random.dirichlet(np.full(k, 0.3)) + 1e-300
    weights[1] = weights[0]
    share = 0.1 if noise else 0.0
    weights *= (1.0 - share) / weights.sum()
    box = Box(means.min(axis=0) - 1.0, means.max(axis=0) + 1.0)
    return Mixture(weights, means, covariances, form, noise=Noise(share, box) if noise else None)


def rows_of(of: Mixture, n: int) -> Floats:
    """Rows of the mixture, and some that are of none of its components."""
    rows = of.sample(n, 0)[0]
    random = np.random.RandomState(1)
    rows[::7] = of.means.mean(axis=0) + 30.0 * random.normal(size=rows[::7].shape)
    rows[:5] = of.means[:5]
    rows[5:10] += 1e5
    return rows


def joint(of: Mixture, rows: Floats) -> Floats:
    """Log w_k N(x | μ_k, Σ_k) by SciPy, (N, K)."""
    matrices = of.covariance_matrices()
    return np.stack(
        [
            np.log(weight) + multivariate_normal(mean, matrix).logpdf(rows)
            for weight, mean, matrix in zip(of.weights, of.means, matrices, strict=True)
        ],
        axis=1,
    )


def dense(components: Components, rows: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Log-likelihoods and labels by the pass over all components."""
    from mixtura.engine.kernel import _native

    likelihood, labels = np.empty(len(rows)), np.empty(len(rows), np.int64)
    packed = (
        components.factor.form,
        components.constants,
        components.means,
        components.whitening(kernel.invert_lower),
    )
    _native.one_pass(*packed, rows, log_likelihood=likelihood)
    _native.one_pass(*packed, rows, labels=labels, hard=True)
    return likelihood, labels


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("d", [1, 2, 3, 6, 11])
def test_answers_are_those_of_the_pass(form: str, d: int, noise: bool) -> None:
    of = mixture(form, 300, d, noise=noise)
    rows = rows_of(of, 500)
    likelihood, labels = dense(of.components, rows)
    assert (kernel.labels(rows, of.components) == labels).all()
    found = kernel.log_likelihood(rows, of.components)
    assert np.abs(found - likelihood).max() <= CLOSE * (1.0 + np.abs(likelihood).max())
    names, shares = kernel.leading(rows, of.components, 3)
    told, theirs = reference.leading(rows, of.components, 3)
    assert np.allclose(shares, theirs, rtol=1e-9, atol=1e-300)
    apart = theirs[:, :-1] > theirs[:, 1:] * (1.0 + 1e-6)  # rounding orders those that are equal
    assert (names == told)[:, 0][apart[:, 0]].all()


@pytest.mark.usefixtures("always", "instructions")
@pytest.mark.parametrize("form", FORMS)
def test_answers_are_those_of_the_pass_on_every_instruction_set(form: str) -> None:
    of = mixture(form, 300, 3)
    rows = rows_of(of, 300)
    likelihood, labels = dense(of.components, rows)
    assert (kernel.labels(rows, of.components) == labels).all()
    found = kernel.log_likelihood(rows, of.components)
    assert np.abs(found - likelihood).max() <= CLOSE * (1.0 + np.abs(likelihood).max())


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("form", FORMS)
def test_scores_are_scipys(form: str) -> None:
    of = mixture(form, 260, 3)
    rows = rows_of(of, 300)
    theirs = joint(of, rows)
    assert np.allclose(of.score_samples(rows), logsumexp(theirs, axis=1), rtol=1e-9, atol=1e-10)
    best = np.sort(theirs, axis=1)
    clear = best[:, -1] - best[:, -2] > 1e-6
    assert (of.predict(rows) == theirs.argmax(axis=1))[clear].all()


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("form", ["full", "diag"])
def test_nearly_singular_components_and_far_offsets_change_no_answer(form: str) -> None:
    random = np.random.RandomState(0)
    k, d = 280, 3
    means = 1e7 + 5.0 * random.normal(size=(k, d))
    turned = np.linalg.qr(random.normal(size=(k, d, d)))[0]
    variances = 10.0 ** random.uniform([-11, -3, 0], [-8, 0, 2], (k, d))
    full = np.einsum("kij,kj,klj->kil", turned, variances, turned)
    full = 0.5 * (full + full.transpose(0, 2, 1))
    weights = np.r_[np.full(k - 1, 1e-300), 1.0]
    covariances = full if form == "full" else variances
    of = Mixture(weights / weights.sum(), means, covariances, form)
    rows = np.r_[of.sample(300, 0)[0], means, means + 1e-6 * random.normal(size=means.shape)]
    likelihood, labels = dense(of.components, rows)
    assert (kernel.labels(rows, of.components) == labels).all()
    found = kernel.log_likelihood(rows, of.components)
    assert np.abs(found - likelihood).max() <= CLOSE * (1.0 + np.abs(likelihood).max())


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("form", FORMS)
def test_rows_out_of_reach_and_holes_are_answered_as_by_the_reference(form: str) -> None:
    of = mixture(form, 270, 2)
    rows = rows_of(of, 200)
    rows[:6] = [[1e160, 0], [0, -1e160], [1e300, 1e300], [1e120, 0], [-1e99, 1e99], [1e101, 0]]
    for chosen in (rows, np.where(np.arange(400).reshape(200, 2) % 9 == 0, np.nan, rows)):
        found, wanted = (each.log_likelihood(chosen, of.components) for each in (kernel, reference))
        assert np.allclose(found, wanted, rtol=1e-12, atol=1e-12)
        assert (
            kernel.labels(chosen, of.components) == reference.labels(chosen, of.components)
        ).all()
        shares = kernel.leading(chosen, of.components, 2)[1]
        assert np.allclose(shares, reference.leading(chosen, of.components, 2)[1], atol=1e-12)


@pytest.mark.usefixtures("always")
def test_a_row_is_answered_alike_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    of = mixture("full", 300, 2)
    rows = rows_of(of, 9000)
    found = {}
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("MIXTURA_NUM_THREADS", threads)
        found[threads] = of.score_samples(rows), of.predict(rows)
    for threads in ("2", "3"):
        assert (found["1"][0] == found[threads][0]).all()
        assert (found["1"][1] == found[threads][1]).all()
    some = rows[::-97]
    assert (of.score_samples(some) == found["1"][0][::-97]).all()
    alone = [of.score_samples(row[None])[0] for row in some[:20]]
    assert (alone == found["1"][0][::-97][:20]).all()


def looked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a tree answered, call by call, from now on."""
    from mixtura.engine.kernel import native_tree

    found, look = [], native_tree.look

    def counted(*asked: Any, **more: Any) -> bool:
        found.append(look(*asked, **more))
        return found[-1]

    monkeypatch.setattr(native_tree, "look", counted)
    return found


def test_a_tree_is_used_where_geometry_tells_and_there_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = looked(monkeypatch)
    random = np.random.RandomState(0)
    clear = mixture("diag", 2000, 2)
    clear.score_samples(clear.sample(3000, 0)[0])
    assert found == [True]
    wide = Mixture(np.full(400, 1 / 400), random.normal(size=(400, 16)), np.ones((400, 16)), "diag")
    rows = wide.sample(6000, 0)[0]
    scores = wide.score_samples(rows)
    assert not any(found[1:])
    assert (scores == dense(wide.components, rows)[0]).all()
    clear.score_samples(clear.sample(100, 0)[0])  # a tree would take longer to grow
    assert not any(found[1:])


def test_rows_from_elsewhere_are_all_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(monkeypatch)
    of = mixture("diag", 2000, 2)
    random = np.random.RandomState(0)
    far = of.means.mean(axis=0) + 10.0 ** random.uniform(3, 150, (1500, 1)) * random.normal(
        size=(1500, 2)
    )
    rows = np.r_[of.sample(500, 0)[0], far][random.permutation(2000)]
    scores, labels = of.score_samples(rows), of.predict(rows)
    assert found == [True, True]
    wanted, theirs = dense(of.components, rows)
    assert np.allclose(scores, wanted, rtol=1e-14, atol=1e-14)
    assert (labels == theirs).all()


@pytest.mark.usefixtures("always")
def test_float32_rows_are_answered_as_the_same_numbers_of_float64() -> None:
    of = mixture("full", 300, 2)
    rows = of.sample(500, 0)[0].astype(np.float32)
    assert (of.score_samples(rows) == of.score_samples(rows.astype(np.float64))).all()
    assert (of.predict(rows) == of.predict(rows.astype(np.float64))).all()


@pytest.mark.parametrize("made", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_mixture_that_has_scored_rows_is_copied_and_pickled(
    always: None, made: Callable[[Mixture], Mixture]
) -> None:
    of = mixture("diag", 300, 2)
    rows = rows_of(of, 500)
    np.testing.assert_array_equal(of.predict(rows), made(of).predict(rows))
    np.testing.assert_array_equal(made(of).score_samples(rows), of.score_samples(rows))


def test_the_largest_shares_are_those_of_all() -> None:
    of = mixture("diag", 1500, 2, noise=True)
    rows = of.sample(3000, 0)[0]
    labels, shares = of.predict_proba(rows, top=4)
    whole = of.predict_proba(rows[:500])
    order = np.argsort(-whole, axis=1, kind="stable")[:, :4]
    wanted = np.take_along_axis(whole, order, axis=1)
    assert np.allclose(shares[:500], wanted, rtol=1e-9, atol=1e-300)
    names = np.where(order == of.n_components, -1, order)
    assert (labels[:500] == names)[wanted > 1e-300].all()
