# %% [markdown]
# # Prediction of a curve, with its doubt
#
# A mixture of inputs and targets together is a regression: what it says of y given x is a mixture
# again. It bends where the data bend, is wide where they are wide, and has two answers where there
# are two.

# %%
import os
import tempfile
from pathlib import Path

import numpy as np

import mixtura
from mixtura import GaussianMixtureRegressor
from mixtura.datasets import faithful
from mixtura.views.plots.canvas import encoded, offscreen_axes

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## A curve whose noise grows
#
# y = 2 sin x, and the farther to the right, the noisier. Eight components follow it.

# %%
random = np.random.default_rng(16)
x = random.uniform(-3.0, 3.0, 3000)
y = 2.0 * np.sin(x) + random.normal(0.0, 0.05 + 0.15 * (x + 3.0) / 2.0)
mixture = mixtura.fit(np.column_stack([x, y]), 8).mixture

# %% [markdown]
# All rows at once, in one pass: the mean of y given x, its deviation, and a band that holds nine
# rows of ten. The band is no ± of a fixed width: it is found in each row's own mixture.

# %%
at = np.linspace(-2.8, 2.8, 200)
told = mixture.regress(at[:, None], targets=1, quantiles=[0.05, 0.95])
left, right = told.deviations[0, 0], told.deviations[-1, 0]
print(f"deviation on the left {left:.2f}, on the right {right:.2f}")
assert right > 3.0 * left
print("furthest from the curve:", np.abs(told.mean[:, 0] - 2.0 * np.sin(at)).max().round(2))

low, high = mixture.regress(x[:, None], 1, quantiles=[0.05, 0.95]).quantiles.T
inside = np.mean((low < y) & (y < high))
print(f"{inside:.1%} of the rows lie in the band of 90 %")
assert 0.88 < inside < 0.92

ax = offscreen_axes()
ax.plot(x, y, ".", markersize=2, color="0.7")
ax.plot(at, told.mean[:, 0])
ax.fill_between(at, *told.quantiles.T, alpha=0.3)
(PICTURES / "12_band.png").write_bytes(encoded(ax, "png"))

# %% [markdown]
# ## The geyser, from one eruption to the next
#
# The same of columns with names. After an eruption of three minutes the wait is in doubt: two
# components speak, and what lies between their answers is a part of the deviation.

# %%
geyser = mixtura.fit(faithful(), 2).mixture
waits = geyser.regress([[1.8], [3.0], [4.5]], "waiting")
for minutes, mean, deviation in zip(
    (1.8, 3.0, 4.5), waits.mean[:, 0], waits.deviations[:, 0], strict=True
):
    print(f"after {minutes} minutes: {mean:.0f} ± {deviation:.0f} minutes of waiting")
assert waits.deviations[1, 0] > waits.deviations[0, 0]

# %% [markdown]
# On the command line: `mixtura predict geyser.safetensors data.csv --target waiting`.
#
# ## In scikit-learn's hands
#
# `GaussianMixtureRegressor` stands where any regressor may, in pipelines and searches.

# %%
model = GaussianMixtureRegressor(8, random_state=0).fit(x[:, None], y)
print(f"R² {model.score(x[:, None], y):.3f}")
assert model.score(x[:, None], y) > 0.85
