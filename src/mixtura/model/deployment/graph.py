"""Graph: a mixture as at most ten nodes of ONNX, whatever its components and their structure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats
from mixtura.model.density import Density
from mixtura.model.deployment.joint import Deviations, Separable, Squares, joint

#: the operators are those of this version
OPSET = 18
#: what a graph may answer, in the order in which it does
OUTPUTS = ("label", "log_density", "probabilities")


@dataclass(frozen=True)
class Node:
    """An operator of ONNX's, its arguments and its one result, by their names."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


@dataclass(eq=False)
class Graph:
    """Nodes in the order in which they are computed, and the constants that they take.

    Parameters
    ----------
    source : the name of the rows, (N, D).
    dtype : of all that is computed.
    names : output -> the name that it is to have.
    """

    source: str
    dtype: np.dtype[Any]
    names: dict[str, str]
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """The name of the result of one more node."""
        name = self.names.get(output, output or f"{operator.lower()}_{len(self.nodes)}")
        self.nodes.append(Node(operator, inputs, name, attributes))
        return name

    def numbers(self, name: str, values: Floats) -> str:
        """The name of a constant, rounded to the type of the graph."""
        self.constants[name] = np.ascontiguousarray(values, self.dtype)
        return name

    def whole(self, name: str, *values: int) -> str:
        """The name of a constant (n,) of whole numbers."""
        self.constants[name] = np.array(values, np.int64)
        return name


def graph(
    mixture: Density,
    outputs: tuple[str, ...] = OUTPUTS,
    *,
    given: np.dtype[Any],
    computed: np.dtype[Any],
    source: str = "X",
    names: dict[str, str] | None = None,
) -> Graph:
    """The graph that answers `outputs`.

    Parameters
    ----------
    mixture : the density.
    outputs : some of `OUTPUTS`.
    given, computed : the types of the rows, and of all that is computed from them.
    source : the name of the rows.
    names : output -> the name that it is to have, where it is another.
    """
    made = Graph(source, computed, {name: (names or {}).get(name, name) for name in outputs})
    if given != computed:
        source = made.add("Cast", source, to=11 if computed.itemsize == 8 else 1)
    way = joint(mixture, computed.itemsize)
    uniform = mixture.components.n_components > mixture.n_components
    if isinstance(way, Deviations) and given != computed:
        _answer_stacked(made, source, way, uniform=uniform)
        return made
    about = made.add("Sub", source, made.numbers("pivot", way.pivot))
    constants = made.numbers("constants", _with_first(way.constants, uniform=uniform))
    if isinstance(way, Separable):
        squares = made.add("Mul", about, about)
        linear, square = (_with_first(each, uniform=uniform) for each in (way.linear, way.square))
        sums = made.add("Gemm", about, made.numbers("linear", linear), constants)
        every = made.add("Gemm", squares, made.numbers("square", square), sums)
    elif isinstance(way, Squares):
        forms, shifts = made.numbers("forms", way.forms), made.numbers("shifts", way.shifts)
        values = made.add("Gemm", about, forms, shifts)
        squares = made.add("Mul", values, values)
        weights = made.numbers("weights", _with_first(way.weights, uniform=uniform))
        every = made.add("Gemm", squares, weights, constants)
    else:
        every = _deviations(made, about, way, constants, uniform=uniform)
    _answer(made, every, made.constants[constants].size, uniform=uniform)
    return made


def _deviations(made: Graph, about: str, way: Deviations, constants: str, *, uniform: bool) -> str:
    """Log joint densities (N, K) from whitened deviations (N, K, D)."""
    roots = np.moveaxis(way.whitening, 0, -1)  # (D, D, K)
    shifts = -np.einsum("kd,dek->ek", way.means, roots)
    roots, shifts = (
        np.moveaxis(_with_first(each, uniform=uniform), -1, -2) for each in (roots, shifts)
    )
    d, k = roots.shape[0], roots.shape[1]
    forms = made.numbers("forms", roots.reshape(d, k * d))
    values = made.add("Gemm", about, forms, made.numbers("shifts", shifts.ravel()))
    stacked = made.add("Reshape", values, made.whole("shape", 0, k, d))
    squares = made.add("ReduceSumSquare", stacked, made.whole("features", 2), keepdims=0)
    return made.add("Sub", constants, squares)


def _answer(made: Graph, every: str, n_columns: int, *, uniform: bool) -> None:
    """What is asked for, from log joint densities (N, K); with a uniform term (N, K + 2)."""
    own = every
    if uniform and set(made.names) - {"label"}:
        ends = made.whole("begin", 1), made.whole("end", n_columns), made.whole("axis", 1)
        own = made.add("Slice", every, *ends)
    density = ""
    if "log_density" in made.names or not uniform:
        axis = made.whole("axis", 1)
        density = made.add("ReduceLogSumExp", own, axis, output="log_density", keepdims=0)
    if "probabilities" in made.names:
        made.add("Softmax", own, output="probabilities", axis=1)
    if uniform:
        _less_first(made, every, axis=1)
    elif "label" in made.names:
        largest = made.add("ArgMax", own, axis=1, keepdims=0)
        unknown = made.add("IsNaN", density)
        made.add("Where", unknown, made.whole("none", -1), largest, output="label")


def _answer_stacked(made: Graph, source: str, way: Deviations, *, uniform: bool) -> None:
    """The same from log joint densities (K, N), with a first row of no component."""
    means, roots = (
        np.moveaxis(_with_first(np.moveaxis(each, 0, -1), uniform=uniform), -1, 0)
        for each in (way.pivot + way.means, way.whitening)
    )
    constants = _with_first(way.constants, uniform=uniform)
    if uniform:  # it is the first already
        means, roots, constants = means[:-1], roots[:-1], constants[:-1]
    else:
        means, roots = (np.concatenate([0.0 * each[:1], each]) for each in (means, roots))
        constants = np.append(-np.inf, constants)
    about = made.add("Sub", source, made.numbers("means", means[:, None]))
    whitened = made.add("MatMul", about, made.numbers("whitening", roots))
    squares = made.add("ReduceSumSquare", whitened, made.whole("features", 2), keepdims=0)
    every = made.add("Sub", made.numbers("constants", constants[:, None]), squares)
    if "log_density" in made.names:
        axis = made.whole("axis", 0)
        made.add("ReduceLogSumExp", every, axis, output="log_density", keepdims=0)
    if "probabilities" in made.names:
        shares = made.add("Softmax", every, axis=0)
        kept = np.eye(len(constants))[:, [*range(1, len(constants)), *([0] if uniform else [])]]
        made.add("Gemm", shares, made.numbers("kept", kept), output="probabilities", transA=1)
    _less_first(made, every, axis=0)


def _less_first(made: Graph, every: str, axis: int) -> None:
    """The number of the largest log joint density, less 1: the first is of no component.

    Of a row with NaN all are NaN, and the first is as large as any.
    """
    if "label" in made.names:
        largest = made.add("ArgMax", every, axis=axis, keepdims=0)
        made.add("Add", largest, made.whole("less", -1), output="label")


def _with_first(columns: Floats, *, uniform: bool) -> Floats:
    """The columns of the components, and before them that of the uniform term once more.

    What is labelled so comes first, and the probabilities in the order of `predict_proba`.
    """
    return np.concatenate([columns[..., -1:], columns], axis=-1) if uniform else columns
