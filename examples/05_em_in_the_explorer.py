# %% [markdown]
# # Why EM climbs, watched in the explorer
#
# A mixture is fitted by two steps that take turns. This lesson writes a page in which both can be
# seen, and computes what there is to see in it, so that nothing need be believed. Open the page
# beside the text: every heading says what to click.
#
# The data are 272 eruptions of the Old Faithful geyser: how long each one lasted, and how long the
# wait for the next was.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

eruptions = faithful()
X = eruptions.to_numpy()

# %% [markdown]
# ## A fit with something to see
#
# Left alone, `fit` begins so near to the end that there is nothing to watch. Here each row has a
# random share in either component, so that these mean nothing, and EM takes plain steps.

# %%
shares = np.random.RandomState(2).uniform(size=(len(X), 2))
shares /= shares.sum(axis=1, keepdims=True)
fit = mixtura.fit(eruptions, 2, start=shares, accelerate=False, tol=1e-9)
print(f"{fit.outcome.value} after {fit.n_iter} steps, {fit.mean_log_likelihood:.6f} nats a row")
assert fit.outcome.converged

page = fit.explore(eruptions, name="Old Faithful")
page.save(PICTURES / "explore.html")
print("open", PICTURES / "explore.html", "in a browser; in a notebook, the name `page` shows it")

# %% [markdown]
# **In the page:** press *|◀*, then *Run*. Both ellipses begin as one. For a dozen steps hardly
# anything moves; then they part, within ten steps or so; then they settle. The curve below the
# buttons is the log-likelihood, and it has the same three stretches. It never falls.

# %%
gains = np.diff(fit.trace)
assert np.all(gains > -1e-12)
quiet = int(np.argmax(gains > 0.01))
print(f"{quiet} steps that gain less than a hundredth of a nat a row, then the climb:")
print(", ".join(f"{gain:.3f}" for gain in gains[quiet : quiet + 8]))
assert quiet > 10

# %% [markdown]
# ## The E-step: colours
#
# Each point has a mixture of the components' colours, by its *responsibilities*
#
# $$r_{ik} = \frac{w_k\, N(x_i \mid \mu_k, \Sigma_k)}{\sum_j w_j\, N(x_i \mid \mu_j, \Sigma_j)}.$$
#
# **In the page:** click a point between the two groups. The table shows the parts of
# $\log\bigl(w_k N(x_i \mid \mu_k, \Sigma_k)\bigr)$ for each component: log weight, log-determinant,
# half the squared distance. What they add up to decides the colour.

# %%
row = 243
parts = fit.mixture.explain(eruptions, [row])
print(f"row {row}: {dict(zip(eruptions.names, X[row].tolist(), strict=True))}")
for k in range(2):
    print(
        f"  component {k}: {parts.log_weights[k]:.4f} {parts.normalisation:+.4f} "
        f"{parts.log_determinants[k]:+.4f} {parts.distance_terms[0, k]:+.4f} "
        f"= {parts.log_joint[0, k]:.4f}, share {parts.responsibilities[0, k]:.4f}"
    )
assert np.isclose(np.logaddexp.reduce(parts.log_joint[0]), parts.log_likelihood[0])
assert 0.1 < parts.responsibilities[0].min() < 0.3  # it could be of either


# %% [markdown]
# ## The M-step: ellipses
#
# With the shares held still, each component's weight, mean and covariance become those of the
# points, counted by its shares. That is all: weighted means and covariances.


# %%
def step(mixture):
    """One step of EM: the E-step's shares (N, K), then the M-step's parameters."""
    shares = mixture.predict_proba(X)
    weight = shares.sum(axis=0)
    means = shares.T @ X / weight[:, None]
    deviations = X[:, None, :] - means  # (N, K, D)
    scatter = np.einsum("nk,nkd,nke->kde", shares, deviations, deviations)
    return Mixture(weight / weight.sum(), means, scatter / weight[:, None, None])


moved_on = step(fit.mixture)
assert np.allclose(moved_on.means, fit.mixture.means, rtol=1e-3)
print(
    "at the end a step changes nothing any more:", np.abs(moved_on.means - fit.mixture.means).max()
)

# %% [markdown]
# ## Drag a mean
#
# **In the page:** choose *Play* and drag the number 1 to the left, to about three minutes. The
# points change their colours at once, and *Log-likelihood now* falls. Then press *One EM step*,
# once and again: the ellipse walks home, and every step gains.

# %%
means = fit.mixture.means.copy()
late = int(means[:, 0].argmax())
means[late, 0] = 3.0
dragged = Mixture(fit.mixture.weights, means, fit.mixture.covariances)
walk = [dragged]
for _ in range(8):
    walk.append(step(walk[-1]))
heights = [mixture.score(X) for mixture in walk]
print("fitted:", round(fit.mean_log_likelihood, 6))
print("dragged, then step by step:", ", ".join(f"{height:.4f}" for height in heights))
assert heights[0] < fit.mean_log_likelihood - 0.5
assert np.all(np.diff(heights) > 0.0)
assert heights[-1] > fit.mean_log_likelihood - 0.01

# %% [markdown]
# ## Why no step can lose
#
# Let $r$ be *any* shares. Since the logarithm of a mean is at least the mean of the logarithms,
#
# $$\log p(x_i) = \log \sum_k r_{ik} \frac{w_k N_{ik}}{r_{ik}}
#   \;\ge\; \sum_k r_{ik} \log \frac{w_k N_{ik}}{r_{ik}}.$$
#
# The right side, summed over the rows, is a *lower bound* of the log-likelihood: one for each
# choice of $r$. With the responsibilities for $r$ the fraction is $p(x_i)$ for every $k$, and both
# sides are equal: the bound *touches* the log-likelihood at the present parameters. The M-step
# climbs to the bound's own top. The log-likelihood, which lies nowhere below it, has to come along.


# %%
def bound(shares, mixture):
    """The lower bound of the mean log-likelihood that belongs to shares (N, K), nats a row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = shares * (mixture.explain(X).log_joint - np.log(shares))
    return float(np.where(shares > 0.0, terms, 0.0).sum() / len(X))


spread = np.sqrt(np.diag(np.cov(X, rowvar=False)))
before = Mixture(
    [0.5, 0.5],
    [X.mean(axis=0) - 0.4 * spread, X.mean(axis=0) + 0.4 * spread],
    [0.8 * np.cov(X, rowvar=False)] * 2,
)
after = step(before)
shares = before.predict_proba(X)
touch, top = bound(shares, before), bound(shares, after)
print(f"before the step: bound {touch:.6f}, log-likelihood {before.score(X):.6f}")
print(f"after it:        bound {top:.6f}, log-likelihood {after.score(X):.6f}")
assert np.isclose(touch, before.score(X), rtol=1e-12)
assert before.score(X) < top < after.score(X)

# %% [markdown]
# The same, drawn: on the straight way from these parameters, 0, to those of the M-step, 1, and
# beyond. The bound touches the log-likelihood where the step begins, stays below it everywhere
# else, and is highest where the step ends. The log-likelihood goes on climbing there: there is more
# for the next step to gain.

# %%


def between(t):
    """The mixture a share t of the way."""
    return Mixture(
        before.weights + t * (after.weights - before.weights),
        before.means + t * (after.means - before.means),
        before.covariances + t * (after.covariances - before.covariances),
    )


way = np.linspace(-0.8, 2.2, 61)
likelihoods = np.array([between(t).score(X) for t in way])
bounds = np.array([bound(shares, between(t)) for t in way])
assert np.all(bounds <= likelihoods + 1e-12)
assert np.isclose(way[bounds.argmax()], 1.0)

figure, ax = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
ax.plot(way, likelihoods, color="0.1", linewidth=2.0, label="log-likelihood")
ax.plot(way, bounds, color="#0072b2", linewidth=2.0, label="its bound by the shares at 0")
ax.plot([0.0, 1.0], [touch, top], "o", color="#d55e00")
ax.annotate("they touch", (0.0, touch), xytext=(-4, 8), textcoords="offset points", ha="right")
ax.annotate("the bound's top", (1.0, top), xytext=(0, -16), textcoords="offset points", ha="center")
ax.set(xlabel="from the parameters before (0) to those after (1)", ylabel="nats a row")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower right")
figure.savefig(PICTURES / "05_bound.png", dpi=110)

# %% [markdown]
# ## What scikit-learn's `lower_bound_` says
#
# **In the page:** after a step, *before the last EM step* is the log-likelihood of the parameters
# that the step began from. After a fit, scikit-learn calls that number `lower_bound_`: it is the
# bound where it touches, one step behind the parameters at hand. At the top the two agree; where
# a fit was stopped early they do not.

# %%
print(f"a step behind: {heights[0]:.6f}; of the parameters at hand: {heights[1]:.6f}")
assert heights[1] - heights[0] > 0.1

# %% [markdown]
# ## A hill is not the mountain
#
# EM climbs, and stays on the hill that it began on. With three components there are several hills,
# and the start decides which one it is. (`mixtura explore @faithful -k 3 --start random --seed 3`
# makes a page of one such climb; another seed, another climb.) That is why `fit` tries several
# short runs before a long one.

# %%
ends = [
    mixtura.fit(eruptions, 3, start="random", random_state=seed, accelerate=False)
    for seed in range(12)
]
likelihoods = np.array([end.mean_log_likelihood for end in ends])
print("three components from twelve random starts:", np.sort(likelihoods.round(4)))
assert np.ptp(likelihoods) > 1e-3
assert mixtura.fit(eruptions, 3).mean_log_likelihood >= likelihoods.max() - 1e-3
