"""A mixture as a graph of ONNX, run by onnxruntime, beside its own scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from onnx.reference import ReferenceEvaluator

from mixtura import Box, Mixture, Noise
from mixtura.errors import ParameterError
from mixtura.model.structures import STRUCTURES, structure as structure_called

K, D = 3, 4
DTYPES = {None: np.float32, "float32": np.float32, "float64": np.float64}
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def drawn(
    structure: str, offset: float = 0.0, *, noise: bool = False, k: int = K, apart: float = 3.0
) -> Mixture:
    """A mixture of uneven groups, some features of which are correlated negatively."""
    random = np.random.default_rng(0)
    form = structure_called(structure)
    roots = random.normal(size=(k, D, D)) / 2.0
    matrices = roots @ roots.swapaxes(1, 2) + 0.3 * np.eye(D)
    weights = random.dirichlet(np.full(k, 5.0))
    held = matrices[0] if form.form.shared else form.form.gathered(matrices)
    covariances = held if form.form.shared else form.projected(weights, held)
    means = random.normal(size=(k, D)) * apart + offset
    box = Box(means.min(axis=0) - 5.0, np.ptp(means, axis=0) + 10.0)
    return Mixture(
        weights * (0.9 if noise else 1.0),
        means,
        covariances,
        form,
        noise=Noise(0.1, box) if noise else None,
    )


def answered(model: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": rows}), strict=True))


@every_dtype
@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("structure", [each.letters for each in STRUCTURES])
def test_the_graph_answers_as_the_mixture_does_at_any_offset(
    structure: str, noise: bool, dtype: str | None
) -> None:
    bar = 1e-4 if dtype == "float32" else 1e-12
    for offset in (0.0, 1e2, 1e4, 1e6):
        mixture = drawn(structure, offset, noise=noise)
        model = mixture.to_onnx(dtype)
        onnx.checker.check_model(model, full_check=True)
        assert len(model.graph.node) <= 10
        rows = mixture.sample(500, 1)[0].astype(DTYPES[dtype])
        told, wide = answered(model, rows), rows.astype(np.float64)
        expected = mixture.predict_proba(wide)
        assert_allclose(told["log_density"], mixture.score_samples(wide), rtol=0, atol=bar)
        assert_allclose(told["probabilities"], expected, rtol=0, atol=bar)
        sure = np.diff(np.sort(expected, axis=1)[:, -2:])[:, 0] > bar
        assert_array_equal(told["label"][sure], mixture.predict(wide)[sure])
        assert told["label"].shape == told["log_density"].shape == (500,)


@every_dtype
@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize(("structure", "k", "apart"), [
    ("full", 3, 3.0), ("full", 40, 3.0), ("full", 60, 1e4), ("diag", 3, 3.0), ("diag", 60, 1e4),
    ("tied", 40, 3.0), ("spherical", 60, 1e4),
])  # fmt: skip
def test_groups_however_many_and_far_apart_lose_no_digit_and_take_ten_nodes(
    structure: str, k: int, apart: float, noise: bool, dtype: str | None
) -> None:
    mixture = drawn(structure, 1e3, noise=noise, k=k, apart=apart)
    model = mixture.to_onnx(dtype)
    assert len(model.graph.node) <= 10
    rows = mixture.sample(300, 1)[0]
    rows = rows[mixture.predict(rows) >= 0].astype(DTYPES[dtype])
    told = answered(model, rows)
    exact = mixture.score_samples(rows.astype(np.float64))
    # The pivot leaves the digits of the distance between groups: in single precision 1e4 / 2^24.
    bar = 1e-12 if dtype != "float32" else 1e-4 if apart < 10.0 else 0.05
    assert_allclose(told["log_density"], exact, rtol=0, atol=bar * max(1.0, apart / 30.0))


@every_dtype
@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize(("k", "apart"), [(3, 3.0), (60, 3.0), (60, 1e4)])
@pytest.mark.parametrize("structure", ["full", "diag"])
def test_a_row_with_nan_is_told_as_unknown_and_spoils_no_other(
    structure: str, k: int, apart: float, noise: bool, dtype: str | None
) -> None:
    mixture = drawn(structure, noise=noise, k=k, apart=apart)
    rows = mixture.sample(6, 0)[0].astype(DTYPES[dtype])
    rows[[1, 4], [0, 3]] = np.nan
    told = answered(mixture.to_onnx(dtype), rows)
    lacking = np.isin(np.arange(6), [1, 4])
    assert_array_equal(told["label"][lacking], -1)
    assert_array_equal(np.isnan(told["log_density"]), lacking)
    assert_array_equal(np.isnan(told["probabilities"]), lacking[:, None].repeat(k + noise, axis=1))


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("outputs", ["label", "log_density", "probabilities"])
def test_what_is_not_asked_for_is_not_there(outputs: str, noise: bool) -> None:
    mixture = drawn("full", noise=noise, k=20)
    rows = mixture.sample(50, 0)[0].astype(np.float32)
    whole = mixture.to_onnx()
    model = mixture.to_onnx(outputs=[outputs])
    assert len(model.graph.node) < len(whole.graph.node)
    assert answered(model, rows).keys() == {outputs}
    assert_array_equal(answered(model, rows)[outputs], answered(whole, rows)[outputs])


@pytest.mark.parametrize(("structure", "k", "apart"), [
    ("full", 3, 3.0), ("full", 60, 1e4), ("diag", 3, 3.0),
])  # fmt: skip
@pytest.mark.parametrize("noise", [False, True])
def test_another_runtime_gives_the_same(structure: str, k: int, apart: float, noise: bool) -> None:
    mixture = drawn(structure, 100.0, noise=noise, k=k, apart=apart)
    rows = mixture.sample(40, 0)[0].astype(np.float32)
    rows[3, 2] = np.nan
    model = mixture.to_onnx()
    told = ReferenceEvaluator(model).run(None, {"X": rows})
    for name, value in zip(["label", "log_density", "probabilities"], told, strict=True):
        assert_allclose(value, answered(model, rows)[name], rtol=1e-9, atol=1e-12)


def test_a_graph_of_few_features_holds_no_numbers_by_component() -> None:
    # Of 1e5 rows, 300 components and 8 features that would be 1.9 GB.
    mixture = drawn("full", k=300, apart=1.0)
    model = onnx.shape_inference.infer_shapes(mixture.to_onnx(), data_prop=True)
    widths = [
        [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in model.graph.value_info
    ]
    assert max(width[1] for width in widths if len(width) == 2) == 300
    assert all(len(width) <= 2 for width in widths)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dtype": "float16"}, "dtype is 'float16', expected 'float32', 'float64', or None"),
        ({"outputs": ["scores"]}, r"outputs is \['scores'\], expected some of 'label', 'log_dens"),
        ({"outputs": []}, r"outputs is \[\], expected some of"),
    ],
)
def test_what_is_asked_for_is_checked(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        drawn("full").to_onnx(**options)


def test_the_model_tells_what_it_is() -> None:
    mixture = Mixture([1.0], [[0.0, 1.0]], [1.0], "spherical", feature_names=["a b", "c"])
    model = mixture.to_onnx("float64", name="rows")
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert told == {"structure": "spherical", "feature_names": "a b\nc"}
    assert [each.name for each in model.graph.input] == ["rows"]
    assert model.producer_name == "mixtura"
