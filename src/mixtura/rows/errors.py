"""Errors: with what uncertainty each row was measured."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats
from mixtura.errors import DataError, ParameterError
from mixtura.rows.in_memory import as_rows, check_here, column_names
from mixtura.tables.columns import numbers_in
from mixtura.tables.containers import columns_of
from mixtura.tables.streams.opening import check_errors, columns_wanted

__all__ = [
    "check_together",
    "columns_wanted",
    "named_errors",
    "parted",
    "row_errors",
    "row_projections",
    "told_apart",
]

#: beyond it the square overflows
_LARGEST = 1e150
#: matrices that are looked at together
_ROWS = 2**14
#: how far from symmetric a covariance may be, and how far below 0 an eigenvalue, relative
_ROUNDING = 1e-8
#: what belongs to rows that have every feature, and what can be done where some do not
_WHOLE = {
    "labels": "fill or drop the rows that lack features, or give them as a start",
    "projections": "where nothing was measured a row of zeros in them says so, beside any number",
}


def check_together(names: Container[str], *, holes: bool) -> None:
    """Refuse what rows cannot have beside them: where features may be missing, or beside errors.

    Parameters
    ----------
    names : of what belongs to each row.
    holes : whether features may be missing.

    Raises
    ------
    ParameterError : there is such a thing.
    """
    for name, remedy in _WHOLE.items():
        if holes and name in names:
            raise ParameterError(
                f"{name} are given with missing='em', expected one of them: {remedy}"
            )
    beside = [name for name in ("errors", "projections") if name in names]
    if "labels" in names and beside:
        raise ParameterError(
            f"labels are given with {beside[0]}, expected one of them: give the labels as a start"
        )


def row_errors(errors: Any, shape: tuple[int, ...]) -> Floats | None:
    """The errors of N rows of D features, checked; None stays None.

    Parameters
    ----------
    errors : (N, D) standard deviations, feature units; (N, D, D) covariances, squared feature
        units; or one covariance of all rows, (D, D) or (1, D, D); or None.
    shape : (N, D).

    Returns
    -------
    (N, D) or (N, D, D) float64; one for all rows is in memory once.

    Raises
    ------
    DataError : another shape, or one is no number, negative, infinite, or no covariance; or they
        may be meant either way.
    """
    if errors is None:
        return None
    check_here(errors, "errors")
    given = numbers_in(as_rows(errors) if column_names(errors) else errors, "errors", "errors")
    values = np.asarray(given, np.float64)
    n, d = shape
    if values.shape == (n, d) == (d, d) and _may_be_covariance(values):
        raise DataError(
            f"errors has shape {values.shape}, which for {n} row{'s' if n > 1 else ''} is standard "
            "deviations by row and one covariance as well: say which, by errors[None] for one "
            "covariance of all rows, or by a covariance a row for standard deviations, "
            "np.eye(D) * errors[:, :, None] ** 2"
        )
    if values.shape == (n, d):
        _check_deviations(values)
        return values
    if values.shape == (d, d):
        values = values[None]
    if values.shape not in ((n, d, d), (1, d, d)):
        raise DataError(
            f"errors has shape {values.shape}, expected ({n}, {d}) standard deviations, "
            f"({n}, {d}, {d}) covariances or one covariance ({d}, {d}) of all rows"
        )
    _check_covariances(values)
    found: Floats = np.broadcast_to(values, (n, d, d)) if len(values) != n else values
    return found


def row_projections(projections: Any, shape: tuple[int, ...]) -> Floats | None:
    """The projections that N rows of D features were measured through, checked; None stays None.

    Parameters
    ----------
    projections : (N, D, D), R_i; or one (D, D), or (1, D, D), for all rows; or None.
    shape : (N, D).

    Raises
    ------
    DataError : another shape, or a number is not finite.
    """
    if projections is None:
        return None
    check_here(projections, "projections")
    given = numbers_in(projections, "projections", "projections")
    values = np.asarray(given, np.float64)
    n, d = shape
    if values.shape not in ((n, d, d), (1, d, d), (d, d)) or not np.isfinite(values).all():
        raise DataError(
            f"projections has shape {values.shape}, expected ({n}, {d}, {d}), or ({d}, {d}) for "
            "all rows, of finite numbers: a row of zeros stands for what was not measured"
        )
    return np.broadcast_to(values, (n, d, d))


def parted(X: Any, errors: Any) -> tuple[Any, Any]:
    """The features of a table, and the columns that hold their errors, where those are named.

    Parameters
    ----------
    X : rows.
    errors : the names of D columns of `X`, in the order of its other columns, or anything else,
        which is left as it is.

    Raises
    ------
    DataError : `X` has no such column, or has no names.
    ParameterError : they are more names than features, or fewer.
    """
    wanted = columns_wanted(errors)
    if wanted is None:
        return X, errors
    found = named_errors(X, errors)
    features = [name for name in column_names(X) or () if name not in wanted]
    check_errors(wanted, features)
    return _of_columns(X, features), found


def named_errors(X: Any, errors: Any) -> Any:
    """The columns of a table that `errors` names, (N, D); what is no name is left as it is.

    Raises
    ------
    DataError : there is no such column, or none has a name.
    """
    wanted = columns_wanted(errors)
    if wanted is None:
        return errors
    names = column_names(X) or ()
    for name in wanted:
        if name not in names:
            has = f"it has {', '.join(map(repr, names))}" if names else "its columns have no names"
            raise DataError(f"X has no column {name!r} to take errors from; {has}")
    return told_apart(np.asarray(as_rows(_of_columns(X, wanted)), np.float64))


def told_apart(deviations: Floats) -> Floats:
    """Standard deviations (N, D) that nobody can take for one covariance of all rows.

    Of as many rows as features they are covariances by row, (N, D, D).
    """
    n, d = deviations.shape
    return deviations if n != d else np.square(deviations)[:, :, None] * np.eye(d)


def _of_columns(X: Any, wanted: Sequence[str]) -> Any:
    """The table with some of its columns, in that order, of the same kind where it can be."""
    if hasattr(X, "iloc"):
        return X[list(wanted)]
    held = {str(name): values for name, values in columns_of(X) or ()}
    return {name: held[name] for name in wanted}


def _may_be_covariance(values: Floats) -> bool:
    return bool((values == values.T).all() and (values >= 0.0).all() and values.any())


def _check_deviations(values: Floats) -> None:
    bad = ~((values >= 0.0) & (values <= _LARGEST))
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"errors[{row}, {column}] is {values[row, column]:g}, expected a standard deviation of "
            f"at least 0 and at most {_LARGEST:g}: 0 says that the value is exact"
        )


def _check_covariances(values: Floats) -> None:
    """Refuse matrices (n, D, D) of which one is no covariance; some are looked at a time."""
    for at in range(0, len(values), _ROWS):
        bad = _no_covariances(values[at : at + _ROWS])
        if bad.any():
            raise DataError(
                f"errors[{at + int(bad.argmax())}] is no covariance, expected a symmetric matrix "
                "of finite numbers without a negative eigenvalue: for standard deviations pass an "
                "array of one row each"
            )


def _no_covariances(values: Floats) -> NDArray[np.bool_]:
    """Which of the matrices (m, D, D) are no covariances, (m,)."""
    scale = np.sqrt(np.maximum(np.einsum("ndd->nd", values), 0.0))
    scale = np.where(scale > 0.0, scale, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        units = values / scale[:, :, None] / scale[:, None, :]
        finite = np.isfinite(values).all(axis=(1, 2)) & (scale <= _LARGEST).all(axis=1)
        even = np.abs(units - units.transpose(0, 2, 1)).max(axis=(1, 2)) <= _ROUNDING
    bad: NDArray[np.bool_] = ~(finite & even)
    if not bad.any():
        least = np.linalg.eigvalsh(0.5 * (units + units.transpose(0, 2, 1)))[:, 0]
        bad = least < -_ROUNDING
    return bad
