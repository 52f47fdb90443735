# %% [markdown]
# # The density of a Gaussian mixture, by hand
#
# A mixture says: first a component is drawn, component $k$ with probability $w_k$, then a row is
# drawn from that component's normal density. Nobody tells us which component it was, so the
# density of a row is the sum over all of them:
#
# $$p(x) = \sum_k w_k \, N(x \mid \mu_k, \Sigma_k)$$
#
# This lesson writes that sum out, first for one feature and then for several, holds it against
# `Mixture.score_samples`, and then looks for the rows at which the written-out sum goes wrong.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from mixtura import Mixture, fit
from mixtura.errors import ModelError
from mixtura.views.plots import plot

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)


# %% [markdown]
# ## One feature
#
# The normal density of mean $\mu$ and variance $\sigma^2$ is
# $\exp(-\tfrac12 (x-\mu)^2/\sigma^2) / \sqrt{2\pi\sigma^2}$. One line of NumPy holds the sum.


# %%
def density_of_one_feature(x, weights, means, variances):
    """p(x) for x (N,), from K weights, means and variances."""
    deviations = x[:, None] - means  # (N, K)
    normals = np.exp(-0.5 * deviations**2 / variances) / np.sqrt(2.0 * np.pi * variances)
    return normals @ weights


weights = np.array([0.3, 0.5, 0.2])
means = np.array([-2.0, 1.0, 6.0])
variances = np.array([0.5, 2.0, 0.25])
short = Mixture(weights, means[:, None], variances[:, None, None])

rows, component = short.sample(500, random_state=7)
by_hand = np.log(density_of_one_feature(rows[:, 0], weights, means, variances))
print("log density of three rows, by hand :", by_hand[:3])
print("log density of three rows, mixtura :", short.score_samples(rows[:3]))
assert np.allclose(by_hand, short.score_samples(rows), rtol=1e-12, atol=1e-12)

# %% [markdown]
# The picture shows the same sum: each component times its weight, and the total above them.

# %%
axes = plot(short, rows)
axes.figure.savefig(PICTURES / "01_one_feature.png", dpi=120)


# %% [markdown]
# ## Several features
#
# In $D$ dimensions the variance becomes a covariance matrix, the squared deviation in units of the
# variance becomes the squared Mahalanobis distance
# $d^2 = (x-\mu)^\top \Sigma^{-1} (x-\mu)$, and the normalisation
# becomes $\sqrt{(2\pi)^D \det \Sigma}$. As a textbook writes it, with an inverse and a determinant:


# %%
def density_of_several_features(X, weights, means, covariances):
    """p(x) for rows X (N, D), as the formula stands in a textbook."""
    total = np.zeros(len(X))
    for weight, mean, covariance in zip(weights, means, covariances, strict=True):
        deviations = X - mean
        solved = deviations @ np.linalg.inv(covariance)
        squared_distances = np.sum(solved * deviations, axis=1)
        volume = np.sqrt(np.linalg.det(2.0 * np.pi * covariance))
        total += weight * np.exp(-0.5 * squared_distances) / volume
    return total


plane = Mixture(
    [0.6, 0.4],
    [[0.0, 0.0], [4.0, 3.0]],
    [[[1.0, 0.8], [0.8, 2.0]], [[1.5, -0.6], [-0.6, 0.7]]],
    feature_names=["length", "width"],
)
rows, component = plane.sample(500, random_state=7)
by_hand = np.log(
    density_of_several_features(rows, plane.weights, plane.means, plane.covariance_matrices())
)
assert np.allclose(by_hand, plane.score_samples(rows), rtol=1e-12, atol=1e-12)

axes = plot(plane, rows)
axes.figure.savefig(PICTURES / "01_two_features.png", dpi=120)

# %% [markdown]
# ## Too far out
#
# Both agree to twelve digits on rows that the mixture itself has drawn. Now move one row to 60
# standard deviations from the mean of a standard normal. Its log density is simple enough for a
# pocket calculator, $-\tfrac12 \log 2\pi - \tfrac12 60^2 = -1800.9$, but the density itself is
# about $10^{-782}$, and the smallest positive double is about $10^{-324}$. The exponential gives
# zero, and its logarithm minus infinity. Putting a floor such as $10^{-300}$ under the density
# trades the infinity for something worse: a number that looks like an answer.

# %%
normal = Mixture([1.0], [[0.0]], [[[1.0]]])
distances = np.linspace(0.0, 60.0, 241)
true = -0.5 * np.log(2.0 * np.pi) - 0.5 * distances**2
floored = np.log(
    np.maximum(density_of_one_feature(distances, np.ones(1), np.zeros(1), np.ones(1)), 1e-300)
)
ours = normal.score_samples(distances[:, None])
print(f"60 standard deviations out: true {true[-1]:.4f}, mixtura {ours[-1]:.4f}, ", end="")
print(f"by hand with a floor {floored[-1]:.4f}")
assert np.allclose(ours, true, rtol=1e-15)
assert abs(floored[-1] - (-690.7755)) < 1e-3
# From here on every row has the same floored score: which of two is less likely is lost.
assert np.ptp(floored[distances > 38.0]) == 0.0

figure, axes = plt.subplots(figsize=(8.0, 5.0), layout="constrained")
axes.plot(distances, ours, color="#0072B2", linewidth=2.0)
axes.plot(distances, floored, color="#D55E00", linewidth=2.0, linestyle="--")
axes.annotate(
    "exp, floor, log: flat from 37 on",
    (60.0, floored[-1]),
    (-4, 8),
    ha="right",
    textcoords="offset points",
    color="#D55E00",
)
axes.annotate(
    "log density throughout",
    (52.0, -1350.0),
    (-12, -4),
    ha="right",
    textcoords="offset points",
    color="#0072B2",
)
axes.set(xlabel="distance from the mean, standard deviations", ylabel="log density, nats")
axes.spines[["top", "right"]].set_visible(False)
figure.savefig(PICTURES / "01_too_far_out.png", dpi=120)

# %% [markdown]
# The cure is to stay with logarithms. Each component's part is computed as a log density, the
# largest part $m$ is taken out, and $\log\sum_k e^{a_k} = m + \log\sum_k e^{a_k - m}$ sums what
# is left: the largest exponent is now zero, so the sum is never empty.
#
# ## Too thin
#
# Two thermometers in one room agree to within $10^{-5}$ degrees while the room itself varies by a
# degree: one direction of the covariance is 100,000 times thinner than the other. A common piece
# of advice is to add a small constant to the diagonal. See what it does to a day on which the
# thermometers differ by ten times what they ever should.

# %%
along, across = np.array([1.0, 1.0]) / np.sqrt(2.0), np.array([1.0, -1.0]) / np.sqrt(2.0)
covariance = np.outer(along, along) + 1e-10 * np.outer(across, across)
thermometers = Mixture([1.0], [[0.0, 0.0]], [covariance])
broken_day = (10.0 * 1e-5 * across)[None, :]  # ten standard deviations across

true_distance = np.sqrt(thermometers.explain(broken_day).squared_distances[0, 0])
padded = covariance + 1e-8 * np.eye(2)
padded_distance = np.sqrt(broken_day[0] @ np.linalg.inv(padded) @ broken_day[0])
print(f"the broken day is {true_distance:.2f} standard deviations out")
print(f"with 1e-8 on the diagonal it seems {padded_distance:.2f}")
assert abs(true_distance - 10.0) < 1e-3
assert padded_distance < 1.0

# %% [markdown]
# A determinant has a second way to go wrong, without any thin direction: it is a product of as
# many numbers as there are features. A hundred features of standard deviation $10^{-4}$ multiply
# to $10^{-800}$, which is zero in floating point. The sum of a hundred logarithms is a modest
# number.

# %%
small = Mixture([1.0], np.zeros((1, 100)), [1e-8 * np.eye(100)])
with np.errstate(divide="ignore"):
    determinant = np.linalg.det(1e-8 * np.eye(100))
    by_hand = np.log(
        density_of_several_features(
            np.zeros((1, 100)), [1.0], np.zeros((1, 100)), [1e-8 * np.eye(100)]
        )
    )
print("the determinant:", determinant, " the density by hand:", by_hand[0])
assert determinant == 0.0
assert by_hand[0] == np.inf
at_the_mean = -50.0 * np.log(2.0 * np.pi) + 100.0 * np.log(1e4)
assert np.allclose(small.score_samples(np.zeros((1, 100))), at_the_mean, rtol=1e-14)

# %% [markdown]
# And neither inverse nor determinant notices a matrix that is no covariance at all. Here three
# correlations were typed as 1.01. Two eigenvalues are negative, their product is positive, and
# the formula returns a density that grows without end in some directions. A Cholesky factor
# exists for positive definite matrices only, so asking for one is also the test.

# %%
impossible = np.full((3, 3), 1.01) - 0.01 * np.eye(3)
three_rows = np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [2.0, -2.0, 0.0]])
nonsense = density_of_several_features(three_rows, [1.0], np.zeros((1, 3)), [impossible])
print("going away from the mean, the formula's density goes", nonsense)
assert np.all(np.diff(nonsense) > 0.0)
try:
    Mixture([1.0], np.zeros((1, 3)), [impossible])
except ModelError as error:
    print("mixtura:", error)
else:
    raise AssertionError("a matrix with negative eigenvalues was accepted as a covariance")

# %% [markdown]
# ## Too far from zero
#
# The last trap is on the way to the covariances. The variance is $E[x^2] - E[x]^2$, which needs a
# single pass over the rows. With rows around $10^9$ both terms are about $10^{18}$, doubles
# resolve that to steps of 128, and a variance of about 4 is lost in the difference. Sums about a
# point near the rows lose nothing, and can still be added up block by block.

# %%
offset = 1e9 + 2.0 * np.random.RandomState(5).standard_normal(100_000)
of_squares = np.mean(offset**2) - np.mean(offset) ** 2
about_the_mean = np.mean((offset - offset.mean()) ** 2)
fitted = fit(offset[:, None], 1, reg_covar=0.0).mixture.covariances[0, 0, 0]
print(f"mean of squares minus square of mean: {of_squares}")
print(f"about the mean: {about_the_mean:.9f}, fitted: {fitted:.9f}")
assert abs(of_squares - about_the_mean) > 1.0
assert abs(fitted - about_the_mean) < 1e-9

# %% [markdown]
# Where to go from here: `02_one_em_step_at_a_time.py` fits a mixture with nothing but such sums,
# and `mixtura validate` holds these same formulas beside mixtura and 50-digit arithmetic on a
# model and data of your own.

# %%
print("pictures are in", PICTURES)
