# %% [markdown]
# # A clinical table with holes
#
# Serum cholesterol of 28 patients, 2, 4 and 14 days after a heart attack, in mg/dl (Ryan & Joiner
# 1976; Schafer 1997, *Analysis of Incomplete Multivariate Data*). Nine patients have no third
# value. What is the mean on day 14, and how surely is it known?

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import mixtura
from mixtura.tables import read_table

PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)
HERE = Path(__file__).parent

table = read_table(str(HERE / "cholesterol.csv"), missing="em")
lacking = np.isnan(table.rows)
print(f"{lacking.sum()} values are missing, by column {lacking.sum(axis=0).tolist()}")

# %% [markdown]
# ## Three answers
#
# The mean of the third column over those who have it; the same with gaps filled by that mean; and
# the maximum of the likelihood of what was observed, by EM. One component is enough: the question
# is about one normal distribution.

# %%
complete = table.rows[~lacking.any(axis=1)]
fit = mixtura.fit(table, 1, missing="em", reg_covar=0, tol=1e-14)
mean, covariance = fit.mixture.means[0], fit.mixture.covariances[0]
means_filled = np.where(lacking, np.nanmean(table.rows, axis=0), table.rows)

print(f"day 14, who came:      {complete[:, 2].mean():.2f} ± {complete[:, 2].std():.2f}")
print(f"day 14, means filled:  {means_filled[:, 2].mean():.2f} ± {means_filled[:, 2].std():.2f}")
print(f"day 14, EM:            {mean[2]:.2f} ± {np.sqrt(covariance[2, 2]):.2f}")

# %% [markdown]
# Those who stayed away had higher values before, and so EM expects higher ones of them. Filling in
# the mean makes the spread too small. EM is right where who stays away is decided by what was seen
# on days 2 and 4, whatever way: the values are then *missing at random*. It would be wrong if
# patients stayed away because they felt ill on day 14 itself; no table can tell.
#
# These gaps are monotone: only the third value is ever missing. So the maximum has a closed form.
# The third value is a regression on the other two, among those who have it; the rest is arithmetic.

# %%
before, after = complete[:, :2], complete[:, 2]
design = np.column_stack([np.ones(len(before)), before])
slopes = np.linalg.lstsq(design, after, rcond=None)[0]
by_hand = slopes[0] + slopes[1:] @ table.rows[:, :2].mean(axis=0)
print(f"by regression:         {by_hand:.7f}, by EM {mean[2]:.7f}")
assert abs(by_hand - mean[2]) < 1e-6
assert abs(mean[2] - 222.2371702) < 1e-6  # R's norm2 publishes 222.2371 and 222.2372

# %% [markdown]
# ## How surely
#
# The curvature of the likelihood of what was observed gives standard errors: those of the third
# mean are larger, since fewer values tell of it.

# %%
errors = mixtura.standard_errors(fit, table, missing="em")
for name, value, error in zip(table.names, mean, errors.means[0], strict=True):
    print(f"{name}: {value:7.2f} ± {error:.2f}")
assert errors.means[0, 2] > errors.means[0].min()

# %% [markdown]
# ## What the missing values may have been
#
# `impute` gives what is expected of each, and how surely. Drawn many times they vary as the values
# that were seen do; what is computed of each draw is put together by Rubin's rules.

# %%
expected, std = fit.mixture.impute(table, return_std=True)
draws = fit.mixture.impute(table, draws=200, random_state=0)  # (200, N, D)
spread = draws[:, :, 2].std(axis=1).mean()
print(f"spread of day 14: expected values {expected[:, 2].std():.2f}, draws {spread:.2f}")
assert expected[:, 2].std() < spread

figure, ax = plt.subplots(figsize=(6.0, 4.5), layout="constrained")
seen, gone = ~lacking[:, 2], lacking[:, 2]
ax.scatter(table.rows[seen, 1], table.rows[seen, 2], label="seen")
ax.errorbar(
    table.rows[gone, 1],
    expected[gone, 2],
    std[gone, 2],
    fmt="o",
    mfc="none",
    label="imputed, ± a standard deviation",
)
ax.set_xlabel("cholesterol on day 4, mg/dl")
ax.set_ylabel("on day 14, mg/dl")
ax.legend(frameon=False)
figure.savefig(PICTURES / "10_holes.png", dpi=100)
