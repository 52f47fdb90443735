# %% [markdown]
# # Expectation-maximisation, one step at a time
#
# The Old Faithful geyser waits, erupts, and waits again. For 272 eruptions we have how long each
# one lasted and how long the wait for the next was, both in minutes. There seem to be short
# eruptions and long ones. If somebody had written down which was which, fitting two normal
# densities would be a matter of two means and two covariances. Nobody has, and EM gets by without:
#
# * **E-step**: with the parameters as they are, how likely is each row to be of each kind?
# * **M-step**: with those shares as weights, what are the means and covariances?
#
# The two steps are repeated. Here they are taken slowly.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from mixtura import Given, Mixture, fit
from mixtura.datasets import faithful
from mixtura.engine import kernel
from mixtura.engine.sources import Block
from mixtura.views.plots import plot, trace

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

eruptions = faithful()
X = eruptions.to_numpy()
N, D = X.shape
print(f"{N} rows of {eruptions.names}")

# %% [markdown]
# ## A poor start
#
# To have something to watch, the first guess is a bad one: both components are as wide as the
# data, and their means are half a standard deviation to either side of the overall mean, in the
# direction in which the two features disagree.

# %%
everything = np.cov(X, rowvar=False)
aside = 0.5 * np.sqrt(np.diag(everything)) * np.array([1.0, -1.0])
start = Mixture(
    weights=[0.5, 0.5],
    means=[X.mean(axis=0) - aside, X.mean(axis=0) + aside],
    covariances=[everything, everything],
    feature_names=eruptions.names,
)
print(f"mean log-likelihood of the start: {start.score(X):.6f} nats a row")

# %% [markdown]
# ## The E-step
#
# Bayes' rule gives the share of component $k$ in row $i$, its *responsibility*:
# $r_{ik} = w_k N(x_i \mid \mu_k, \Sigma_k) / p(x_i)$. The shares of a row sum to one.

# %%
responsibilities = start.predict_proba(X)  # (N, K)
print("the first three rows' responsibilities:")
print(responsibilities[:3].round(3))
assert np.allclose(responsibilities.sum(axis=1), 1.0, atol=1e-15)


# %% [markdown]
# ## What the M-step needs: three sums
#
# For each component: how many rows it has in all, the weighted sum of their deviations from a
# reference point $c_k$, and the weighted sum of the deviations' outer products. The reference is
# the component's present mean; any point near the rows would do.


# %%
def sums(X, responsibilities, reference):
    """The three sums for rows X (N, D): (K,), (K, D) and (K, D, D)."""
    deviations = X[:, None, :] - reference  # (N, K, D)
    weight = responsibilities.sum(axis=0)
    first = np.einsum("nk,nkd->kd", responsibilities, deviations)
    second = np.einsum("nk,nkd,nke->kde", responsibilities, deviations, deviations)
    return weight, first, second


weight, first, second = sums(X, responsibilities, start.means)
print("rows of each component:", weight.round(2), "together", weight.sum().round(10))

# %% [markdown]
# Sums have a virtue that is easy to overlook: the sums of some rows and the sums of the others add
# up to the sums of all. So the rows can be taken in blocks, in any order, by several threads, out
# of a file too large for memory, and nothing of the method changes. In mixtura these sums are a
# value that can be added, and a pass over the data is a sum of them.

# %%
whole = kernel.accumulate(Block(0, X), start.components)
one_part = kernel.accumulate(Block(0, X[:100]), start.components)
other_part = kernel.accumulate(Block(100, X[100:]), start.components)
together = one_part + other_part

for ours, theirs in [(weight, whole.weight), (first, whole.first), (second, whole.second)]:
    assert np.allclose(ours, theirs, rtol=1e-10, atol=1e-10)
assert np.allclose(together.second, whole.second, rtol=1e-12)
assert np.isclose(together.log_likelihood, whole.log_likelihood, rtol=1e-12)
print(
    f"two parts add up to the whole: log-likelihood {one_part.log_likelihood:.4f} + "
    f"{other_part.log_likelihood:.4f} = {together.log_likelihood:.4f}"
)


# %% [markdown]
# ## The M-step
#
# The new weight is the share of rows. The new mean is the reference plus the mean deviation. The
# new covariance is the mean outer product about the *new* mean, which is the one about the
# reference less the outer product of the step.


# %%
def maximise(weight, first, second, reference):
    """Weights (K,), means (K, D) and covariances (K, D, D) from the three sums."""
    step = first / weight[:, None]
    about_reference = second / weight[:, None, None]
    covariances = about_reference - step[:, :, None] * step[:, None, :]
    return weight / weight.sum(), reference + step, covariances


after_one = Mixture(*maximise(weight, first, second, start.means), feature_names=eruptions.names)
print(f"from {start.score(X):.6f} to {after_one.score(X):.6f} nats a row")
assert after_one.score(X) > start.score(X)

# %% [markdown]
# ## Again and again
#
# That the log-likelihood went up was no luck: it cannot go down. The shares turn the
# log-likelihood into a lower bound that touches it at the present parameters, and the M-step
# climbs to the top of the bound. It is the best test that an implementation of EM can have.

# %%
steps = [start]
for _ in range(60):
    present = steps[-1]
    shares = present.predict_proba(X)
    parameters = maximise(*sums(X, shares, present.means), present.means)
    steps.append(Mixture(*parameters, feature_names=eruptions.names))

heights = np.array([mixture.score(X) for mixture in steps])
gains = np.diff(heights)
print("gains:", ", ".join(f"{gain:.2g}" for gain in gains[:12]), "...")
assert np.all(gains > -1e-13)
assert gains[-1] < 1e-12

# %%
figure, panels = plt.subplots(
    2, 2, figsize=(11.0, 8.0), layout="constrained", sharex=True, sharey=True
)
for panel, number in zip(panels.flat, [0, 1, 32, 60], strict=True):
    plot(steps[number], X, ax=panel)
    panel.get_legend().remove()
    words = "the start" if number == 0 else f"after {number} step{'s' if number > 1 else ''}"
    panel.set_title(f"{words}: {heights[number]:.4f} nats a row", loc="left", fontsize="medium")
    panel.set(xlim=(0.5, 6.5), ylim=(32.0, 112.0))
    panel.label_outer()
figure.savefig(PICTURES / "02_steps.png", dpi=110)

# %% [markdown]
# ## The same, by `fit`
#
# `mixtura.fit` takes the very same steps from the same start. It stops when a step gains less
# than `tol`; a tiny `tol`, and no constant added to the variances, lets the two be compared all
# the way up.

# %%
given = Given(
    weights=start.weights,
    means=start.means,
    precisions=np.linalg.inv(start.covariances),
)
result = fit(eruptions, 2, given=given, tol=1e-9, reg_covar=0.0, accelerate=False)
print(
    f"{result.outcome.value} after {result.n_iter} steps: "
    f"{result.mean_log_likelihood:.6f} nats a row"
)
assert np.allclose(result.trace, heights[: len(result.trace)], rtol=1e-9)
assert result.outcome.converged

axes = trace(result)
axes.figure.savefig(PICTURES / "02_trace.png", dpi=110)

# %% [markdown]
# The trace holds a warning. After the first step the two components are nearly the same, and for
# some twenty steps almost nothing seems to happen, until they find out that short and long differ
# more than this pair does. A flat stretch is not the top. With a `tol` of a thousandth of a nat,
# which is common, this poor start would have been the end of it.

# %%
hasty = fit(eruptions, 2, given=given, tol=1e-3)
print(f"with that tol: {hasty.n_iter} steps, {hasty.mean_log_likelihood:.4f} nats a row")
assert hasty.outcome.converged
assert hasty.mean_log_likelihood < result.mean_log_likelihood - 0.5

# %% [markdown]
# The remedy is a better start, and a rule that asks how much is still to be gained. Left alone,
# `fit` tries several short runs first and goes on from the best of them.

# %%
usual = fit(eruptions, 2)
print(f"with the usual start: {usual.n_iter} steps, {usual.mean_log_likelihood:.4f} nats a row")
assert abs(usual.mean_log_likelihood - result.mean_log_likelihood) < 1e-4

# %% [markdown]
# What has it found? About 36 % of the eruptions are short, with short waits after them.

# %%
best = result.mixture
for k in np.argsort(best.weights):
    words = ", ".join(
        f"{name} {value:.2f} minutes"
        for name, value in zip(best.feature_labels, best.means[k], strict=True)
    )
    print(f"component {k}: weight {best.weights[k]:.3f}, {words}")
short = best.weights.argmin()
assert np.isclose(best.weights[short], 0.3559, atol=5e-4)
assert np.allclose(best.means[short], [2.036, 54.48], rtol=1e-3)

# %%
print("pictures are in", PICTURES)
