# %% [markdown]
# # Outliers at a stated rate, and whether the world has moved
#
# A machine is measured all day. On Monday, when all was well, a mixture was fitted to its rows.
# From then on each row is to be judged as it comes, and each day as a whole: is this row one that
# a healthy machine makes once in ten thousand times? And is the machine still the one of Monday?
#
# A log-likelihood answers neither, for it has no scale: −9 nats may be common or unheard of. What
# has one is the *tail probability* of a row, the share of the mixture's own rows that are as
# unlikely or more so.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import mixtura

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(5)


def day(n, warmer=0.0, broken=0):
    """Rows of a day: the machine idles or works; some rows are of a sensor that is broken."""
    works = random.random(n) < 0.7
    temperature = np.where(works, 60.0, 35.0) + random.normal(scale=np.where(works, 3.0, 2.0))
    current = np.where(works, 8.0, 2.0) + 0.1 * (temperature - 47.0) + random.normal(0, 0.3, n)
    rows = np.column_stack([temperature + warmer, current])
    rows[:broken] = random.uniform([20.0, 0.0], [80.0, 12.0], size=(broken, 2))
    return rows


monday = day(20_000)
fitted = mixtura.fit(monday, 2, random_state=0)
mixture = fitted.mixture.transformed(1.0, 0.0, ["temperature", "current"])
print(mixture)

# %% [markdown]
# ## How rare is a row?
#
# For one Gaussian the tail probability is that of a chi-square: the squared distance from the mean
# says it all. For a mixture there is no formula, and it is computed once, from seeded draws that
# reach far out; then it is looked up. It comes with its standard error.

# %%
rows = np.array([[60.0, 9.3], [35.0, 2.3], [47.0, 5.0]])
scores = mixture.score_samples(rows)
for row, score, tail in zip(rows, scores, mixture.tail(rows), strict=True):
    error = mixture.score_tail.error([score])[0]
    print(f"{row}: {score:7.2f} nats, tail {tail:.2e} ± {error:.0e}")
assert mixture.tail(rows)[0] > 0.1
assert mixture.tail(rows)[1] < 1e-3

# %% [markdown]
# Of healthy rows the tail probability is even between 0 and 1: one row in ten is below 0.1, one in
# ten thousand below 0.0001. That is what makes a threshold a *rate*.

# %%
fresh = day(200_000)
tails = mixture.tail(fresh)
for alpha in (0.1, 0.01, 0.001):
    share = np.mean(tails <= alpha)
    chance = np.sqrt(alpha * (1.0 - alpha) / len(fresh))
    print(f"tail at most {alpha:g}: {share:.5f} of the rows, give or take {chance:.5f}")
    assert abs(share / alpha - 1.0) < 0.25

figure, axes = plt.subplots(figsize=(6.0, 3.5))
axes.hist(tails, bins=50, density=True, color="#4477aa")
axes.axhline(1.0, color="0.3", linewidth=1.0)
axes.set_xlabel("tail probability of fresh rows")
axes.set_ylabel("density")
figure.savefig(PICTURES / "11_even.png", dpi=120)
plt.close(figure)

# %% [markdown]
# ## Rows of a broken sensor
#
# On Tuesday sixty rows of 20,000 are of a broken sensor. At a rate of one in a thousand some twenty
# healthy rows would be called outliers beside them. Who wants to know how many of the alarms are
# false asks for a *false discovery rate* instead.

# %%
tuesday = day(20_000, broken=60)
at_a_rate = mixture.outliers(tuesday, 0.001)
at_a_share = mixture.outliers(tuesday, fdr=0.05)
for name, found in (("alpha = 0.001", at_a_rate), ("fdr = 0.05", at_a_share)):
    false = found[60:].sum()
    print(
        f"{name}: {found.sum()} outliers, {false} of them healthy, {found[:60].sum()} of 60 found"
    )
assert at_a_rate[60:].sum() > at_a_share[60:].sum()
assert at_a_share[60:].sum() <= 0.15 * at_a_share.sum()
assert at_a_share[:60].sum() > 30

# %% [markdown]
# The threshold can travel with the model, so that whoever scores rows flags the same ones:

# %%
path = PICTURES / "08_machine.safetensors"
mixtura.save(mixture, path, alpha=0.0001)
print(f"flagged at {mixture.threshold(0.0001):.2f} nats and below")

# %% [markdown]
# ## Is it still the machine of Monday?
#
# No single row of a machine that runs a degree warmer need be an outlier. All of them together
# tell. `compare` holds the distribution of the scores, each feature and the shares of the
# components to the mixture's, counts in how many rows that was fitted to, and says in a sentence
# what it found.

# %%
for name, rows in (("Wednesday", day(5000)), ("Thursday", day(5000, warmer=1.0))):
    found = mixture.compare(rows, fitted_to=fitted.n_rows)
    outliers = mixture.outliers(rows, 0.001).sum()
    print(f"{name}: {outliers} outliers of 5,000. {found.verdict}")
    if name == "Wednesday":
        assert not found.differs
assert found.differs
assert "temperature" in [each.name for each in found.differing]
print(found.to_text())

# %% [markdown]
# ## A machine of its own
#
# A second machine is a little different, and there are only forty rows of it: too few for a fit.
# But Monday's mixture can be drawn towards them, as far as they are worth (Reynolds 2000). What is
# then asked of a new row is not how likely it is, but *how much likelier under the machine's own
# mixture than under the background*: the ratio by which speakers are verified.

# %%
few = day(40, warmer=4.0)
own = mixture.adapted(few, relevance=16.0)
print("means moved by", (own.means - mixture.means).round(2).tolist())


def gain(rows):
    """The log-likelihood ratio of each row, nats."""
    return own.score_samples(rows) - mixture.score_samples(rows)


mine, others = gain(day(4000, warmer=4.0)), gain(day(4000))
right = 0.5 * (np.mean(mine > 0.0) + np.mean(others <= 0.0))
print(f"told apart by one row: {right:.0%}; by the mean of ten rows: ", end="")
tens = [each.reshape(-1, 10).mean(axis=1) for each in (mine, others)]
right_of_ten = 0.5 * (np.mean(tens[0] > 0.0) + np.mean(tens[1] <= 0.0))
print(f"{right_of_ten:.0%}")
assert 0.6 < right < right_of_ten
assert right_of_ten > 0.9

# %% [markdown]
# The same on the command line:
#
# ```
# mixtura fit monday.csv -k 2 -o machine.safetensors --flag 0.0001
# mixtura score machine.safetensors tuesday.csv --tail --flag
# mixtura compare machine.safetensors thursday.csv --strict
# ```
