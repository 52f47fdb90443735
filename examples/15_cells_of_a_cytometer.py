# %% [markdown]
# # From a cytometer's file to labelled cells
#
# A flow cytometer measures cells one by one, and leaves an FCS file: a row for each cell, a column
# for each detector. What stands in it are brightnesses that span decades, fall below zero, and
# leak from one dye into the other. A mixture wants none of that.

# %%
import os
import tempfile
from pathlib import Path

import numpy as np

import mixtura
from mixtura.tables import Reading, read_table
from mixtura.tables.streams import scan
from mixtura.views.plots.canvas import encoded, offscreen_axes

FOLDER = Path(tempfile.mkdtemp())
PICTURES = Path(os.environ.get("MIXTURA_PICTURES", Path(tempfile.gettempdir()) / "mixtura"))
PICTURES.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## A tube of blood
#
# T cells carry CD3, B cells CD19, and the others neither. The dye of CD3 leaks into the detector of
# CD19 by 15 %, that of CD19 into CD3's by 4 %, and the detectors add noise of their own. The file
# says so under `$SPILLOVER`, as the cytometer found out with stained beads.

# %%
random = np.random.default_rng(7)
KINDS = ("T cells", "B cells", "others")
truth = random.choice(3, size=6000, p=[0.55, 0.15, 0.30])
bright = np.array([[9.3, 3.0], [3.0, 9.8], [3.5, 3.3]])[truth]  # log brightness
light = np.exp(bright + random.normal(0.0, [0.35, 0.4], size=(6000, 2)))
spill = np.array([[1.0, 0.15], [0.04, 1.0]])
measured = light @ spill + random.normal(0.0, 60.0, size=(6000, 2))

words = {
    "$BEGINDATA": "1024", "$ENDDATA": str(1023 + measured.size * 4), "$BYTEORD": "1,2,3,4",
    "$DATATYPE": "F", "$MODE": "L", "$NEXTDATA": "0", "$PAR": "2", "$TOT": str(len(measured)),
    "$P1B": "32", "$P1E": "0,0", "$P1N": "FL1-A", "$P1R": "262144", "$P1S": "CD3",
    "$P2B": "32", "$P2E": "0,0", "$P2N": "FL2-A", "$P2R": "262144", "$P2S": "CD19",
    "$SPILLOVER": "2,FL1-A,FL2-A,1,0.15,0.04,1",
}  # fmt: skip
text = "/" + "/".join(part for pair in words.items() for part in pair) + "/"
places = (58, 57 + len(text), 1024, 1023 + measured.size * 4, 0, 0)
head = "FCS3.1".ljust(10) + "".join(f"{place:8d}" for place in places)
tube = FOLDER / "tube.fcs"
tube.write_bytes((head + text).ljust(1024).encode() + measured.astype("<f4").tobytes())

# %% [markdown]
# ## Read as it is meant
#
# By the names of the markers, compensated, and on a scale that is linear about zero and logarithmic
# far from it. As it stands in the file, T cells seem to carry CD19.

# %%
reading = Reading(compensate=True, transform="arcsinh:150")
rows = scan(tube, columns=["CD3", "CD19"], reading=reading)
raw = read_table(str(tube), columns=["CD3", "CD19"], reading=Reading(transform="arcsinh:150"))
cells = read_table(str(tube), columns=["CD3", "CD19"], reading=reading)
for name, table in (("as measured", raw), ("compensated", cells)):
    print(f"CD19 of T cells, {name}: {np.median(table['CD19'][truth == 0]):.2f}")
assert np.median(cells["CD19"][truth == 0]) < 0.5 < np.median(raw["CD19"][truth == 0])

# %% [markdown]
# ## Populations, and how many
#
# Nobody told how many there are. The integrated likelihood asks for clusters apart, and `select`
# tries up to five.

# %%
selection = mixtura.select(cells, range(1, 6), structures="VVV", criterion="icl")
fit = selection.best
print(f"{fit.mixture.n_components} populations")
assert fit.mixture.n_components == 3

labels = fit.mixture.predict(cells)
named = {}
for k, (cd3, cd19) in enumerate(fit.mixture.means):
    named[k] = "T cells" if cd3 > 2.0 and cd3 > cd19 else "B cells" if cd19 > 2.0 else "others"
    print(f"{named[k]}: {fit.mixture.weights[k]:.1%}, CD3 at {cd3:.1f}, CD19 at {cd19:.1f}")
right = np.mean([named[k] == KINDS[t] for k, t in zip(labels.tolist(), truth, strict=True)])
print(f"{right:.1%} of the cells are what they are called")
assert right > 0.98

ax = offscreen_axes()
for k, name in named.items():
    ax.plot(*cells.rows[labels == k].T, ".", markersize=2, label=name)
ax.set_xlabel("CD3, arcsinh(x / 150)")
ax.set_ylabel("CD19, arcsinh(x / 150)")
ax.legend()
(PICTURES / "15_cells.png").write_bytes(encoded(ax, "png"))

# %% [markdown]
# ## Kept with the model
#
# The file of the model says how the rows were read, so that a score refers to these values and to
# no others: it is a density on the scale of the picture. A command that takes the model and the
# next tube reads that alike: `mixtura predict blood.safetensors next.fcs -o labels.csv`.

# %%
model = FOLDER / "blood.safetensors"
mixtura.save(fit, model, {"reading": reading.record(rows.columns.features)})
print(mixtura.load(model))
