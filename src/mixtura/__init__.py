"""Gaussian mixtures that are fast, exact, and show their work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mixtura.version import __version__

if TYPE_CHECKING:
    from mixtura.bayesian.clustering_posterior import ClusteringPosterior
    from mixtura.bayesian.clusterings import sample_clusterings
    from mixtura.bayesian.fit_bayes import fit_bayes
    from mixtura.bayesian.fitted import BayesianFit
    from mixtura.bayesian.predictive import StudentMixture
    from mixtura.bayesian.stored import load_bayes
    from mixtura.engine.statistics import Statistics
    from mixtura.estimators import (
        BayesianGaussianMixture,
        GaussianMixture,
        GaussianMixtureRegressor,
        MixtureClassifier,
        MixtureOutlierDetector,
    )
    from mixtura.fitting import Fit, Given, Outcome, fit
    from mixtura.fitting.m_step.prior import Prior
    from mixtura.fitting.steps import maximise, statistics
    from mixtura.fitting.truncated.truncation import Truncation
    from mixtura.formats import load
    from mixtura.grouped import GroupFits, fit_groups, load_groups, select_groups
    from mixtura.model.box import Box
    from mixtura.model.classes import ClassMixture
    from mixtura.model.divergences import MonteCarloEstimate
    from mixtura.model.explain import Explanation
    from mixtura.model.merging import Merging, merge_components
    from mixtura.model.mixture import Mixture
    from mixtura.model.modes import Cuts, Modes
    from mixtura.model.noise import Noise
    from mixtura.model.regions import HighestDensityRegion
    from mixtura.model.regression import Regression
    from mixtura.saving import load_fit, save
    from mixtura.selection import (
        BootstrapSequence,
        BootstrapTest,
        Selection,
        bootstrap_test,
        select,
    )
    from mixtura.uncertainty import StandardErrors, standard_errors
    from mixtura.views.display import MixtureDisplay

__all__ = [
    "BayesianFit",
    "BayesianGaussianMixture",
    "BootstrapSequence",
    "BootstrapTest",
    "Box",
    "ClassMixture",
    "ClusteringPosterior",
    "Cuts",
    "Explanation",
    "Fit",
    "GaussianMixture",
    "GaussianMixtureRegressor",
    "Given",
    "GroupFits",
    "HighestDensityRegion",
    "Merging",
    "Mixture",
    "MixtureClassifier",
    "MixtureDisplay",
    "MixtureOutlierDetector",
    "Modes",
    "MonteCarloEstimate",
    "Noise",
    "Outcome",
    "Prior",
    "Regression",
    "Selection",
    "StandardErrors",
    "Statistics",
    "StudentMixture",
    "Truncation",
    "__version__",
    "bootstrap_test",
    "fit",
    "fit_bayes",
    "fit_groups",
    "load",
    "load_bayes",
    "load_fit",
    "load_groups",
    "maximise",
    "merge_components",
    "sample_clusterings",
    "save",
    "select",
    "select_groups",
    "standard_errors",
    "statistics",
]

_HOMES = {
    "BayesianFit": "mixtura.bayesian.fitted",
    "BayesianGaussianMixture": "mixtura.estimators",
    "BootstrapSequence": "mixtura.selection",
    "BootstrapTest": "mixtura.selection",
    "Box": "mixtura.model.box",
    "ClassMixture": "mixtura.model.classes",
    "ClusteringPosterior": "mixtura.bayesian.clustering_posterior",
    "Cuts": "mixtura.model.modes",
    "Explanation": "mixtura.model.explain",
    "Fit": "mixtura.fitting",
    "GaussianMixture": "mixtura.estimators",
    "GaussianMixtureRegressor": "mixtura.estimators",
    "Given": "mixtura.fitting",
    "GroupFits": "mixtura.grouped",
    "HighestDensityRegion": "mixtura.model.regions",
    "Merging": "mixtura.model.merging",
    "Mixture": "mixtura.model.mixture",
    "MixtureClassifier": "mixtura.estimators",
    "MixtureDisplay": "mixtura.views.display",
    "MixtureOutlierDetector": "mixtura.estimators",
    "Modes": "mixtura.model.modes",
    "MonteCarloEstimate": "mixtura.model.divergences",
    "Noise": "mixtura.model.noise",
    "Outcome": "mixtura.fitting",
    "Prior": "mixtura.fitting.m_step.prior",
    "Regression": "mixtura.model.regression",
    "Selection": "mixtura.selection",
    "StandardErrors": "mixtura.uncertainty",
    "Statistics": "mixtura.engine.statistics",
    "StudentMixture": "mixtura.bayesian.predictive",
    "Truncation": "mixtura.fitting.truncated.truncation",
    "bootstrap_test": "mixtura.selection",
    "fit": "mixtura.fitting",
    "fit_bayes": "mixtura.bayesian.fit_bayes",
    "fit_groups": "mixtura.grouped",
    "load": "mixtura.formats",
    "load_bayes": "mixtura.bayesian.stored",
    "load_fit": "mixtura.saving",
    "load_groups": "mixtura.grouped",
    "maximise": "mixtura.fitting.steps",
    "merge_components": "mixtura.model.merging",
    "sample_clusterings": "mixtura.bayesian.clusterings",
    "save": "mixtura.saving",
    "select": "mixtura.selection",
    "select_groups": "mixtura.grouped",
    "standard_errors": "mixtura.uncertainty",
    "statistics": "mixtura.fitting.steps",
}


def __getattr__(name: str) -> Any:
    """Each public name is imported when it is first asked for, so that the import stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mixtura.loading import loaded

    value = loaded(_HOMES[name], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
