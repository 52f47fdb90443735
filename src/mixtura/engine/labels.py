"""Labels: what is known of the classes of some rows, and what it does to an E-step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Value, frozen
from mixtura.engine.components import Components
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError

#: the label of a row whose class is not known
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class LabelModel(Value):
    """How likely each label is, given the component that a row is of.

    A row of known label y has the joint density p(x, y) = Σ_t w_t p_t(x) P(y | t); of one whose
    label is not known it is p(x).

    Parameters
    ----------
    log_probabilities : (C + 1, T), log P(y | t), nats; the last row, of zeros, is for a label that
        is not known.
    """

    log_probabilities: Floats

    @classmethod
    def of(cls, owners: tuple[int, ...], n_terms: int, trust: float) -> LabelModel:
        """The model in which a label is right with the probability `trust`.

        Where it is wrong, each other class is as likely. A term that no class owns, with the owner
        −1, has a row of any label with probability 1 − trust.

        Parameters
        ----------
        owners : (K,), the class of each component from 0, or −1.
        n_terms : T, of which those beyond K are owned by no class.
        trust : above 0, at most 1.
        """
        n_classes = max(owners) + 1
        right = np.arange(n_classes)[:, None] == [*owners, *[UNKNOWN] * (n_terms - len(owners))]
        with np.errstate(divide="ignore"):
            table = np.log(np.where(right, trust, (1.0 - trust) / max(n_classes - 1, 1)))
        return cls(frozen(np.vstack([table, np.zeros(n_terms)])))

    def accumulate(
        self, block: Block, components: Components, *, diagonal: bool | None = None
    ) -> Statistics:
        """Statistics of a block, as `kernel.accumulate` gives them: the E-step of rows with labels.

        A row of known label is shared by the components in proportion to w_t p_t(x) P(y | t).
        """
        whole = components.factor.diagonal if diagonal is None else diagonal
        told, others = self._parted(block)
        likelihood, shares = self._posterior(told, components)
        sums = kernel.moments(told, shares, components.means, diagonal=whole)
        sums = replace(sums, log_likelihood=_summed(likelihood, told))
        return sums + kernel.accumulate(others, components, diagonal=whole)

    def log_likelihood(self, block: Block, components: Components) -> float:
        """Σ_i v_i log p(x_i, y_i) over the rows of a block, nats."""
        told, others = self._parted(block)
        return _summed(self._posterior(told, components)[0], told) + _summed(
            kernel.log_likelihood(others.rows, components), others
        )

    def _parted(self, block: Block) -> tuple[Block, Block]:
        """The rows of known label, and the others.

        Raises
        ------
        DataError : a label is of no class.
        """
        labels = block.fields["labels"]
        n_classes = len(self.log_probabilities) - 1
        if labels.max() >= n_classes or labels.min() < UNKNOWN:
            raise DataError(
                f"labels go from {labels.min():g} to {labels.max():g}, expected classes from 0 to "
                f"{n_classes - 1}, or {UNKNOWN} where one is not known: ask for a component for "
                "each, or say by classes= which components are of which"
            )
        known = labels > UNKNOWN
        return block.take(known), block.take(~known)

    def _posterior(self, block: Block, components: Components) -> tuple[Floats, Floats]:
        """Log p(x, y) of each row, (m,), and the terms' shares in it, (m, T)."""
        labels = block.fields["labels"].astype(np.int64)
        told = self.log_probabilities[labels]  # (m, T)
        joint = kernel.log_joint(block.rows, components) + told
        top = joint.max(axis=1)
        far = ~np.isfinite(top)  # of so far a row the label alone speaks
        joint[far], top[far] = told[far], 0.0
        exponentials = np.exp(joint - top[:, None])
        total = exponentials.sum(axis=1)
        likelihood = np.where(far, -np.inf, top + np.log(total))
        return likelihood, exponentials / total[:, None]


def _summed(likelihood: Floats, block: Block) -> float:
    """Σ_i v_i log p_i; a row that weighs nothing adds nothing."""
    weights = block.weights
    if weights is None:
        return float(likelihood.sum())
    counting = weights > 0.0
    return float(likelihood[counting] @ weights[counting])
