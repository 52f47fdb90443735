# %% [markdown]
# # A picture without its noise
#
# What may a corner of a photograph look like? A mixture of very many small patches knows it: edges
# of every direction, stripes, smooth slopes. It says of a noisy patch what it probably was. Such
# mixtures have hundreds of components, and each patch has a share in few of them; so EM need not
# look at the others.

# %%
import os
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

import mixtura

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

random = np.random.default_rng(0)
colours = load_sample_image("china.jpg")  # (427, 640, 3)
grey = colours @ [0.299, 0.587, 0.114]
SIDE, NOISE = 5, 25.0  # pixels, and grey levels of 256

# %% [markdown]
# ## Patches, without their brightness
#
# A square of 5 × 5 pixels has a brightness, which even a noisy one tells well, and 24 numbers more
# that say what is in it: its coordinates along axes at right angles to the first. Noise of
# independent pixels is as large along these as it was.
#
# The part that is to be cleaned is kept out of the fit. A whole picture has rounded grey levels,
# and patches of its sky are equal to the last digit; noise of one level takes that away.

# %%
AXES = np.linalg.svd(np.ones((1, SIDE**2)))[2][1:]  # (24, 25)


def patches(picture):
    """All patches of a picture, one a row."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (SIDE, SIDE))
    return windows.reshape(-1, SIDE**2)


corner = np.s_[150:198, 100:148]
clean, elsewhere = grey[corner], grey.copy()
elsewhere[corner] = np.nan
seen = patches(elsewhere)
seen = random.permutation(seen[~np.isnan(seen).any(axis=1)])[:24_000]
rows = (seen + random.normal(size=seen.shape)) @ AXES.T
print(f"{len(rows)} patches of {rows.shape[1]} numbers")

# %% [markdown]
# ## Two fits
#
# The same number of components and of rounds: once each row keeps a few components and is shown
# the neighbours of those, and once it is held to all, beginning from k-means.

# %%
K, ROUNDS = 100, 12
began = time.process_time()
truncated = mixtura.fit(rows, K, search="truncated", max_iter=ROUNDS)
between = time.process_time()
exact = mixtura.fit(rows, K, search="exact", start="kmeans", max_iter=ROUNDS)
print(f"truncated {between - began:.1f} s, exact {time.process_time() - between:.1f} s")

told = truncated.truncation
print(f"each row kept {told.breadth.kept} components and was shown {told.densities:.0f} a round")
print(f"log-likelihood {truncated.mean_log_likelihood:.2f} and {exact.mean_log_likelihood:.2f}")
assert told.best_kept > 0.99
assert told.densities < 0.5 * K
assert abs(truncated.mean_log_likelihood - exact.mean_log_likelihood) < 1.0

# %% [markdown]
# What was left out is told with the fit: how far the bound that the rounds raised is below the
# likelihood, and how many rows had their likeliest component among those that they kept.

# %%
print(truncated.notes[-1])

# %% [markdown]
# ## What a noisy patch was
#
# A row is what was there and an error, whose covariance is known: `posterior` gives what is
# expected of the true values. Each component would draw the row towards its own mean, the more,
# the narrower it is: Wiener's filter; and the responsibilities tell how much each has to say. A
# pixel is in 25 patches, and the mean of their answers is taken (Zoran & Weiss 2011, "From
# learning models of natural image patches to whole image restoration").

# %%
noisy = clean + random.normal(0.0, NOISE, clean.shape)


def cleaned(mixture):
    """The noisy picture as the mixture would have it."""
    windows = patches(noisy)
    errors = NOISE**2 * np.eye(len(AXES))
    true, _ = mixture.posterior(windows @ AXES.T, errors)
    answers = true @ AXES + windows.mean(axis=1, keepdims=True)
    total, count = np.zeros(noisy.shape), np.zeros(noisy.shape)
    height, width = np.array(noisy.shape) - SIDE + 1
    for at, answer in enumerate(answers.T):
        top, left = divmod(at, SIDE)
        total[top : top + height, left : left + width] += answer.reshape(height, width)
        count[top : top + height, left : left + width] += 1
    return total / count


def quality(picture):
    """The peak signal-to-noise ratio, decibels."""
    return 10.0 * np.log10(255.0**2 / np.mean((picture - clean) ** 2))


shown = {"clean": clean, "noisy": noisy}
shown |= {"truncated": cleaned(truncated.mixture), "exact": cleaned(exact.mixture)}
before, ours, theirs = (quality(shown[name]) for name in ("noisy", "truncated", "exact"))
print(f"{before:.2f} dB before, {ours:.2f} dB after, {theirs:.2f} dB by the exact fit")
assert ours > before + 5.0
assert ours > theirs - 0.2

figure, axes = plt.subplots(1, 4, figsize=(9.0, 3.2), layout="constrained")
for ax, (name, picture) in zip(axes, shown.items(), strict=True):
    ax.imshow(picture, cmap="gray", vmin=0.0, vmax=255.0)
    ax.set_title(name if name == "clean" else f"{name}, {quality(picture):.1f} dB")
    ax.set_axis_off()
figure.savefig(PICTURES / "16_noise.png", dpi=120)
