"""scikit-learn's face on the fitting: thin, one class a file."""

from __future__ import annotations

from mixtura.errors import MissingExtraError

try:
    import sklearn  # noqa: F401
except ImportError:
    raise MissingExtraError("scikit-learn", "sklearn", "an estimator") from None

from mixtura.estimators.bayesian_mixture import BayesianGaussianMixture
from mixtura.estimators.classifier import MixtureClassifier
from mixtura.estimators.gaussian_mixture import GaussianMixture
from mixtura.estimators.outlier_detector import MixtureOutlierDetector
from mixtura.estimators.regressor import GaussianMixtureRegressor

__all__ = [
    "BayesianGaussianMixture",
    "GaussianMixture",
    "GaussianMixtureRegressor",
    "MixtureClassifier",
    "MixtureOutlierDetector",
]
