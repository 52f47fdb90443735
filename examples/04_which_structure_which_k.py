# %% [markdown]
# # Which structure, which K
#
# Two analyses that every user of R's mclust has seen, replayed: the geyser Old Faithful, and
# Fisher's irises. Both end at the published answers, which are asserted on the way.

# %%
import os
import tempfile
from pathlib import Path

import numpy as np

import mixtura
from mixtura.datasets import faithful, iris, iris_species
from mixtura.views import plots
from mixtura.views.plots.canvas import encoded, offscreen_axes

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)


def keep(ax, name):
    (PICTURES / f"{name}.png").write_bytes(encoded(ax, "png"))


# %% [markdown]
# ## The geyser
#
# Every structure with one to six components, compared by BIC. mclust writes BIC with the other
# sign, so we ask for that to compare with its vignette: EEE with three components, −2314.3.

# %%
geyser = mixtura.select(faithful(), range(1, 7))
print(geyser)
best = geyser.best_row
assert str(best.candidate) == "EEE,3"
assert abs(best.criterion("bic", sign="mclust") - -2314.2957) < 1e-3
assert abs(geyser.best.log_likelihood - -1126.3159) < 1e-3
keep(plots.candidates(geyser, ax=offscreen_axes()), "04_geyser")

# %% [markdown]
# ## Components are not clusters
#
# Three Gaussians describe the geyser's density, but people see two clouds. Two of the components
# overlap; put together, they are one cluster. ICL, which asks for clusters, agrees.

# %%
merging = mixtura.merge_components(geyser.best.mixture, faithful())
print("clusters of components:", merging.clusters(2))
assert sorted(map(len, merging.clusters(2))) == [1, 2]
icl = geyser.chosen("icl").best_row
print("by ICL:", icl.candidate)
assert icl.n_components == 2

# %% [markdown]
# ## The irises
#
# Three species, and yet the best is VEV with two components, −561.7285: versicolor and virginica
# overlap. The verdict warns that three components are all but as good.

# %%
irises = mixtura.select(iris(), range(1, 5))
print(irises)
best = irises.best_row
assert str(best.candidate) == "VEV,2"
assert abs(best.criterion("bic", sign="mclust") - -561.7285) < 1e-3
assert any("VEV,2 and VEV,3" in line and "weak evidence" in line for line in irises.verdict)
keep(plots.candidates(irises, ax=offscreen_axes()), "04_irises")

# %% [markdown]
# The runner-up knows the species, all but five flowers of 150, though nobody told it that there
# are any.

# %%
three = next(row.fit for row in irises.rows if str(row.candidate) == "VEV,3")
labels, species = three.mixture.predict(iris()), np.unique(iris_species(), return_inverse=True)[1]
agree = sum(int(np.bincount(species[labels == k]).max()) for k in range(3))
print(f"{agree} of {len(labels)} flowers are with their species")
assert agree == 145

# %% [markdown]
# ## How sure are the parameters?
#
# The curvature of the likelihood tells, for the one model that was chosen.

# %%
errors = geyser.best.standard_errors(faithful())
low, high = errors.intervals(0.95)["weights"]
for weight, lower, upper in zip(geyser.best.mixture.weights, low, high, strict=True):
    print(f"weight {weight:.3f}, 95 % between {lower:.3f} and {upper:.3f}")
    assert lower < weight < upper
