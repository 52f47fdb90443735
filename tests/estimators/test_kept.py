"""Estimators that are kept: by skops, joblib, cloudpickle and MLflow, and taken up again."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io
from classics import rows_of
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import (
    GaussianMixture,
    GaussianMixtureRegressor,
    MixtureClassifier,
    MixtureOutlierDetector,
)

ROWS = rows_of("faithful")


def fitted() -> dict[str, Any]:
    """An estimator of each kind, by a name."""
    options = {"covariance_type": "VVE", "noise": True, "prior": "conjugate", "tol": "auto"}
    mixture = GaussianMixture(2, random_state=0)
    return {
        "plain": GaussianMixture(2, random_state=0).fit(ROWS),
        "rich": GaussianMixture(2, random_state=0, max_iter=1000, **options).fit(ROWS),
        "learnt": GaussianMixture(2, random_state=0).partial_fit(ROWS),
        "scaled": make_pipeline(StandardScaler(), mixture).fit(ROWS),
        "detector": MixtureOutlierDetector(GaussianMixture(2, random_state=0)).fit(ROWS),
        "classifier": MixtureClassifier(random_state=0).fit(ROWS, ROWS[:, 0] > 3.0),
        "regressor": GaussianMixtureRegressor(2, random_state=0).fit(ROWS, ROWS[:, 0]),
    }


KINDS = ("plain", "rich", "learnt", "scaled", "detector", "classifier", "regressor")
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    found = fitted()
    assert tuple(found) == KINDS
    return found


def by_skops(model: Any) -> Any:
    data = skops.io.dumps(model)
    unknown = skops.io.get_untrusted_types(data=data)
    assert all(name.startswith("mixtura.") for name in unknown)
    return skops.io.loads(data, trusted=unknown)


def by_joblib(model: Any) -> Any:
    held = io.BytesIO()
    joblib.dump(model, held)
    held.seek(0)
    return joblib.load(held)


def by_cloudpickle(model: Any) -> Any:
    return cloudpickle.loads(cloudpickle.dumps(model))


@pytest.mark.parametrize("way", [by_skops, by_joblib, by_cloudpickle])
@each_kind
def test_what_was_kept_answers_as_it_did(
    kind: str, way: Callable[[Any], Any], models: dict[str, Any]
) -> None:
    model = models[kind]
    again = way(model)
    assert type(again) is type(model)
    assert_array_equal(again.predict(ROWS), model.predict(ROWS))
    if kind not in ("classifier", "regressor"):
        assert_array_equal(again.score_samples(ROWS), model.score_samples(ROWS))
    if kind in ("plain", "rich"):
        assert again.fit_.outcome is model.fit_.outcome
        assert again.fit_.remedy == model.fit_.remedy
        assert again.mixture_.structure.letters == model.mixture_.structure.letters
        with pytest.raises(ValueError, match="read-only"):
            again.mixture_.means[0, 0] = 1.0


def test_what_was_kept_learns_on(models: dict[str, Any]) -> None:
    for kind in ("plain", "learnt"):
        again = by_skops(models[kind]).partial_fit(ROWS[::2])
        expected = by_joblib(models[kind]).partial_fit(ROWS[::2])
        assert_array_equal(again.means_, expected.means_)
    warm = by_skops(models["plain"]).set_params(warm_start=True).fit(ROWS)
    assert_array_equal(warm.predict(ROWS), models["plain"].predict(ROWS))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of MLflow's own, about its inputs and versions
@pytest.mark.skipif(find_spec("mlflow") is None, reason="needs MLflow: pip install mlflow-skinny")
@pytest.mark.parametrize("serialization_format", ["cloudpickle", "skops"])
@pytest.mark.parametrize("kind", ["plain", "rich", "scaled"])
def test_mlflow_keeps_and_loads_them(
    kind: str, serialization_format: str, tmp_path: Path, models: dict[str, Any]
) -> None:
    import mlflow.sklearn

    model, where = models[kind], str(tmp_path / "model")
    more = {}
    if serialization_format == "skops":
        data = skops.io.dumps(model)
        more["skops_trusted_types"] = skops.io.get_untrusted_types(data=data)
    try:
        mlflow.sklearn.save_model(
            model, where, serialization_format=serialization_format, pip_requirements=[], **more
        )
    except (TypeError, mlflow.MlflowException) as error:
        if serialization_format == "skops":
            pytest.skip(f"this MLflow does not keep by skops: {error}")
        raise
    again = mlflow.sklearn.load_model(where)
    assert_array_equal(again.score_samples(ROWS), model.score_samples(ROWS))
    assert_array_equal(again.predict(np.asarray(ROWS)), model.predict(ROWS))
