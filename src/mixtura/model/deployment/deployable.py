"""Deployable: a mixture as what runs elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mixtura.model.decisions import Decisions
from mixtura.model.deployment.onnx import onnx_model
from mixtura.model.deployment.sql import statement


class Deployable(Decisions):
    """What a mixture becomes where there is no mixtura; see `Mixture`."""

    def to_onnx(
        self, dtype: str | None = None, outputs: Sequence[str] | None = None, *, name: str = "X"
    ) -> Any:
        """The mixture as a model of ONNX, of at most ten nodes.

        Its input is the rows (N, D). Everything is centred before it is multiplied, so that an
        offset of the data costs no digit. A row with NaN has NaN for an answer, and the label −1,
        as has noise.

        Parameters
        ----------
        dtype : ``"float32"`` or ``"float64"``, of the rows and of all that is computed; None takes
            rows of float32 and computes, and answers, in float64.
        outputs : some of ``"label"``, (N,), int64; ``"log_density"``, (N,), nats; and
            ``"probabilities"``, (N, K), with noise (N, K + 1); None for all. What is not asked for
            is not computed.
        name : of the input.

        Returns
        -------
        An `onnx.ModelProto` of opset 18: `.SerializeToString()` is what a runtime takes.

        Raises
        ------
        ParameterError : there is no such dtype or output.
        MissingExtraError : onnx is not installed.

        Notes
        -----
        Log densities agree with `score_samples` to 2.5e-13 nats a feature, in single precision to
        2.5e-5, and less where groups are thousands of their deviations apart: 1e-12 nats and 6e-4
        for 10,000 of them. Where expanded squares have those digits, the cost is N·K·D for diagonal
        covariances and N·K·D²/2 for others, and nothing is held that has N·K·D numbers. Where they
        have not, for groups hundreds of deviations apart or so in double, each row is whitened for
        each component: N·K·D² operations, and N·K·D numbers held. Score in batches then.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([0.25, 0.75], [[0.0], [4.0]], [[[1.0]], [[0.25]]])
        >>> [node.op_type for node in m.to_onnx(outputs=["log_density"]).graph.node]
        ['Cast', 'Sub', 'Gemm', 'Mul', 'Gemm', 'ReduceLogSumExp']
        """
        return onnx_model(self, dtype, outputs, name)

    def to_sql(
        self,
        dialect: str = "duckdb",
        table: str | Sequence[str] = "rows",
        columns: Sequence[str] | None = None,
    ) -> str:
        """The mixture as one SELECT statement, in plain arithmetic.

        It gives the columns of the table, and after them `log_density`, nats, `label`, −1 for
        noise, and the responsibilities `p_0`, `p_1`, … and with noise `p_noise`. A row with a
        NULL in it has NULL for an answer, and NULL for a label where it has NaN. Of a row so far
        out that the square of its distance is no double, the label is NULL, the responsibilities
        are NaN and the log density is −inf, or NaN where covariances do not lie along the features;
        PostgreSQL calls that an error.

        Parameters
        ----------
        dialect : ``"duckdb"`` or ``"postgresql"``.
        table : its name; of one in a schema the names of both, in a list. Names are quoted, and
            never part of the statement.
        columns : the names of the D columns, in the order of the features; None for the
            feature names.

        Returns
        -------
        The statement, without a semicolon: it can stand in parentheses, or in a view.

        Raises
        ------
        ParameterError : there is no such dialect, or a name cannot be one; or there are not as many
            columns as features, or one is called as an answer is.

        Notes
        -----
        Its length grows with K·D²/2 terms. Numbers are written with all their digits: log densities
        agree with `score_samples` to 1e-12 of their size, for columns of double precision.

        Examples
        --------
        >>> from mixtura import Mixture
        >>> m = Mixture([1.0], [[2.0]], [[[4.0]]], feature_names=["height"])
        >>> print(m.to_sql(table="people").splitlines()[0])
        SELECT t.*, g.log_density, g.label, g.p_0
        """
        return statement(self, dialect, table, columns)
