"""Algebra: which features a marginal or a condition is of, and what some of them are given as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mixtura.arguments import is_number, places
from mixtura.errors import DataError, ParameterError
from mixtura.model.density import Density
from mixtura.model.terms import Evidence


def evidence(mixture: Density, given: Mapping[int | str, float]) -> Evidence:
    """What a dict of features and their values says of a row.

    Raises
    ------
    ParameterError : no feature or every feature is given, one twice, or one does not exist.
    DataError : a value is not a finite number.
    """
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"given is {given!r}, expected a dict of features and their values, such as {{0: 1.5}}"
        )
    for feature in given:
        if isinstance(feature, bool | np.bool_):
            raise ParameterError(f"given has the feature {feature!r}, expected a number or a name")
    known = feature_indices(mixture, given)
    left = [j for j in range(mixture.n_features) if j not in known]
    if not known or not left:
        raise ParameterError(
            f"{len(known)} of {mixture.n_features} features are given, expected at least one "
            "given and at least one left"
        )
    for feature, value in given.items():
        if not is_number(value):
            raise DataError(f"feature {feature!r} is given as {value!r}, expected a finite number")
    return Evidence(known, left, np.array([float(value) for value in given.values()]))


def rows_given(given: Mapping[int | str, Any]) -> list[dict[int | str, float]]:
    """What a dict of features and values of N rows, (N,) each, says of each.

    Raises
    ------
    ParameterError : it is no dict, or an empty one.
    DataError : they are not of as many rows.
    """
    if not isinstance(given, Mapping) or not given:
        raise ParameterError(
            f"given is {given!r}, expected a dict of features and their values, such as "
            "{0: [1.5, 2.0]}"
        )
    columns = {feature: np.asarray(values) for feature, values in given.items()}
    sizes = {feature: column.shape for feature, column in columns.items()}
    if len(set(sizes.values())) > 1 or len(next(iter(sizes.values()))) != 1:
        raise DataError(
            f"the features are given with shapes {sizes}, expected (N,): one value of each a row"
        )
    each = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in each]


def feature_indices(mixture: Density, features: Iterable[int | str]) -> list[int]:
    """Indices of features given by index, by name or by a mask, in the order given.

    Raises
    ------
    ParameterError : one does not exist, appears twice, or is neither a whole number nor a name.
    """
    labels = mixture.feature_labels
    known = ", ".join(labels)
    indices: list[int] = []
    for feature in places(features, mixture.n_features, "features", "feature"):
        if isinstance(feature, str):
            if feature not in labels:
                raise ParameterError(f"there is no feature {feature!r}, this mixture has: {known}")
            index = labels.index(feature)
        else:
            index = feature
            if not 0 <= index < mixture.n_features:
                raise ParameterError(
                    f"there is no feature {feature}, this mixture has {mixture.n_features}, "
                    f"numbered from 0: {known}"
                )
        if index in indices:
            raise ParameterError(f"feature {feature!r} is given twice, expected each once")
        indices.append(index)
    return indices
