"""An estimator, alone or after a scaler, converted by skl2onnx."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx import to_onnx
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import GaussianMixture

ROWS = np.random.default_rng(0).normal(size=(300, 3)) * [1.0, 5.0, 100.0] + [0.0, 1e3, 1e5]


@pytest.mark.parametrize("noise", [None, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scaled", [False, True])
def test_it_answers_as_the_estimator_does(dtype: type, scaled: bool, noise: bool | None) -> None:
    mixture = GaussianMixture(2, noise=noise, random_state=0)
    model = (make_pipeline(StandardScaler(), mixture) if scaled else mixture).fit(ROWS)
    rows = ROWS.astype(dtype)
    converted = to_onnx(model, rows[:1])
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    label, log_density, probabilities = session.run(None, {"X": rows})
    assert [each.name for each in session.get_outputs()] == [
        "label",
        "log_density",
        "probabilities",
    ]
    wide = rows.astype(np.float64)
    # skl2onnx scales rows of single precision in single precision.
    bar = 1e-3 if scaled and dtype is np.float32 else 1e-12
    assert_allclose(log_density, model.score_samples(wide), rtol=0, atol=bar)
    assert_allclose(probabilities, model.predict_proba(wide), rtol=0, atol=bar)
    assert_array_equal(label, model.predict(wide))


def test_operators_of_an_older_version_are_refused() -> None:
    model = GaussianMixture(2, random_state=0).fit(ROWS)
    with pytest.raises(ValueError, match="give skl2onnx target_opset=18"):
        to_onnx(model, ROWS[:1], target_opset=15)
