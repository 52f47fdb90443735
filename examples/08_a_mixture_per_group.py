# %% [markdown]
# # A mixture for each of many sensors
#
# Three hundred electricity meters, two hundred readings each. Some machines only idle, some idle
# and run, some have a third state; nobody has written down which. One mixture per meter tells,
# and tells which readings are unusual for the meter that took them.

# %%
import os
import tempfile
from pathlib import Path

import numpy as np

import mixtura
from mixtura.views.plots.canvas import encoded, offscreen_axes

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## The readings
#
# Kilowatts, with the meter that took each. The rows are in the order in which they came in, so
# those of a meter are anywhere.

# %%
random = np.random.default_rng(7)
METERS, READINGS = 300, 200
states = random.integers(1, 4, METERS)
meter = np.repeat(np.arange(METERS), READINGS)
state = random.integers(0, 3, len(meter)) % states[meter]
idle = random.uniform(0.5, 2.0, METERS)
kilowatts = idle[meter] * (1.0 + 4.0 * state) + 0.2 * random.normal(size=len(meter))
order = random.permutation(len(meter))
readings = {"meter": meter[order], "kW": kilowatts[order]}

# %% [markdown]
# ## One call
#
# `select_groups` chooses the number of components for each meter by BIC. The keys are a column of
# the table, all other columns are features.

# %%
found = mixtura.select_groups(readings, "meter", range(1, 5))
print(found)
right = np.count_nonzero(found.n_components == states)
print(f"{right} of {METERS} meters have as many states as they were made with")
assert right >= 0.95 * METERS
assert found.n_failed == 0

# %% [markdown]
# A meter's mixture is a `Mixture` like any other.

# %%
busy = int(found.keys["meter"][states == 3][0])
print(found.mixture(busy))

# %% [markdown]
# ## A picture
#
# The states of each meter above one another: the level of a state is a component's mean, the size
# of the dot its weight. The meters are in the order of what they draw when idle, and the states
# fan out as they were made, at five and nine times that.

# %%
whose = np.repeat(np.arange(len(found)), found.n_components)
lowest = np.array([found.means[whose == place].min() for place in range(len(found))])
ranks = np.argsort(np.argsort(lowest))
ax = offscreen_axes()
ax.scatter(ranks[whose], found.means[:, 0], s=20.0 * found.weights, c=found.n_components[whose])
ax.set_xlabel("meters, by their lowest state")
ax.set_ylabel("kW")
ax.set_title("The states of 300 meters")
(PICTURES / "08_states.png").write_bytes(encoded(ax, "png"))

# %% [markdown]
# ## Unusual for its own meter
#
# Six kilowatts are nothing special, but for a meter that never drew more than two. Scored by the
# mixture of its own meter, such a reading is the least likely of all.

# %%
quiet = int(found.keys["meter"][(states == 1) & (idle < 1.0)][0])
readings["kW"] = readings["kW"].copy()
place = int(np.flatnonzero(readings["meter"] == quiet)[0])
readings["kW"][place] = 6.0
scores = found.score_samples(readings, "meter")
print("the least likely reading is number", int(scores.argmin()), "of meter", quiet)
assert int(scores.argmin()) == place
assert np.count_nonzero(np.abs(readings["kW"] - 6.0) < 0.5) > 1000

# %% [markdown]
# ## A meter that was switched off
#
# All its readings are the same, and one is missing. It is a row with its reason, and the others
# do not notice.

# %%
off = readings["meter"] == 5
readings["kW"][off] = 0.0
readings["kW"][np.flatnonzero(off)[0]] = np.nan
once_more = mixtura.select_groups(readings, "meter", range(1, 5))
print(once_more.verdict[-1])
assert once_more.n_failed == 1
same = np.delete(np.arange(METERS), [5, quiet])
assert np.array_equal(found.bic[same], once_more.bic[same])
