"""Neighbours: what the end of one candidate says of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.search import Race
from mixtura.fitting.starts.auto import sharpened
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.contest import Contest
from mixtura.fitting.starts.ground import Ground
from mixtura.fitting.starts.moves import merge_losses, merged_pair
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure

#: EM steps that tell what a neighbour's end is worth, and those after which it has settled
_SHORT, _SETTLED = 10, 200
#: so many merges of one end are tried, and so many of all candidates are followed
WAYS, _FOLLOWED = 3, 2
#: of each component so many axes are split along, so many standard deviations to either side
AXES, APART = 2, 0.8
#: an axis has two directions: of its entries about as large as the largest the last is positive
_ABOUT = 0.6
#: a gain below this, nats a row, is none
_GAIN = 1e-7
#: what the ridge may cost, nats a row: ends with it that lie lower by more are no rivals
_RIVAL = 0.05
#: of a standard deviation: how far the halves of a component that is written twice are apart
_ASIDE = 0.02


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Candidates of a structure that the ends of others lead to, over the rows of a ground.

    Parameters
    ----------
    ground : the rows, in units that the structure allows.
    structure : of the covariances.
    executor : who carries the passes out.
    """

    ground: Ground
    structure: Structure
    executor: Executor

    def better(
        self,
        here: Mixture,
        poorer: Sequence[Mixture],
        fewer: Mixture | None,
        more: Mixture | None,
        *,
        faulty: bool,
    ) -> Candidate | None:
        """The best candidate that others lead to, if it is likelier than `here`, or sounder.

        Parameters
        ----------
        here : what is known, of K components.
        poorer : mixtures of K components that the structure holds.
        fewer, more : of fewer components, to be split, and of more, to be merged; or None.
        faulty : whether `here` is not to be chosen, so that anything sound is better.
        """
        ascent = self.ground.ascent(self.structure, self.executor, Budget(np.inf))
        known = ascent.sharply().climbed(self.ground.candidate(here, ascent), 1)
        k = here.n_components
        begun = [self.ground.candidate(each, ascent) for each in poorer]
        if fewer is not None:
            begun.extend(splits(self.ground.candidate(fewer, ascent), k))
        if more is not None:
            begun.extend(merges(self.ground.candidate(more, ascent), k))
        if not begun:
            return None
        how = Race(_SHORT, _FOLLOWED, ascent.affordable(_SETTLED, k), _GAIN)
        settled = Contest(ascent).raced(begun, how)
        if not faulty and settled[0].rank > (known.n_spurious, _RIVAL - known.log_likelihood):
            return None
        best = sharpened(ascent, tuple(settled))
        if faulty and not best.n_spurious:
            return best
        if best.n_spurious > known.n_spurious:
            return None
        return best if best.log_likelihood > known.log_likelihood + _GAIN else None


def splits(candidate: Candidate, k: int) -> Iterator[Candidate]:
    """Candidates of K components, by splits along the longest axes of each component.

    Where more than one is missing the heaviest are split besides.
    """
    while len(candidate.weight) < k - 1:
        heaviest = int(candidate.weight.argmax())
        values, vectors = np.linalg.eigh(candidate.covariances[heaviest])
        candidate = _halved(candidate, heaviest, np.sqrt(values[-1]) * vectors[:, -1])
    values, vectors = np.linalg.eigh(candidate.covariances)  # (K, d), (K, d, d)
    for j in range(len(candidate.weight)):
        for axis in range(1, 1 + min(AXES, candidate.means.shape[1])):
            yield _halved(candidate, j, np.sqrt(values[j, -axis]) * vectors[j, :, -axis])


def _halved(candidate: Candidate, j: int, along: Floats) -> Candidate:
    """With component j in two along one of its axes, (d,), as long as the standard deviation there.

    Two halves that lie c standard deviations to either side leave 1 − c² of the variance there.
    """
    lengths = np.abs(along)
    last = np.flatnonzero(~(lengths < _ABOUT * lengths.max()))[-1]
    step = APART * np.sign(along[last]) * along
    weight = np.append(candidate.weight, 0.5 * candidate.weight[j])
    weight[j] *= 0.5
    means = np.vstack([candidate.means, candidate.means[j] + step])
    means[j] = means[j] - step
    rest = candidate.covariances[j] - np.outer(step, step)
    covariances = np.concatenate([candidate.covariances, rest[None]])
    covariances[j] = rest
    return candidate.restrained(weight, means, covariances)


def merges(candidate: Candidate, k: int) -> Iterator[Candidate]:
    """Candidates of K components by merges of the pairs that lose least."""
    losses = merge_losses(candidate)
    n = len(losses)
    first, second = np.triu_indices(n, 1)
    for at in np.argsort(losses[first, second], kind="stable")[:WAYS]:
        merged = _without(candidate, int(first[at]), int(second[at]))
        while len(merged.weight) > k:
            least = int(merge_losses(merged).argmin())
            merged = _without(merged, *divmod(least, len(merged.weight)))
        yield merged


def _without(candidate: Candidate, i: int, j: int) -> Candidate:
    """With component j merged into component i."""
    weight, means = candidate.weight.copy(), candidate.means.copy()
    covariances = candidate.covariances.copy()
    weight[i], means[i], covariances[i] = merged_pair(candidate, i, j)
    kept = np.arange(len(weight)) != j
    weight, means, covariances = weight[kept], means[kept], covariances[kept]
    return candidate.restrained(weight, means, covariances)


def written_twice(mixture: Mixture, k: int) -> Mixture:
    """A mixture as one of K components: the heaviest ones in halves, that hardly differ.

    The density is the same but for terms of fourth order in how far the halves are apart.

    Parameters
    ----------
    mixture : of at most K components.
    k : K.
    """
    weights, means = mixture.weights, mixture.means
    shared = mixture.structure.form.shared
    covariances, variances = mixture.covariances, mixture.variances()
    while len(weights) < k:
        at = int(weights.argmax())
        step = _ASIDE * np.sqrt(variances[at])
        weights = np.append(weights, 0.5 * weights[at])
        weights[at] *= 0.5
        means = np.vstack([means, means[at] + step])
        means[at] = means[at] - step
        variances = np.concatenate([variances, variances[at : at + 1]])
        if not shared:
            covariances = np.concatenate([covariances, covariances[at : at + 1]])
    if len(weights) == mixture.n_components:
        return mixture
    return Mixture(
        weights,
        means,
        covariances,
        mixture.structure,
        mixture.feature_names,
        noise=mixture.noise,
        equal_weights=mixture.equal_weights,
    )
