#!/bin/sh
# A mixture that was fitted to float32 rows has covariances that are not symmetric, and sampling it warns that they are unsound.
#
# scikit-learn's full covariances are a product in the rows' precision, whose entries (i, j) and (j, i) are rounded apart: by
# some 1e-7 of the largest. They are positive definite all the same. NumPy's check, in `multivariate_normal`, holds them to
# 1e-8, so that `sample` warns, for every model; and whoever asks for symmetric matrices refuses them. float64 rows do neither.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet scikit-learn==1.7.2 numpy==2.2.6
"$place/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

print("scikit-learn", sklearn.__version__, "numpy", np.__version__)
for dtype, unsound in (("float64", 0), ("float32", 10)):
    told, apart, least = 0, 0.0, np.inf
    for seed in range(10):
        random = np.random.default_rng(seed)
        rows = (random.normal(size=(200, 8)) @ random.normal(size=(8, 8))).astype(dtype)
        model = GaussianMixture(2, random_state=0).fit(rows)
        matrices = model.covariances_
        apart = max(apart, np.abs(matrices - matrices.transpose(0, 2, 1)).max() / np.abs(matrices).max())
        least = min(least, np.linalg.eigvalsh(matrices).min())
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            model.sample(5)
        told += any("not symmetric positive-semidefinite" in str(each.message) for each in heard)
    print(f"{dtype} rows: asymmetric by {apart:.1e}, least eigenvalue {least:.2g}, {told} of 10 samples warn")
    assert told == unsound, "the behaviour has changed"
    assert (apart > 1e-8) == (unsound > 0), "the behaviour has changed"
    assert least > 0.0, "the behaviour has changed"
PYTHON
