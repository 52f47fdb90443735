"""Group fits: a mixture for each group of rows, held as columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import ParameterError
from mixtura.grouped import ended
from mixtura.grouped.ended import EndedGroups
from mixtura.grouped.keys import Grouping, natural, wanted_key
from mixtura.grouped.scoring import by_group
from mixtura.model.mixture import Mixture
from mixtura.tables.table import pandas_for
from mixtura.textual import counted

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, eq=False)
class GroupFits(EndedGroups):
    """The mixtures of many groups of rows, and how each fit ended, as columns.

    G groups have C components together; those of a group stand one after the other.

    Parameters
    ----------
    keys : name -> (G,), what the groups are known by, in ascending order.
    n_rows : (G,), the rows of each that count.
    outcome : (G,) texts, how each fit ended, as `mixtura.Outcome` calls it, or ``failed``.
    n_components : (G,), K of each; 0 of one that failed.
    structure : (G,) texts, of the covariances; empty of one that failed.
    log_likelihood, bic : (G,), of all rows of a group, nats; NaN of one that failed.
    n_iter : (G,), the iterations of the end that was taken.
    notes : (G,) texts, why a group failed, or what was found out about it; mostly empty.
    weights : (C,), of the components.
    means : (C, D), feature units.
    covariances : (C, D, D), squared feature units.
    feature_names : D names, or None.
    equal_weights : whether the weights are equal by decree.
    seconds : wall-clock time.
    """

    def __repr__(self) -> str:
        failed = f", {self.n_failed:,} failed" if self.n_failed else ""
        by = ", ".join(self.keys)
        return (
            f"GroupFits({counted(len(self), 'group')} by {by}, "
            f"{counted(len(self.weights), 'component')}{failed})"
        )

    def __str__(self) -> str:
        return "\n".join(self.verdict)

    @property
    def verdict(self) -> tuple[str, ...]:
        """How many groups there are, and how they ended, a sentence each."""
        numbers, times = np.unique(self.n_components[~self.failed], return_counts=True)
        said = [
            f"{counted(len(self), 'group')} of {counted(int(self.n_rows.sum()), 'row')}, by "
            f"{', '.join(self.keys)}"
        ]
        said += [
            f"{counted(int(n), 'group')} of {counted(int(k), 'component')}"
            for k, n in zip(numbers, times, strict=True)
        ]
        ends, times = np.unique(self.outcome, return_counts=True)
        said += [
            f"{counted(int(n), 'group')} {end}"
            for end, n in zip(ends, times, strict=True)
            if end not in ("converged", ended.FAILED)
        ]
        if self.n_failed:
            first = int(self.failed.argmax())
            said.append(
                f"{counted(self.n_failed, 'group')} failed; the first, {self.named(first)}: "
                f"{self.notes[first]}"
            )
        return tuple(said)

    def summary(self) -> dict[str, Any]:
        """A plain record of how the fits ended, ready for JSON."""
        numbers, times = np.unique(self.n_components, return_counts=True)
        ends, often = np.unique(self.outcome, return_counts=True)
        return {
            "by": list(self.keys),
            "groups": len(self),
            "rows": int(self.n_rows.sum()),
            "outcomes": dict(zip(ends.tolist(), often.tolist(), strict=True)),
            "n_components": {
                str(k): n for k, n in zip(numbers.tolist(), times.tolist(), strict=True) if k
            },
            "seconds": self.seconds,
        }

    def mixture(self, *key: Any) -> Mixture:
        """The mixture of a group.

        Parameters
        ----------
        key : of the group: a value for each column of `keys`.

        Raises
        ------
        ParameterError : there is no such group, or it could not be fitted; the reason is told.
        """
        place = wanted_key(self.keys, key)
        found = self.mixture_at(place)
        if found is None:
            raise ParameterError(
                f"the group {self.named(place)} could not be fitted: {self.notes[place]}"
            )
        return found

    def columns(self, components: bool = False) -> dict[str, NDArray[Any]]:
        """Everything as columns, for a data frame; masked where there is no value.

        Parameters
        ----------
        components : False for a row a group: its key, rows, outcome, n_components, structure,
            log_likelihood, bic, iterations and notes. True for a row a component, which has those
            of its group, and component, weight, mean_… of each feature, and cov_…_… of each pair,
            the lower triangle; a group that failed has one row, in which these are missing.

        Raises
        ------
        ParameterError : a key is called as one of these columns.
        """
        return ended.columns_of(self, components)

    def to_pandas(self, components: bool = False) -> Any:
        """A `pandas.DataFrame` of `columns`.

        Raises
        ------
        MissingExtraError : pandas is not installed.
        """
        frame = pandas_for("a data frame").DataFrame
        return frame({name: ended.filled(each) for name, each in self.columns(components).items()})

    def to_arrow(self, components: bool = False) -> Any:
        """A `pyarrow.Table` of `columns`, with null where a value is missing.

        Raises
        ------
        MissingExtraError : pyarrow is not installed.
        """
        return ended.arrow_of(self.columns(components))

    def to_polars(self, components: bool = False) -> Any:
        """A `polars.DataFrame` of `columns`.

        Raises
        ------
        ImportError : polars is not installed.
        """
        import polars

        return polars.from_arrow(self.to_arrow(components))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a row a component, as `columns` has them, whole or not at all.

        Parameters
        ----------
        path : ``.parquet`` or ``.pq``; anything else is CSV. `mixtura.load_groups` reads it.

        Raises
        ------
        OSError : it cannot be written; what was there before stays.
        """
        ended.written(self.columns(components=True), Path(path))

    def score_samples(self, X: Any, groups: Any) -> Floats:
        """Log p(x_i) of rows under the mixtures of their groups, (N,), nats.

        Parameters
        ----------
        X, groups : rows, and which group each is of, as for `mixtura.fit_groups`.

        Returns
        -------
        NaN for a row of no group, or of one that could not be fitted.
        """
        return by_group(self, X, groups, Mixture.score_samples, np.nan)

    def predict(self, X: Any, groups: Any) -> Integers:
        """The component of largest responsibility of rows in their groups, (N,).

        Parameters
        ----------
        X, groups : as for `score_samples`.

        Returns
        -------
        −1 for a row of no group, or of one that could not be fitted.
        """
        return by_group(self, X, groups, Mixture.predict, -1)

    def taken(self, places: Integers) -> GroupFits:
        """The groups at some places, in that order."""
        counts = self.n_components[places]
        # Of each component: where its group begins among all, and its number there.
        begins = np.repeat((self.ends - self.n_components)[places], counts)
        inside = begins + np.arange(len(begins)) - np.repeat(np.cumsum(counts) - counts, counts)
        changed: dict[str, Any] = {name: getattr(self, name)[places] for name in ended.OF_GROUPS}
        changed |= {name: getattr(self, name)[inside] for name in ended.OF_COMPONENTS}
        return replace(
            self,
            keys={name: values[places] for name, values in self.keys.items()},
            **changed,
        )


def joined(parts: Iterable[GroupFits]) -> GroupFits:
    """Several results of different groups as one, one after the other."""
    held = list(parts)
    first = held[0]
    keys = {name: np.concatenate([part.keys[name] for part in held]) for name in first.keys}
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in held]) for name in ended.ARRAYS
    }
    return replace(first, keys=keys, **arrays)


def in_order(fits: GroupFits) -> GroupFits:
    """The same in ascending order of the keys; those that were read as texts may be numbers."""
    known = replace(fits, keys={name: natural(values) for name, values in fits.keys.items()})
    return known.taken(Grouping.of(known.keys).starts)
