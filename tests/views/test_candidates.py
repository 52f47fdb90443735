"""The picture of a selection shows every candidate that there is a number for."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful
from mixtura.errors import ModelError, ParameterError
from mixtura.views import plots

mpl.use("agg")


@pytest.fixture(scope="module")
def found():
    return mixtura.select(faithful(), [1, 2, 3], structures=["EII", "EEE", "VVV"], n_jobs=1)


def test_each_curve_holds_its_structures_criterion(found):
    lines = {line.get_label(): line for line in plots.candidates(found).get_lines()}
    for letters in ("EII", "EEE", "VVV"):
        expected = [row.criterion("bic") for row in found.rows if row.structure == letters]
        np.testing.assert_array_equal(lines[letters].get_ydata(), expected)
    assert lines["best: EEE,3"].get_ydata()[0] == found.best.bic


def test_another_criterion_has_its_own_best(found):
    ax = plots.candidates(found, by="aic")
    best = found.ranked("aic")[0]
    assert f"best: {best.candidate}" in {line.get_label() for line in ax.get_lines()}
    assert ax.get_ylabel() == "AIC, smaller is better"


def test_the_sign_of_the_record_is_named(found):
    ax = plots.candidates(found.summary(sign="mclust"))
    assert ax.get_ylabel() == "BIC, larger is better"


def test_no_number_and_no_selection_are_refused(found):
    with pytest.raises(ParameterError, match="no candidate of this selection has the criterion cv"):
        plots.candidates(found, by="cv")
    with pytest.raises(ModelError, match="not the record of a selection"):
        plots.candidates({"candidates": [], "by": "bic", "sign": "mclust"})
