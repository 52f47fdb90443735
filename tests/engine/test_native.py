"""The native kernel gives the reference's answers, on every path through it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import mixtura
from mixtura.engine import kernel
from mixtura.engine.components import Components
from mixtura.engine.executors import Serial, Threads
from mixtura.engine.factors import Diagonal, Factor, SharedTriangular, Spherical, Triangular
from mixtura.engine.kernel import reference
from mixtura.engine.sources import ArraySource, Block, block_rows, fields_of
from mixtura.engine.statistics import Statistics
from mixtura.fitting import Given

if not kernel.native_is_installed():
    pytest.skip("this installation has no native kernel", allow_module_level=True)

from mixtura.engine.kernel import _native, native

FORMS = ("triangular", "shared_triangular", "diagonal", "spherical")
SUMS = ("weight", "first", "second", "log_likelihood")


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """Nothing here goes through the choice of a kernel."""


def factor(form: str, k: int, d: int, random: np.random.Generator) -> Factor:
    """Factors of covariances with eigenvalues around 1 to 10."""
    if form == "diagonal":
        return Diagonal(random.uniform(0.5, 2.0, (k, d)))
    if form == "spherical":
        return Spherical(random.uniform(0.5, 2.0, k))
    root = random.normal(size=(1 if form == "shared_triangular" else k, d, d)) / np.sqrt(d)
    lower = np.linalg.cholesky(root @ root.transpose(0, 2, 1) + np.eye(d))
    return SharedTriangular(lower[0]) if form == "shared_triangular" else Triangular(lower)


def components(form: str, k: int, d: int, seed: int = 0) -> Components:
    random = np.random.default_rng([seed, k, d])
    log_weights = np.log(random.dirichlet(np.full(k, 5.0)))
    return Components(log_weights, random.normal(size=(k, d)) * 2.0, factor(form, k, d, random))


def block(m: int, d: int, dtype: type = np.float64, *, weighted: bool = False) -> Block:
    random = np.random.default_rng([m, d])
    weights = random.uniform(0.0, 3.0, m) if weighted else None
    return Block(0, (2.5 * random.normal(size=(m, d))).astype(dtype), fields_of(weights))


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Equal to `tolerance`, relative to the largest of what belongs together."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if expected.size:
        assert np.abs(found - expected).max() <= tolerance * max(np.abs(expected).max(), 1e-300)


def assert_close_sums(found: Statistics, expected: Statistics, tolerance: float) -> None:
    """Equal to `tolerance`, relative to the largest component's sums.

    First moments cancel: they are held to √(weight · second), which bounds their terms' sum.
    """
    largest = np.abs(expected.second).max()
    scales = {
        "weight": expected.weight.max(),
        "first": np.sqrt(largest * expected.weight.max()),
        "second": largest,
        "log_likelihood": abs(expected.log_likelihood),
    }
    for field, scale in scales.items():
        values, wanted = np.asarray(getattr(found, field)), np.asarray(getattr(expected, field))
        assert values.shape == wanted.shape
        assert np.abs(values - wanted).max() <= tolerance * scale, field
    assert found.n_rows == expected.n_rows
    assert found.total_weight == expected.total_weight
    assert_array_equal(found.reference, expected.reference)


def assert_same_answers(one: Block, about: Components, tolerance: float = 1e-12) -> None:
    """Every function of the native kernel, held to the reference's."""
    rows = one.rows
    distances = reference.squared_distances(rows, about)
    assert_close(native.squared_distances(rows, about), distances, 1e-12)
    joint = reference.log_joint(rows, about)
    assert_close(native.log_joint(rows, about), joint, 1e-12)
    assert_close(
        native.log_likelihood(rows, about), reference.log_likelihood(rows, about), tolerance
    )
    assert_close(native.log_posterior(rows, about), reference.log_posterior(rows, about), 1e-12)
    likelihood, shares = reference.posterior(rows, about)
    for found, expected in zip(native.posterior(rows, about), (likelihood, shares), strict=True):
        assert_close(found, expected, 1e-12)
    assert_array_equal(native.labels(rows, about), reference.labels(rows, about))
    diagonal = about.factor.diagonal
    assert_close_sums(
        native.moments(one, shares, about.means, diagonal=diagonal),
        reference.moments(one, shares, about.means, diagonal=diagonal),
        1e-12,
    )
    assert_close_sums(native.accumulate(one, about), reference.accumulate(one, about), tolerance)
    for second in (True, False):
        (labels, found), (nearest, expected) = (
            k.assign(one, about, diagonal=second) for k in (native, reference)
        )
        assert_array_equal(labels, nearest)
        assert_close_sums(found, expected, tolerance)
    nearest_of = [np.median(distances, axis=1) for _ in range(2)]
    found_sums, expected_sums = (
        k.potentials(one, about, known, update=True)
        for k, known in zip((native, reference), nearest_of, strict=True)
    )
    assert_close(found_sums, expected_sums, 1e-12)
    assert_close(*nearest_of, 1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_any_number_of_features_gives_the_references_answers(form: str) -> None:
    for d in range(1, 131):
        assert_same_answers(block(37, d, weighted=d % 2 == 0), components(form, 3, d))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 13])
def test_any_number_of_rows_gives_the_references_answers(form: str, d: int) -> None:
    about = components(form, 2, d)
    for m in (0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 1000, 3001):
        assert_same_answers(block(m, d, weighted=m % 2 == 0), about)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 7, 8, 9, 16, 33, 100])
def test_any_number_of_components_gives_the_references_answers(form: str, k: int) -> None:
    for d in (1, 2, 6, 11):
        for weighted in (False, True):
            assert_same_answers(block(100, d, weighted=weighted), components(form, k, d))


@pytest.mark.parametrize("form", FORMS)
def test_single_precision_rows_give_the_references_answers_to_single_precision(form: str) -> None:
    for d in (1, 2, 3, 4, 5, 8, 9, 16, 17, 31, 33, 64, 130):
        for m in (1, 15, 16, 17, 700):
            rows = block(m, d, np.float32, weighted=m == 17)
            about = components(form, 3, d)
            assert_close(
                native.log_likelihood(rows.rows, about),
                reference.log_likelihood(rows.rows, about),
                1e-6,
            )
            # A responsibility errs by some 1e-7 of the squared distance, about D.
            sums = native.accumulate(rows, about)
            assert_close_sums(sums, reference.accumulate(rows, about), 2e-5)


@pytest.mark.parametrize("form", FORMS)
def test_single_precision_survives_an_offset_of_ten_thousand_standard_deviations(
    form: str,
) -> None:
    about = components(form, 3, 5)
    far = Components(about.log_weights, about.means + 1e4, about.factor)
    rows = (block(2000, 5).rows + 1e4).astype(np.float32)
    expected = reference.accumulate(Block(0, rows), far).log_likelihood
    found = native.accumulate(Block(0, rows), far).log_likelihood
    assert abs(found - expected) <= 1e-5 * abs(expected)


@pytest.mark.parametrize("size", [1e-30, 1e-19, 1e18, 1e30])
def test_single_precision_rows_of_any_size_have_second_moments(size: float) -> None:
    rows = (block(500, 3).rows * size).astype(np.float32)
    variances = np.var(rows.astype(np.float64), axis=0)
    about = Components(np.zeros(1), np.zeros((1, 3)), Diagonal(np.sqrt(variances)[None]))
    found = native.accumulate(Block(0, rows), about)
    assert_close_sums(found, reference.accumulate(Block(0, rows), about), 2e-6)
    assert found.second[0] / 500.0 == pytest.approx(
        np.square(rows.astype(float)).mean(axis=0), 1e-5
    )


def instruction_sets() -> list[str]:
    """Those that this machine and this build have."""
    widest = _native.instruction_set()
    names = ("baseline", "neon", "avx2", "avx512")
    found = [name for name in names if _native.use_instruction_set(name)]
    _native.use_instruction_set(widest)
    return found


@pytest.fixture
def restored() -> Iterator[None]:
    widest = _native.instruction_set()
    yield
    assert _native.use_instruction_set(widest)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("name", instruction_sets())
@pytest.mark.parametrize("form", FORMS)
def test_every_instruction_set_gives_the_references_answers(form: str, name: str) -> None:
    assert _native.use_instruction_set(name)
    assert native.describe() == f"native, {name}"
    for d in (1, 2, 3, 4, 5, 7, 8, 9, 12, 17, 32, 33, 70):
        for m in (7, 64, 333):
            assert_same_answers(block(m, d, weighted=m == 64), components(form, 5, d))


@pytest.mark.usefixtures("restored")
def test_an_instruction_set_that_is_not_there_is_not_used() -> None:
    before = _native.instruction_set()
    assert not _native.use_instruction_set("abacus")
    assert _native.instruction_set() == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("d", [1, 2, 3, 8, 40])
def test_the_bits_are_those_of_one_thread_for_any_number_of_them(
    d: int, form: str, dtype: type
) -> None:
    rows = block(5 * block_rows(d) + 17 if d > 8 else 90_001, d, dtype).rows
    source = ArraySource(rows, np.linspace(0.5, 2.0, len(rows)))
    assert source.n_blocks > 2
    step = partial(native.accumulate, components=components(form, 3, d))
    alone = Serial().run(source, step)
    for n_threads in (1, 2, 3, 7):
        together = Threads(n_threads).run(source, step)
        for field in SUMS:
            assert np.array_equal(getattr(alone, field), getattr(together, field)), field


SIZES = (1e300, -1e300, 1.7e308, 1e160, -1e100, 1e-300, 5e-324, -5e-324, -0.0, 0.0, 1.0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scale", [1e-150, 1e-5, 1.0, 1e150])
@pytest.mark.parametrize("d", [1, 2, 3, 9])
def test_no_row_of_finite_numbers_gives_nan(d: int, scale: float, form: str) -> None:
    random = np.random.default_rng(d)
    rows = random.choice(SIZES, size=(300, d))
    plain = components(form, 3, d)
    wide = type(plain.factor)(scale * next(iter(vars(plain.factor).values())))  # type: ignore[call-arg]
    about = Components(plain.log_weights, plain.means, wide)
    for function in ("squared_distances", "log_joint", "log_likelihood", "log_posterior", "labels"):
        found, expected = (getattr(k, function)(rows, about) for k in (native, reference))
        assert not np.isnan(found).any(), function
        infinite = np.isinf(expected)
        assert_array_equal(np.isinf(found), infinite, err_msg=function)
        assert_array_equal(found[infinite], expected[infinite], err_msg=function)
        assert_close_to_each(found[~infinite], expected[~infinite])
    likelihood, shares = native.posterior(rows, about)
    assert_close_to_each(shares, reference.posterior(rows, about)[1])
    assert_array_equal(np.isinf(likelihood), np.isinf(reference.log_likelihood(rows, about)))


def assert_close_to_each(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_beyond_reach_count_where_the_reference_counts_them(form: str, weighted: bool) -> None:
    about = components(form, 3, 2)
    one = block(100, 2, weighted=weighted)
    one.rows[[3, 50]] = [[1e160, -1e160], [-3e170, 1e3]]
    with np.errstate(over="ignore", invalid="ignore"):
        found, expected = native.accumulate(one, about), reference.accumulate(one, about)
        (labels, hard), (nearest, wanted) = (
            k.assign(one, about, diagonal=True) for k in (native, reference)
        )
    assert found.log_likelihood == expected.log_likelihood == -np.inf
    assert hard.log_likelihood == wanted.log_likelihood == -np.inf
    np.testing.assert_allclose(found.weight, expected.weight, rtol=1e-12)
    np.testing.assert_allclose(found.first, expected.first, rtol=1e-12)
    assert_array_equal(labels, nearest)
    np.testing.assert_allclose(hard.weight, wanted.weight, rtol=1e-12)
    assert found.n_rows == hard.n_rows == 100
    assert found.total_weight == pytest.approx(expected.total_weight, rel=1e-15)


def test_equal_components_share_a_row_and_the_first_of_them_gets_it() -> None:
    about = Components(np.zeros(3), np.array([[9.0], [1.0], [1.0]]), Spherical(np.ones(3)))
    rows = np.array([[1.5], [0.0], [-3.0]])
    assert native.labels(rows, about).tolist() == [1, 1, 1]
    assert native.assign(Block(0, rows), about, diagonal=True)[0].tolist() == [1, 1, 1]
    shares = native.posterior(rows, about)[1]
    assert_array_equal(shares[:, 1], shares[:, 2])


def test_assigning_to_spheres_is_lloyds_step() -> None:
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0], [10.0, 12.0]])
    centres = np.array([[0.0, 1.0], [10.0, 10.0]])
    log_weights = np.full(2, np.log(2.0 * np.pi))  # so that log p = −½ distance²
    about = Components(log_weights, centres, Spherical(np.ones(2)))
    labels, sums = native.assign(Block(0, rows), about, diagonal=True)
    assert labels.tolist() == [0, 0, 1, 1]
    assert sums.weight.tolist() == [2.0, 2.0]
    assert (sums.reference + sums.first / 2.0).tolist() == [[0.5, 0.0], [9.5, 10.5]]
    # squared distances 1, 2, 2 and 4
    assert sums.log_likelihood == pytest.approx(-4.5, rel=1e-15)


MIXTURE = mixtura.Mixture(
    [0.3, 0.7], [[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]], [np.eye(3), 2.0 * np.eye(3)]
)
WHOLE = np.random.default_rng(5).integers(-3, 7, (50_000, 3))


def layouts(folder: Path) -> dict[str, np.ndarray]:
    """The same numbers, held in every way that NumPy has."""
    mapped = np.memmap(folder / "rows", dtype=np.float64, mode="w+", shape=WHOLE.shape)
    mapped[:] = WHOLE
    mapped.flush()
    frozen = WHOLE.astype(np.float64)
    frozen.setflags(write=False)
    padded = np.zeros((2 * len(WHOLE), 7))
    padded[::2, 1::2] = WHOLE
    raw = np.zeros(WHOLE.size * 8 + 1, dtype=np.uint8)
    unaligned = raw[1:].view(np.float64).reshape(WHOLE.shape)
    unaligned[:] = WHOLE
    return {
        "read-only": frozen,
        "Fortran-ordered": np.asfortranarray(WHOLE, dtype=np.float64),
        "strided": padded[::2, 1::2],
        "backwards": WHOLE[::-1].astype(np.float64)[::-1],
        "memory-mapped": np.memmap(folder / "rows", np.float64, "r", shape=WHOLE.shape),
        "big-endian": WHOLE.astype(">f8"),
        "big-endian float32": WHOLE.astype(">f4"),
        "unaligned": unaligned,
        "int64": WHOLE.astype(np.int64),
        "int8": WHOLE.astype(np.int8),
        "uint16": (WHOLE + 3).astype(np.uint16),
        "float16": WHOLE.astype(np.float16),
        "longdouble": WHOLE.astype(np.longdouble),
        "object": WHOLE.astype(object),
    }


def test_rows_held_in_any_way_have_the_same_scores_and_fit(tmp_path: Path) -> None:
    expected = MIXTURE.score_samples(WHOLE.astype(np.float64))
    fitted = mixtura.fit(WHOLE.astype(np.float64), 2, max_iter=2, tol=0.0).mixture
    for name, rows in layouts(tmp_path).items():
        shift = 3.0 if name == "uint16" else 0.0
        moved = mixtura.Mixture(MIXTURE.weights, MIXTURE.means + shift, MIXTURE.covariances)
        tolerance = 1e-6 if "float32" in name else 1e-13
        np.testing.assert_allclose(moved.score_samples(rows), expected, tolerance, err_msg=name)
        assert_array_equal(moved.predict(rows), MIXTURE.predict(WHOLE.astype(float)), err_msg=name)
        again = mixtura.fit(rows, 2, max_iter=2, tol=0.0).mixture
        np.testing.assert_allclose(again.means - shift, fitted.means, 1e-4, err_msg=name)


def test_a_large_array_is_copied_a_block_at_a_time() -> None:
    import tracemalloc

    rows = np.random.default_rng(0).integers(-3, 7, (3_000_000, 3), dtype=np.int8)
    given = Given([0.5, 0.5], [[0.0] * 3, [1.0] * 3], np.stack([np.eye(3)] * 2))
    for held in (
        rows,
        np.asfortranarray(rows),
        rows.astype(">i2"),
        rows.astype(np.float16)[:, ::-1],
    ):
        tracemalloc.start()
        mixtura.fit(held, 2, given=given, max_iter=1, tol=0.0)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20 < 8 * rows.size
        tracemalloc.stop()


def test_no_rows_are_no_answers() -> None:
    nothing = np.empty((0, 3))
    about = MIXTURE.components
    assert native.log_likelihood(nothing, about).shape == (0,)
    assert native.posterior(nothing, about)[1].shape == (0, 2)
    assert native.labels(nothing, about).shape == (0,)
    assert native.accumulate(Block(0, nothing), about).n_rows == 0
    with pytest.raises(mixtura.errors.DataError, match="X has 0 rows"):
        MIXTURE.score_samples(nothing)


def test_masked_rows_are_refused() -> None:
    masked = np.ma.masked_array(np.zeros((3, 3)), mask=np.eye(3, dtype=bool))
    with pytest.raises(mixtura.errors.DataError, match="X is a masked array"):
        MIXTURE.score_samples(masked)


def test_the_binding_takes_nothing_that_it_would_have_to_copy() -> None:
    about = MIXTURE.components
    parts = (about.factor.form, about.constants, about.means, about.whitening(native.invert_lower))
    total = np.empty(1)
    rows = np.zeros((4, 3))
    for wrong in (rows.astype(int), rows.astype(">f8"), np.asfortranarray(rows), rows[:, ::-1]):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            _native.one_pass(*parts, wrong, total=total)
    frozen = np.empty(1)
    frozen.setflags(write=False)
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _native.one_pass(*parts, rows, total=frozen)


def test_the_binding_checks_every_shape() -> None:
    about = MIXTURE.components
    parts = (about.factor.form, about.constants, about.means, about.whitening(native.invert_lower))
    rows = np.zeros((4, 3))
    with pytest.raises(ValueError, match=r"means has shape \(2, 3\), expected \(2, 2\)"):
        _native.one_pass(*parts, rows[:, :2].copy())
    with pytest.raises(ValueError, match=r"whitening has shape \(3, 3\), expected \(2, 3, 3\)"):
        _native.one_pass(*parts[:3], about.whitening(native.invert_lower)[0], rows)
    with pytest.raises(ValueError, match="form is none of the five"):
        _native.one_pass(7, *parts[1:], rows)
    wrong = {
        "squared_distances": (4, 3),
        "log_joint": (3, 2),
        "log_likelihood": (2,),
        "responsibilities": (4, 1),
        "total": (2,),
    }
    for name, shape in wrong.items():
        with pytest.raises(ValueError, match=f"{name} has shape"):
            _native.one_pass(*parts, rows, **{name: np.empty(shape)})
    with pytest.raises(ValueError, match="weights has shape"):
        _native.one_pass(*parts, rows, np.ones(3))
    with pytest.raises(ValueError, match="asked for together"):
        _native.one_pass(*parts, rows, weight=np.empty(2))
    with pytest.raises(ValueError, match="a hard posterior has no log_likelihood"):
        _native.one_pass(*parts, rows, hard=True, log_likelihood=np.empty(4))


@pytest.mark.parametrize("d", [1, 2, 5, 17, 64])
def test_the_inverse_of_a_factor_is_its_inverse(d: int) -> None:
    lower = np.tril(np.random.default_rng(d).normal(size=(3, d, d))) / d + np.eye(d)
    for invert in (native.invert_lower, reference.invert_lower):
        inverse = invert(lower)
        np.testing.assert_allclose(
            inverse @ lower, np.broadcast_to(np.eye(d), lower.shape), atol=1e-12
        )
        assert_array_equal(np.triu(inverse, 1), 0.0)


@pytest.mark.parametrize("d", [1, 2, 5, 8, 17])
@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_a_cholesky_factor_gives_its_matrix_back(d: int, scale: float) -> None:
    drawn = np.random.default_rng(d).normal(size=(11, d, d + 2))
    matrices = scale * (drawn @ drawn.transpose(0, 2, 1))
    matrices = 0.5 * (matrices + matrices.transpose(0, 2, 1))
    for choleskys in (native.choleskys, reference.choleskys):
        lower = choleskys(matrices)
        assert lower is not None
        assert_array_equal(np.triu(lower, 1), 0.0)
        roots = np.sqrt(np.einsum("kdd->kd", matrices))
        error = (lower @ lower.transpose(0, 2, 1) - matrices) / roots[:, None] / roots[:, :, None]
        # Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., theorem 10.3
        assert np.abs(error).max() <= 4 * (d + 2) * np.finfo(np.float64).eps


def test_what_has_no_cholesky_factor_is_told() -> None:
    sound = np.array([[2.0, 1.0], [1.0, 2.0]])
    wrong = {
        "indefinite": [[1.0, 2.0], [2.0, 1.0]],
        "singular": [[0.0, 0.0], [0.0, 1.0]],
        "asymmetric": [[2.0, 1.0], [1.0 + 1e-15, 2.0]],
        "none": [[np.nan, 0.0], [0.0, 1.0]],
    }
    for choleskys in (native.choleskys, reference.choleskys):
        for matrix in wrong.values():
            for place in (0, 1):
                matrices = np.insert(sound[None], place, matrix, axis=0)
                assert choleskys(matrices) is None
        assert choleskys(sound[None]) is not None
    with pytest.raises(ValueError, match="lower has shape"):
        _native.choleskys(sound[None], np.empty((2, 2, 2)))
    with pytest.raises(ValueError, match="too many features"):
        _native.choleskys(np.eye(9)[None], np.empty((1, 9, 9)))
