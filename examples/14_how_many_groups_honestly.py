# %% [markdown]
# # How many groups, honestly
#
# BIC gives one number. It is the end of an approximation for many rows, and says little of how
# sure it is. A Bayesian mixture averages over all parameters instead, and so can say both.

# %%
import numpy as np

import mixtura
from mixtura.datasets import faithful, galaxies

# %% [markdown]
# ## Eruptions of a geyser
#
# There are two kinds, and nobody doubts it. BIC sees three, as the long ones are not quite normal.
# Asked for as many as twenty, with full covariances, the Bayesian mixture keeps two.

# %%
chosen = mixtura.select(faithful(), range(1, 5))
print("BIC chooses", chosen.best_row.candidate)
fit = mixtura.fit_bayes(faithful())
expected, deviation = fit.spread
print(f"{fit.n_occupied} components have rows; expected are {expected:.2f} ± {deviation:.2f}")
assert fit.n_occupied == 2

# %% [markdown]
# ## Which structure, by the evidence
#
# The bound is at most log p(X), whatever the structure, and may be compared. The gap between two,
# in nats, is the logarithm of the odds that the rows give one against the other: covariances that
# are equal have it here, and with them three components, as BIC has said. Two kinds of eruption
# are not two normal distributions of one shape; the answer to "how many" is about a model, always.

# %%
for name in ("VVV", "EEE", "VVI", "EEI", "VII", "EII"):
    found = mixtura.fit_bayes(faithful(), structure=name)
    print(f"{name}  {found.elbo:10.2f} nats, {found.n_occupied} components")
best = mixtura.fit_bayes(faithful(), structure="auto")
print("of largest bound:", best.structure.letters)
assert best.elbo >= fit.elbo

# %% [markdown]
# ## Galaxies, and a prior said out loud
#
# How many clusters are among 82 velocities depends on what is taken for a cluster: how wide one is.
# `covariance_prior / ν₀` is the variance that one is taken to have, in units of the rows,
# (1000 km/s)². The bound judges priors, too: very narrow clusters are 9 nats less likely.

# %%
for width in (0.3, 1.0, 3.0):
    told = mixtura.fit_bayes(
        galaxies(),
        structure="V",
        degrees_of_freedom_prior=3.0,
        covariance_prior=3.0 * width**2,
    )
    print(f"clusters of about {width} thousand km/s: {told.n_occupied}, elbo {told.elbo:.1f}")

# %% [markdown]
# ## What few rows leave open
#
# Six rows of one normal distribution, D = 2. Maximum likelihood is too sure: new rows score
# lower than its own. The predictive density, a Student t, is wider where less is known.

# %%
random = np.random.default_rng(0)
gains = []
for _ in range(20):
    rows, new = random.normal(size=(6, 2)), random.normal(size=(500, 2))
    sure = mixtura.fit(rows, 1).mixture.score(new)
    honest = mixtura.fit_bayes(rows, 5).predictive.score(new)
    gains.append(honest - sure)
print(f"new rows are likelier by {np.mean(gains):.2f} nats a row on average")
assert np.mean(gains) > 0.0
