"""ONNX: a mixture as a model that any of its runtimes loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mixtura.errors import MissingExtraError, ParameterError
from mixtura.model.density import Density
from mixtura.model.deployment.graph import OPSET, OUTPUTS, graph
from mixtura.model.factors import written_out
from mixtura.version import __version__

#: dtype -> the types of the rows and of what is computed from them
_TYPES: dict[str | None, tuple[np.dtype[Any], np.dtype[Any]]] = {
    None: (np.dtype(np.float32), np.dtype(np.float64)),
    "float32": (np.dtype(np.float32), np.dtype(np.float32)),
    "float64": (np.dtype(np.float64), np.dtype(np.float64)),
}
#: of the file's format: old enough for every runtime that knows the operators
_IR_VERSION = 8


def onnx_model(
    mixture: Density, dtype: str | None, outputs: Sequence[str] | None, name: str = "X"
) -> Any:
    """The model; see `Mixture.to_onnx`."""
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("onnx", "onnx", "Mixture.to_onnx") from None
    given, computed = types_of(dtype)
    wanted = outputs_of(outputs)
    made = graph(written_out(mixture), wanted, given=given, computed=computed, source=name)
    helper, kinds = onnx.helper, onnx.TensorProto
    floats = {4: kinds.FLOAT, 8: kinds.DOUBLE}
    shapes: dict[str, tuple[int, list[Any]]] = {
        "label": (kinds.INT64, ["N"]),
        "log_density": (floats[computed.itemsize], ["N"]),
        "probabilities": (floats[computed.itemsize], ["N", mixture.components.n_components]),
    }
    body = helper.make_graph(
        [helper.make_node(n.operator, n.inputs, [n.output], **n.attributes) for n in made.nodes],
        "gaussian_mixture",
        [helper.make_tensor_value_info(name, floats[given.itemsize], ["N", mixture.n_features])],
        [helper.make_tensor_value_info(each, *shapes[each]) for each in wanted],
        [onnx.numpy_helper.from_array(value, key) for key, value in made.constants.items()],
    )
    model = helper.make_model(
        body,
        producer_name="mixtura",
        producer_version=__version__,
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    told = {"structure": mixture.structure.name}
    if mixture.feature_names:
        told["feature_names"] = "\n".join(mixture.feature_names)
    helper.set_model_props(model, told)
    return model


def types_of(dtype: Any) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """The types of the rows, and of what is computed from them.

    Raises
    ------
    ParameterError : there is no such `dtype`.
    """
    try:
        return _TYPES[None if dtype is None else np.dtype(dtype).name]
    except (KeyError, TypeError):
        raise ParameterError(
            f"dtype is {dtype!r}, expected 'float32', 'float64', or None for rows of float32 from "
            "which all is computed in float64"
        ) from None


def outputs_of(outputs: Sequence[str] | None) -> tuple[str, ...]:
    """The outputs that are asked for, all of them for None.

    Raises
    ------
    ParameterError : there is no such output, or none is asked for.
    """
    asked = (
        (outputs,) if isinstance(outputs, str) else tuple(OUTPUTS if outputs is None else outputs)
    )
    if not asked or set(asked) - set(OUTPUTS):
        raise ParameterError(
            f"outputs is {outputs!r}, expected some of {', '.join(map(repr, OUTPUTS))}"
        )
    return tuple(name for name in OUTPUTS if name in asked)
