"""SQL: a mixture as one statement of plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from mixtura.arguments import listed
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.model.factors import written_out


@dataclass(frozen=True)
class Dialect:
    """What a database calls things.

    Parameters
    ----------
    double, integer : its types of double precision and of whole numbers.
    fence : what keeps its planner from writing a query into the one around it, where each name of
        a result would become the whole expression again: found anew each time it is read.
    longest : the bytes that a name may have, or None: longer ones are cut short without a word.
    """

    double: str
    integer: str
    fence: str
    longest: int | None


_DIALECTS = {
    "duckdb": Dialect("DOUBLE", "INTEGER", "", None),
    "postgresql": Dialect("double precision", "integer", " OFFSET 0", 63),
}
#: below it e to a difference of logarithms is 0; PostgreSQL calls that an error
_LEAST = -700


def statement(
    mixture: Density, dialect: str, table: str | Sequence[str], columns: Sequence[str] | None
) -> str:
    """The statement; see `Mixture.to_sql`."""
    mixture = written_out(mixture)
    if dialect not in _DIALECTS:
        known = ", ".join(map(repr, _DIALECTS))
        raise ParameterError(f"dialect is {dialect!r}, expected one of {known}")
    chosen = _DIALECTS[dialect]
    names = mixture.feature_names if columns is None else listed(columns, "columns", "names")
    if names is None or len(names) != mixture.n_features:
        got = "None, and the mixture has no feature names" if names is None else f"{len(names)}"
        raise ParameterError(
            f"columns is {got}, expected the {mixture.n_features} names of the columns that are "
            "its features, in their order"
        )
    parts = [table] if isinstance(table, str) else listed(table, "table", "names")
    if not parts:
        raise ParameterError("table is empty, expected a name, or those of a schema and a table")
    whole = ".".join(_quoted(part, chosen, "table") for part in parts)
    held = [_quoted(name, chosen, "columns") for name in names]
    every = (row for terms in mixture.terms for row in terms.table(mixture.n_components, 0))
    shares = [f"p_{row[0]}" for row in every]
    clash = {"log_density", "label", *shares} & {str(name).lower() for name in names}
    if clash:
        raise ParameterError(
            f"columns has {min(clash)!r}, which an answer is called: rename that column in a view"
        )
    return "\n".join(_lines(mixture, chosen, whole, held, shares))


def _quoted(name: str, dialect: Dialect, argument: str) -> str:
    """A name as an identifier, whatever is in it.

    Raises
    ------
    ParameterError : it can be none.
    """
    if not isinstance(name, str) or not name or "\0" in name:
        raise ParameterError(f"{argument} has {name!r}, expected a name, without a null character")
    if dialect.longest and len(name.encode("utf-8", "replace")) > dialect.longest:
        raise ParameterError(
            f"{argument} has {name!r}, expected at most {dialect.longest} bytes: the database cuts "
            "longer names short"
        )
    return '"' + name.replace('"', '""') + '"'


def _lines(
    mixture: Density, dialect: Dialect, table: str, columns: list[str], shares: list[str]
) -> Iterator[str]:
    """The statement, line by line: from the innermost query, `y`, to the outermost.

    Each is LATERAL to the one before, so that nothing is written twice: deviations from o, log
    joint densities, their largest, the sum of what is left, and the answers. Every name is told
    with its query's, as the table may have a column that is called the same.
    """
    query = partial(_query, fence=dialect.fence)
    d, joints = len(columns), [f"j.j{k}" for k in range(len(shares))]
    pivot = mixture.weights @ mixture.means / mixture.weights.sum()
    yield f"SELECT t.*, g.log_density, g.label, {', '.join(f'g.{name}' for name in shares)}"
    yield f"FROM {table} AS t"
    about = (
        f"CAST(t.{column} AS {dialect.double}) - ({_number(o)}) AS y{i}"
        for i, (column, o) in enumerate(zip(columns, pivot.tolist(), strict=True))
    )
    yield from query("y", about)
    yield from query("z", chain.from_iterable(_whitened(mixture, pivot)))
    own = (
        f"{_number(c)} - 0.5e0 * "
        f"({' + '.join(f'z.z{k}_{i} * z.z{k}_{i}' for i in range(d))}) AS j{k}"
        for k, c in enumerate(mixture.components.constants[: mixture.n_components].tolist())
    )
    # A constant is NULL, too, where the row has one.
    flat = (
        f"{_number(c)} + 0e0 * "
        f"({' + '.join(f'y.y{i}' for i in range(d))}) AS j{mixture.n_components}"
        for c in mixture.components.constants[mixture.n_components :].tolist()
    )
    yield from query("j", chain(own, flat))
    yield from query("m", [f"{_largest(joints)} AS top"])
    exponentials = (
        f"CASE WHEN {joint} - m.top < {_LEAST} THEN 0e0 ELSE EXP({joint} - m.top) END AS e{k}"
        for k, joint in enumerate(joints)
    )
    yield from query("e", exponentials)
    yield from query("s", [f"{' + '.join(f'e.e{k}' for k in range(len(shares)))} AS total"])
    labels = np.concatenate([terms.labels for terms in mixture.terms]).tolist()
    each = zip(joints, labels, strict=True)
    cases = " ".join(f"WHEN {joint} = m.top THEN {label}" for joint, label in each)
    answers = [f"e.e{k} / s.total AS {name}" for k, name in enumerate(shares)]
    nan, least = (f"CAST('{name}' AS {dialect.double})" for name in ("NaN", "-Infinity"))
    unknown = f"WHEN m.top = {nan} OR m.top = {least} THEN NULL"
    density = f"CASE WHEN m.top = {least} THEN m.top ELSE m.top + LN(s.total) END"
    label = f"CAST(CASE {unknown} {cases} END AS {dialect.integer}) AS label"
    yield from query("g", [f"{density} AS log_density", label, *answers])


def _query(name: str, values: Iterable[str], fence: str) -> Iterator[str]:
    """One more query, of expressions in what is before it."""
    yield "CROSS JOIN LATERAL (SELECT"
    yield "  " + ",\n  ".join(values)
    yield f"{fence}) AS {name}"


def _whitened(mixture: Density, pivot: Floats) -> Iterator[Iterator[str]]:
    """What each component makes of a row: z = L_k⁻¹ (y − (μ_k − o)), feature by feature."""
    k, d = mixture.means.shape
    found = mixture.gaussians.whitening(kernel.invert_lower)
    if mixture.gaussians.factor.diagonal:
        found = np.broadcast_to(found[:, None] if found.ndim == 1 else found, (k, d))
        found = found[:, :, None] * np.eye(d)
    centres = (mixture.means - pivot).tolist()
    for own, (rows, centre) in enumerate(
        zip(np.broadcast_to(found, (k, d, d)), centres, strict=True)
    ):
        yield (
            " + ".join(
                f"({_number(v)}) * (y.y{j} - ({_number(centre[j])}))"
                for j, v in enumerate(row.tolist())
                if v != 0.0
            )
            + f" AS z{own}_{i}"
            for i, row in enumerate(rows)
        )


def _largest(joints: list[str]) -> str:
    """The largest of them; NULL where the row has one."""
    return f"GREATEST({', '.join(joints)})" if len(joints) > 1 else joints[0]


def _number(value: float) -> str:
    """A number with all its digits, of double precision in every dialect."""
    return f"{value!r}" if "e" in f"{value!r}" else f"{value!r}e0"
