# %% [markdown]
# # A line through error bars
#
# Galaxies that turn faster are brighter: the relation of Tully and Fisher, by which distances are
# measured. Both numbers have errors, of another size for each galaxy, and galaxies scatter about
# the relation besides. What is wanted is the line of the *true* values, and how far they scatter.
#
# The data, beside this file: magnitudes of 21 galaxies in five bands and the logarithms of the
# widths of their lines, each with its error (Sakai et al. 2000, ApJ 529, 698, table 2).

# %%
import csv
import os
import tempfile
from pathlib import Path

import numpy as np

import mixtura
from mixtura.views import plots
from mixtura.views.plots.canvas import encoded, offscreen_axes

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)
GALAXIES = Path(__file__).with_name("tully_fisher.csv")


def galaxies(band):
    """Line widths and magnitudes of the galaxies that were seen in a band, and their errors."""
    with GALAXIES.open(encoding="utf-8") as file:
        seen = [row for row in csv.DictReader(file) if row[band]]
    names = ("logw20", band)
    rows = {name: [float(row[name]) for row in seen] for name in names}
    errors = [[float(row[f"{name}_err"]) for name in names] for row in seen]
    return rows, np.array(errors)


# %% [markdown]
# ## One component, with errors
#
# A Gaussian for the true values, and each row wider by its own error: x_i ~ N(μ, Σ + S_i). That is
# extreme deconvolution (Bovy, Hogg & Roweis 2011), whose authors fitted the same galaxies.

# %%
rows, errors = galaxies("b")
fit = mixtura.fit(rows, 1, errors=errors)
print(fit)


def line(mixture):
    """The slope of the longer axis, and the magnitude at a log width of 2.5."""
    axis = np.linalg.eigh(mixture.covariances[0])[1][:, 1]
    slope = axis[1] / axis[0]
    return slope, mixture.means[0, 1] + slope * (2.5 - mixture.means[0, 0])


slope, value = line(fit.mixture)
print(f"slope {slope:.2f} mag, {value:.2f} mag at log w = 2.5")

# %% [markdown]
# They published a slope of −8.04 ± 0.63 and −19.77 ± 0.11 mag, after an iteration that was stopped
# early; here it goes on to the end.

# %%
assert abs(slope - -8.04742) < 1e-4
assert abs(value - -19.77524) < 1e-5
assert abs(slope - -8.04) < 0.63
assert abs(value - -19.77) < 0.11

# %% [markdown]
# Without the errors the cloud is rounder than the galaxies are, and its axis is another.

# %%
naive = mixtura.fit(rows, 1)
print("without errors: slope {:.2f} mag, {:.2f} mag at log w = 2.5".format(*line(naive.mixture)))
widths = [np.sqrt(np.linalg.eigvalsh(each.mixture.covariances[0])[0]) for each in (fit, naive)]
print("width across the line: {:.3f} with errors, {:.3f} without".format(*widths))
assert widths[0] < 0.8 * widths[1]

# %% [markdown]
# ## Where each galaxy is likely to be
#
# Given the line, a galaxy that was measured badly is likely to be nearer to it than it was seen.
# `posterior` tells the mean and the covariance of each true value.

# %%
true, covariances = fit.mixture.posterior(rows, errors)
seen = np.column_stack(list(rows.values()))
moved = np.abs(true - seen) / errors
worst = int(moved.max(axis=1).argmax())
print(f"galaxy {worst} goes from {seen[worst]} to {true[worst].round(3)}")
spread = np.sqrt(np.einsum("ndd->nd", covariances))
assert (spread < errors).all()  # whoever knows the line knows more

# %%
ax = offscreen_axes()
plots.scatter(fit.mixture, rows, errors=errors, ax=ax)
ax.plot(*true.T, linestyle="none", marker="x", color="black", markersize=5)
ax.invert_yaxis()  # bright is up
(PICTURES / "09_tully_fisher.png").write_bytes(encoded(ax, "png"))

# %% [markdown]
# ## Nothing left
#
# In the red the errors explain all of the scatter: the likelihood is largest where the true values
# lie on a line. EM would go there for ever; the fit goes, and says so.

# %%
red = mixtura.fit(*galaxies("r")[:1], 1, errors=galaxies("r")[1])
print(red.verdict.words)
print(red.notes[0])
assert "singular" in red.verdict.words
assert "spread no more than by their errors" in red.notes[0]
