# %% [markdown]
# # Classes from few labels
#
# Labels cost work; rows do not. A mixture learns from both: the rows of known class are held to
# their class's components, the others are shared as ever, and move the components as well.

# %%
import numpy as np

import mixtura
from mixtura import MixtureClassifier
from mixtura.datasets import iris, iris_species
from mixtura.metrics import adjusted_rand_index

# %% [markdown]
# ## Three flowers of each kind
#
# Of 150 irises the species of nine is known. −1 stands for what is not.

# %%
names, species = np.array(["setosa", "versicolor", "virginica"]), np.asarray(iris_species())
known = np.full(150, -1)
for kind in range(3):
    known[np.flatnonzero(species == kind)[:3]] = kind
fit = mixtura.fit(iris(), 3, structure="VEV", labels=known)
found, unknown = fit.mixture.predict(iris()), known < 0
right = np.mean(found[unknown] == species[unknown])
print(f"{right:.1%} of the {unknown.sum()} others are put with their species")
assert right > 0.95
print("agreement with the botanist:", round(adjusted_rand_index(found, species), 3))

# %% [markdown]
# Labels that may be wrong are doubted: with `trust=0.9` a row of known label may be another class's
# after all, and nine labels of which one is wrong do no harm.

# %%
wrong = known.copy()
wrong[np.flatnonzero(species == 2)[0]] = 0
doubted = mixtura.fit(iris(), 3, structure="VEV", labels=wrong, trust=0.9).mixture
right = np.mean(doubted.predict(iris()) == species)
print(f"with a wrong label among nine: {right:.1%}")
assert right > 0.9

# %% [markdown]
# ## All labels known: a density for each class
#
# `MixtureClassifier` chooses how many components a class needs. One Gaussian each, of one
# covariance, is Fisher's linear discriminant analysis; here BIC chooses what is shared.

# %%
rows = np.asarray(iris().rows)
model = MixtureClassifier(structures="all", shared=True).fit(rows, names[species])
print(model.mixture_, f"{model.score(rows, names[species]):.1%} right")
assert round(150 * (1.0 - model.score(rows, names[species]))) == 3

# %% [markdown]
# Where no class is likely enough, none is named. With `reject=0.95` the doubtful flowers are left
# to a botanist, and among the others hardly one is wrong.

# %%
wary = MixtureClassifier(structures="all", shared=True, reject=0.95, reject_label="?")
told = wary.fit(rows, names[species]).predict(rows)
left = told == "?"
print(f"{left.sum()} left open, {np.sum(told[~left] != names[species][~left])} wrong of the others")
assert np.sum(told[~left] != names[species][~left]) <= 1

# %% [markdown]
# On the command line: `mixtura fit flowers.csv --label species -o species.safetensors`, empty cells
# for species that are not known, then `mixtura classify species.safetensors new.csv --reject 0.95`.
