#!/bin/sh
# The lower bound of scikit-learn's Bayesian mixture lies above what it should bound.
#
# With one component the variational posterior is the exact one, so that the evidence lower bound is the log evidence, which
# has a closed form (a normal-inverse-Wishart prior; Murphy 2007, "Conjugate Bayesian analysis of the Gaussian distribution",
# equation 266). The parameters agree with it to rounding; `lower_bound_` is 92 nats higher for 50 rows of 2 features and
# 553 for 200 of 3, for it leaves out constants that depend on the rows, the features and the number of components. It ranks
# neither priors nor numbers of components.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet scikit-learn==1.7.2 numpy==2.2.6 scipy==1.17.1
"$place/env/bin/python" - <<'PYTHON'
import math

import numpy as np
import sklearn
from scipy.special import multigammaln
from sklearn.mixture import BayesianGaussianMixture


def log_evidence(rows, model):
    n, d = rows.shape
    shrinkage, degrees = model.mean_precision_prior_, model.degrees_of_freedom_prior_
    apart = rows.mean(axis=0) - model.mean_prior_
    about = rows - rows.mean(axis=0)
    prior = model.covariance_prior_
    scale = prior + about.T @ about + shrinkage * n / (shrinkage + n) * np.outer(apart, apart)
    assert np.allclose(model.covariances_[0] * (degrees + n), scale, rtol=1e-9)
    halves = 0.5 * degrees, 0.5 * (degrees + n)
    return (
        -0.5 * n * d * math.log(math.pi)
        + multigammaln(halves[1], d) - multigammaln(halves[0], d)
        + halves[0] * np.linalg.slogdet(prior)[1] - halves[1] * np.linalg.slogdet(scale)[1]
        + 0.5 * d * math.log(shrinkage / (shrinkage + n))
    )


print("scikit-learn", sklearn.__version__)
random = np.random.default_rng(0)
for n, d, seen in ((50, 2, 92.0365), (200, 3, 552.5732)):
    rows = random.normal(size=(n, d)) @ random.normal(size=(d, d)) + 3.0
    model = BayesianGaussianMixture(
        n_components=1, reg_covar=0.0, tol=1e-12, max_iter=500, random_state=0
    ).fit(rows)
    exact = log_evidence(rows, model)
    above = model.lower_bound_ - exact
    print(f"{n} x {d}: lower_bound_ {model.lower_bound_:.4f}, log evidence {exact:.4f}: {above:.4f} above it")
    assert abs(above - seen) < 1e-3, "the behaviour has changed"
PYTHON
