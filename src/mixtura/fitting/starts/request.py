"""Request: what a start is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Source
from mixtura.engine.statistics import Statistics
from mixtura.filling import filled
from mixtura.fitting.starts.met import Met
from mixtura.model.box import Box
from mixtura.model.structures import Form, Structure


@filled
@dataclass(frozen=True, eq=False)
class Request:
    """What a start is asked for.

    Parameters
    ----------
    source : the rows.
    n_components : K.
    random : the source of its draws.
    executor : who carries its passes out.
    structure : of the covariances, which says what second moments are needed.
    counting : (M,) which of the rows that a person gave are those of the source, or None for all.
    whole : the rows of which those of `source` are a sample, or None where they are all.
    run : which of several it is for, from 0: a search does not begin twice at the same place.
    box : where noise lies, or None for no noise.
    told : is told how often a search met its end; or None.
    filled : all rows without holes, where some lack features, as those of `source` are; or None.
    """

    source: ArraySource
    n_components: int
    random: np.random.RandomState
    executor: Executor
    structure: Structure
    counting: NDArray[np.bool_] | None = None
    whole: Source | None = None
    run: int = 0
    box: Box | None = None
    told: Callable[[Met], None] | None = None
    filled: Source | None = None

    @property
    def all_rows(self) -> Source:
        """All rows, that may not be in memory."""
        return self.source if self.whole is None else self.whole

    @property
    def form(self) -> Form:
        """The form in which the covariances are held."""
        return self.structure.form


#: gives the statistics that the first M-step is taken from
Start = Callable[[Request], Statistics]
