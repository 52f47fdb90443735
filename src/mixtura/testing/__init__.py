"""Proof: other answers to the same question, and a verdict on who is right."""

from __future__ import annotations

from mixtura.testing.oracle import Answer, oracle
from mixtura.testing.peers import multivariate_density, textbook_log_likelihood, univariate_density
from mixtura.testing.validation import Comparison, FarAnswer, Probe, Validation
from mixtura.testing.validator import validate

__all__ = [
    "Answer",
    "Comparison",
    "FarAnswer",
    "Probe",
    "Validation",
    "multivariate_density",
    "oracle",
    "textbook_log_likelihood",
    "univariate_density",
    "validate",
]
