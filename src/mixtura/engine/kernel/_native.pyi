"""The compiled core, with its checks of dtype, layout and shape. Results go into given arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_Doubles = NDArray[np.floating[Any]]
_Rows = NDArray[np.floating[Any]]
_Labels = NDArray[np.signedinteger[Any]]

def one_pass(
    form: int,
    constants: _Doubles,
    means: _Doubles,
    whitening: _Doubles,
    rows: _Rows,
    weights: _Doubles | None = None,
    *,
    hard: bool = False,
    squared_distances: _Doubles | None = None,
    log_joint: _Doubles | None = None,
    log_likelihood: _Doubles | None = None,
    responsibilities: _Doubles | None = None,
    labels: NDArray[np.int64] | None = None,
    weight: _Doubles | None = None,
    first: _Doubles | None = None,
    second: _Doubles | None = None,
    total: _Doubles | None = None,
    along: bool = False,
) -> None: ...
def first_m_step(
    structure: str,
    ridge: _Doubles | None,
    weight: _Doubles,
    first: _Doubles,
    second: _Doubles,
    shift: _Doubles,
    covariances: _Doubles,
) -> bool: ...
def deconvolve(
    form: int,
    constants: _Doubles,
    means: _Doubles,
    whitening: _Doubles,
    rows: _Doubles,
    errors: _Doubles,
    weights: _Doubles | None = None,
    *,
    log_joint: _Doubles | None = None,
    log_likelihood: _Doubles | None = None,
    weight: _Doubles | None = None,
    first: _Doubles | None = None,
    second: _Doubles | None = None,
    total: _Doubles | None = None,
) -> None: ...
def pass_by_pattern(
    form: int,
    log_weights: _Doubles,
    means: _Doubles,
    held: _Doubles,
    log_extents: _Doubles | None,
    rows: _Rows,
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    observed: NDArray[np.bool_],
    weights: _Doubles | None = None,
    *,
    hard: bool = False,
    squared_distances: _Doubles | None = None,
    log_joint: _Doubles | None = None,
    log_likelihood: _Doubles | None = None,
    responsibilities: _Doubles | None = None,
    labels: NDArray[np.int64] | None = None,
    weight: _Doubles | None = None,
    first: _Doubles | None = None,
    second: _Doubles | None = None,
    total: _Doubles | None = None,
) -> None: ...
def moments(
    rows: _Rows,
    weights: _Doubles | None,
    responsibilities: _Doubles,
    reference: _Doubles,
    weight: _Doubles,
    first: _Doubles,
    second: _Doubles,
) -> None: ...
def hamerly_step(
    centres: _Doubles,
    reference: _Doubles,
    loss: _Doubles,
    rounding: float,
    rows: _Rows,
    weights: _Doubles | None,
    labels: _Labels,
    slack: _Doubles,
    weight: _Doubles,
    first: _Doubles,
) -> tuple[int, int]: ...
def potentials(
    form: int,
    constants: _Doubles,
    means: _Doubles,
    whitening: _Doubles,
    rows: _Doubles,
    weights: _Doubles | None,
    nearest: _Doubles,
    *,
    update: bool,
    potentials: _Doubles,
) -> None: ...
def far_apart(
    rows: _Doubles,
    weights: _Doubles | None,
    draws: _Doubles,
    rounding: float,
    chosen: NDArray[np.int64],
) -> None: ...
def lloyd(
    rows: _Doubles,
    weights: _Doubles | None,
    rule: tuple[float, float, float, float, int],
    centres: _Doubles,
    labels: NDArray[np.int64],
    weight: _Doubles,
    first: _Doubles,
    second: _Doubles,
    total: _Doubles,
) -> bool: ...
def climb(
    rows: _Doubles,
    weights: _Doubles | None,
    structure: str,
    ridge: _Doubles,
    noise_log_density: float,
    equal_weights: bool,
    weight: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
    noise_weight: float,
    log_likelihood: float,
    n_steps: int,
    gain: float,
) -> tuple[float, float, float, int, bool]: ...
def race(
    rows: _Doubles,
    weights: _Doubles | None,
    structure: str,
    ridge: _Doubles,
    noise_log_density: float,
    rule: tuple[float, int, float, float, int, int, float, float, float, float, float, float],
    units: _Doubles,
    weight: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
    noise_weight: _Doubles,
    log_likelihood: _Doubles,
    how: tuple[int, int, int, float],
    order: _Labels,
) -> int: ...
def log_ratio(
    rows: _Doubles,
    weights: _Doubles | None,
    structure: str,
    ridge: _Doubles,
    noise_log_density: float,
    rule: tuple[float, int, float, float, int, int, float, float, float, float, float, float],
    units: _Doubles,
    weight: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
    ways: tuple[int, float, int],
    races: tuple[
        tuple[int, int, int, float], tuple[int, int, int, float], tuple[int, int, int, float]
    ],
    race: tuple[int, int, int, float],
    how: tuple[int, float, float, int, int, bool],
    scattered: _Doubles,
    effort: tuple[float, int, int, float, float, float],
    draws: _Doubles,
) -> float | None: ...
def search(
    rows: _Doubles,
    weights: _Doubles | None,
    structure: str,
    ridge: _Doubles,
    noise_log_density: float,
    rule: tuple[float, int, float, float, int, int, float, float, float, float, float, float],
    units: _Doubles,
    weight: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
    noise_weight: _Doubles,
    race: tuple[int, int, int, float],
    how: tuple[int, float, float, int, int, bool],
    scattered: _Doubles,
    effort: tuple[float, int, int, float, float, float],
    draws: _Doubles,
) -> (
    tuple[list[tuple[list[float], list[float], list[float], float, float]], int, int, float] | None
): ...
def swap(
    rows: _Doubles,
    weights: _Doubles | None,
    structure: str,
    ridge: _Doubles,
    noise_log_density: float,
    rule: tuple[float, int, float, float, int, int, float, float, float, float, float, float],
    units: _Doubles,
    weight: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
    noise_weight: float,
    log_likelihood: float,
    effort: tuple[float, int, int, float, float, float],
    draws: _Doubles,
) -> tuple[float, float, int, int, float]: ...

class Tree:
    def __init__(
        self,
        form: int,
        constants: _Doubles,
        means: _Doubles,
        whitening: _Doubles,
        centre: _Doubles,
        axes: _Doubles,
        low: _Doubles,
        high: _Doubles,
        rates: _Doubles,
        reaches: _Doubles,
    ) -> None: ...
    def look(
        self,
        rows: _Doubles,
        labels: NDArray[np.int64],
        shares: _Doubles | None,
        log_likelihood: _Doubles | None,
    ) -> int: ...

class Run:
    def __init__(
        self,
        rows: _Doubles,
        weights: _Doubles | None,
        structure: str,
        ridge: _Doubles | None,
        noise_log_density: float,
        equal_weights: bool,
        n_components: int,
        remaining: bool,
        least: float,
        acceleration: int,
        n_parameters: int,
        max_iter: int,
        floor: _Doubles | None,
        seen: tuple[float, _Doubles, _Doubles, _Doubles, float] | None,
    ) -> None: ...
    def begin(self, ahead: tuple[_Doubles, _Doubles, _Doubles]) -> bool: ...
    def resume(
        self,
        standing: tuple[int, int, int, bool, bool],
        known: tuple[_Doubles, _Doubles, _Doubles],
        image: tuple[_Doubles, _Doubles, _Doubles],
        ahead: tuple[_Doubles, _Doubles, _Doubles],
        trace: _Doubles,
        accelerated: NDArray[np.int64],
        points: _Doubles,
        images: _Doubles,
    ) -> bool: ...
    def advance(self, n: int) -> int: ...
    def finish(self) -> bool: ...
    def read(
        self,
        role: int,
        shares: _Doubles,
        means: _Doubles,
        covariances: _Doubles,
    ) -> None: ...
    def same(self, one: int, other: int) -> bool: ...
    def standing(self) -> tuple[int, int, int, bool, bool]: ...
    def trace(self) -> list[float]: ...
    def accelerated(self) -> list[int]: ...
    def weight(self) -> list[float]: ...
    def n_terms(self) -> int: ...
    def n_coordinates(self) -> int: ...
    def points(self) -> list[float]: ...
    def images(self) -> list[float]: ...

def fit_groups(
    rows: _Doubles,
    weights: _Doubles | None,
    order: _Labels | None,
    starts: _Labels,
    stops: _Labels,
    seeds: _Labels,
    candidates: list[tuple[int, str]],
    rule: tuple[float, float, bool, float, float, bool, int, int, int, int, bool, float, float],
    chosen: _Labels,
    n_steps: _Labels,
    n_rows: _Labels,
    converged: NDArray[np.bool_],
    log_likelihood: _Doubles,
    bic: _Doubles,
    shares: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
) -> None: ...
def sample_clusterings(
    rows: _Doubles,
    mean: _Doubles,
    mean_precision: float,
    degrees: float,
    scale: _Doubles,
    form: str,
    pooled: bool,
    sizes: _Doubles,
    normalisers: _Doubles,
    counts: _Doubles,
    n_moves: int,
    n_scans: int,
    labels: _Labels,
    state: _Labels,
    drawn: _Labels,
    heights: _Doubles,
    accepted: _Labels,
) -> None: ...

most_at_once: int

def choleskys(matrices: _Doubles, lower: _Doubles) -> bool: ...
def invert_lower(lower: _Doubles, inverse: _Doubles) -> None: ...
def below_floor(matrices: _Doubles, floor: _Doubles, flags: NDArray[np.bool_]) -> None: ...
def raise_to_floor(
    matrices: _Doubles, which: _Labels, floor: _Doubles, flags: NDArray[np.bool_]
) -> None: ...
def instruction_set() -> str: ...
def use_instruction_set(name: str) -> bool: ...
def vector_exp(x: _Rows, y: _Rows) -> None: ...
def vector_log(x: _Doubles, y: _Doubles) -> None: ...
def ascend(
    rows: _Doubles,
    weights: _Doubles | None,
    unit: float,
    prior: tuple[Any, ...],
    concentration: tuple[bool, bool, float, float, float],
    sums: tuple[_Doubles, ...],
    before: tuple[_Doubles, ...],
    theirs: bool,
    tol: float,
    last: float,
    trace: _Doubles,
) -> tuple[int, bool, bool]: ...
def expand(
    form: int,
    constants: _Doubles,
    means: _Doubles,
    whitening: _Doubles,
    log_weights: _Doubles | None,
    rows: _Doubles,
    weights: _Doubles | None,
    order: NDArray[np.int32],
    offsets: _Labels,
    first: int,
    last: int,
    lists: NDArray[np.int32],
    asked: NDArray[np.int32],
    draw: int,
    ids: NDArray[np.int32],
    shares: _Doubles | None,
    graph: NDArray[np.int32] | None,
    reach: int,
    background: float,
    bounds: _Doubles | None = None,
) -> tuple[float, float, int]: ...
def count_members(
    ids: NDArray[np.int32],
    shares: _Doubles | None,
    n_slots: int,
    first: int,
    last: int,
    counts: _Labels,
) -> None: ...
def place_members(
    ids: NDArray[np.int32],
    shares: _Doubles | None,
    n_slots: int,
    first: int,
    last: int,
    weights: _Doubles | None,
    following: _Labels,
    order: NDArray[np.int32],
    placed: _Doubles | None,
) -> None: ...
def moments_of_cells(
    rows: _Doubles,
    order: NDArray[np.int32],
    offsets: _Labels,
    shares: _Doubles,
    reference: _Doubles,
    first: int,
    last: int,
    weight: _Doubles,
    sums: _Doubles,
    second: _Doubles,
    directions: _Doubles | None = None,
) -> None: ...
def seed_distances(
    rows: _Doubles,
    scale: _Doubles,
    drawn: NDArray[np.int32],
    first: int,
    last: int,
    places: _Doubles,
    n_known: int,
    far: _Doubles,
) -> None: ...
def chain_seeds(
    rows: _Doubles,
    scale: _Doubles,
    drawn: NDArray[np.int32],
    proposed: _Doubles,
    draws: _Doubles,
    far: _Doubles,
    first: int,
    last: int,
    places: _Doubles,
    chosen: NDArray[np.int32],
) -> None: ...
def split_cells(
    rows: _Doubles,
    weights: _Doubles | None,
    order: NDArray[np.int32],
    offsets: _Labels,
    first: int,
    last: int,
    structure: str,
    ridge: _Doubles,
    scale: _Doubles,
    n_steps: int,
    gains: _Doubles,
    weight: _Doubles,
    means: _Doubles,
    covariances: _Doubles,
) -> None: ...
