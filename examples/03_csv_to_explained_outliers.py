# %% [markdown]
# # From a CSV to outliers that are explained
#
# Somebody sends a table of measurements. Most of it is fine; a few rows went wrong on the way. A
# fitted mixture gives every row a log-likelihood, the lowest ones are where to look, and the
# parts of that number say what is odd about each.

# %%
import csv
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from mixtura import fit
from mixtura.datasets import faithful
from mixtura.tables import read_table
from mixtura.views.plots import plot

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## A table with mistakes in it
#
# The table is that of the Old Faithful geyser: the length of an eruption and of the wait that
# followed, in minutes. Three mistakes are planted:
#
# * a decimal point has slipped, 4.1 minutes became 41;
# * a wait was noted in hours, 1.3 where there should be 78 minutes;
# * a short eruption of 2 minutes got the wait of 93 minutes that belongs to a long one. Neither
#   number is unusual by itself.

# %%
clean = faithful()
records = [
    [f"visit-{number:03d}", *values] for number, values in enumerate(clean.to_numpy().tolist())
]
mistakes = {"slipped": [41.0, 80.0], "hours": [4.4, 1.3], "mixed-up": [2.0, 93.0]}
for position, (name, values) in zip([40, 121, 200], mistakes.items(), strict=True):
    records.insert(position, [name, *values])

path = PICTURES / "03_geyser.csv"
with path.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["observation", *clean.names])
    writer.writerows(records)
print("wrote", path, "with", len(records), "rows")

# %% [markdown]
# ## Reading and fitting
#
# The column `observation` names the rows. It is carried along, never computed with. The other
# two are the features, and the mixture keeps their names. K-means begins with the two large
# groups; the usual start looks for the highest likelihood, and might find it with a component for
# the mistakes alone.

# %%
table = read_table(str(path), ids=["observation"])
names = np.array(table.ids["observation"])
first = fit(table, 2, start="kmeans")
print(f"{len(table)} rows of {', '.join(table.names)}: {first.outcome.value}")
for k, mean in enumerate(first.mixture.means):
    print(f"  component {k}: weight {first.mixture.weights[k]:.3f}, mean {mean.round(2)}")

# %% [markdown]
# ## How unlikely is too unlikely?
#
# A log-likelihood has no scale that would mean the same for every model. But the mixture can be
# asked what it would find surprising: draw many rows from it, score them, and see how low the
# scores go. A row below all but one in ten thousand of those deserves a look.


# %%
def surprising(mixture, rows, one_in=10_000):
    """The rows that score lower than all but one in so many drawn from the mixture."""
    drawn, _ = mixture.sample(40 * one_in, random_state=1)
    limit = np.quantile(mixture.score_samples(drawn), 1.0 / one_in)
    scores = mixture.score_samples(rows)
    found = np.flatnonzero(scores < limit)
    return found[np.argsort(scores[found])], limit


found, limit = surprising(first.mixture, table)
print(f"below {limit:.2f} nats:", ", ".join(names[found]))

# %% [markdown]
# The worst of them are found at once, but they sat in the fit themselves: a row far out drags a
# component towards it and widens it, and hides behind the width. So they are set aside, the
# mixture is fitted to the rest, and everything is judged again, until nothing changes.

# %%
kept = np.arange(len(table))
for round_number in range(1, 11):
    result = fit(replace(table, rows=table.rows[kept], ids={}), 2, start="kmeans")
    found, limit = surprising(result.mixture, table)
    print(f"round {round_number}: {', '.join(names[found])}")
    remaining = np.setdiff1d(np.arange(len(table)), found)
    if np.array_equal(remaining, kept):
        break
    kept = remaining

mixture = result.mixture
assert set(names[found]) == set(mistakes)
# The third mistake was hidden by the first two as long as they were part of the fit.
assert "mixed-up" not in names[surprising(first.mixture, table)[0]]

# %% [markdown]
# ## Why these?
#
# The log-likelihood of a row is a sum of parts: a component's weight, its normalisation, and
# minus half the squared distance from its mean in units of its covariance. That distance falls
# into one contribution for each feature. In words:

# %%
explanation = mixture.explain(table, rows=found.tolist())
print(explanation.to_text())

# %%
nearest = explanation.responsibilities.argmax(axis=1)
shares = {
    names[row]: explanation.contributions[i, nearest[i]]
    / explanation.squared_distances[i, nearest[i]]
    for i, row in enumerate(found)
}
eruption, wait = (table.names.index(name) for name in ("eruptions", "waiting"))
assert shares["slipped"][eruption] > 0.9
assert shares["hours"][wait] > 0.9
assert np.allclose([share.sum() for share in shares.values()], 1.0, rtol=1e-12)

# %% [markdown]
# The third row is the one that no check of single columns can find. Each of its numbers is common
# enough; the marginal density of either feature alone, itself a mixture, has nothing against it.

# %%
mixed_up = int(np.flatnonzero(names == "mixed-up")[0])
for feature in table.names:
    alone, _ = surprising(mixture.marginal([feature]), table.rows[:, [table.names.index(feature)]])
    print(f"{feature} alone: {', '.join(names[alone])}")
    assert mixed_up not in alone
assert mixed_up in found

# %% [markdown]
# Given that the eruption lasted 2 minutes, what wait was to be expected? Conditioning on a value
# gives a mixture again.

# %%
expected = mixture.condition({"eruptions": 2.0})
centre, spread = expected.mean()[0], np.sqrt(expected.covariance()[0, 0])
print(f"after 2 minutes: {centre:.0f} minutes give or take {spread:.0f}, and the table says 93")
assert (93.0 - centre) / spread > 5.0

# %% [markdown]
# The picture leaves out the two far rows, which would squeeze the others into a corner, and keeps
# the third, in the empty corner of its own.

# %%
near = np.setdiff1d(np.arange(len(table)), np.flatnonzero(np.isin(names, ["slipped", "hours"])))
axes = plot(mixture, table.rows[near])
axes.annotate(
    "mixed-up",
    table.rows[mixed_up],
    xytext=(10.0, 6.0),
    textcoords="offset points",
    arrowprops={"arrowstyle": "-", "color": "0.4"},
)
axes.figure.savefig(PICTURES / "03_outliers.png", dpi=120)
print("pictures are in", PICTURES)

# %% [markdown]
# The first fit and its least likely rows, on the command line:
#
# ```
# mixtura fit geyser.csv --id observation -k 2 -o geyser.safetensors
# mixtura explain geyser.safetensors geyser.csv --id observation --worst 3
# ```
