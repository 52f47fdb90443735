"""ONNX: an estimator as a step of what skl2onnx converts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from mixtura.errors import ParameterError
from mixtura.model.deployment.graph import OPSET, OUTPUTS, graph
from mixtura.model.mixture import Mixture


class ConvertibleToOnnx:
    """What skl2onnx asks an estimator that it does not know by itself.

    In `skl2onnx.to_onnx`, alone or as the last step of a pipeline, a fitted estimator becomes the
    nodes of `mixtura.Mixture.to_onnx`, with the outputs ``label``, ``log_density`` and
    ``probabilities``. Rows of float32 are computed in float64.
    """

    mixture_: Mixture

    def onnx_parser(self) -> Callable[..., list[tuple[str, Any]]]:
        """Names and types of the outputs, for skl2onnx."""
        from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType

        check_is_fitted(self, "mixture_")
        kinds = Int64TensorType(), DoubleTensorType(), DoubleTensorType()

        def parser(scope: Any = None, inputs: Any = None) -> list[tuple[str, Any]]:
            named = zip(OUTPUTS, kinds, strict=True)
            return [scope.declare_local_variable(name, kind) for name, kind in named]

        return parser

    def onnx_shape_calculator(self) -> Callable[[Any], None]:
        """What tells skl2onnx the shapes of the outputs."""

        def shapes(operator: Any) -> None:
            n_terms = self.mixture_.components.n_components
            for output, shape in zip(
                operator.outputs, ([None], [None], [None, n_terms]), strict=True
            ):
                output.type.shape = shape

        return shapes

    def onnx_converter(self) -> Callable[[Any, Any, Any], None]:
        """What puts the nodes into the model that skl2onnx makes."""

        def convert(scope: Any, operator: Any, container: Any) -> None:
            from onnx import numpy_helper
            from skl2onnx.common.data_types import DoubleTensorType

            if container.target_opset < OPSET:
                raise ParameterError(
                    f"target_opset is {container.target_opset}, expected at least {OPSET}: give "
                    f"skl2onnx target_opset={OPSET}"
                )
            wide = isinstance(operator.inputs[0].type, DoubleTensorType)
            made = graph(
                self.mixture_,
                given=np.dtype(np.float64 if wide else np.float32),
                computed=np.dtype(np.float64),
                source=operator.inputs[0].full_name,
                names=dict(
                    zip(OUTPUTS, (each.full_name for each in operator.outputs), strict=True)
                ),
            )
            taken = {operator.inputs[0].full_name, *made.names.values()}
            own = {
                name: scope.get_unique_variable_name(f"mixture_{name}")
                for name in (*made.constants, *(node.output for node in made.nodes))
                if name not in taken
            }
            for name, value in made.constants.items():
                container.add_initializer(
                    own[name], None, None, numpy_helper.from_array(value, own[name])
                )
            for node in made.nodes:
                container.add_node(
                    node.operator,
                    [own.get(name, name) for name in node.inputs],
                    [own.get(node.output, node.output)],
                    name=scope.get_unique_operator_name(f"Mixture{node.operator}"),
                    op_version=container.target_opset,
                    **node.attributes,
                )

        return convert
