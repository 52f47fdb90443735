#!/bin/sh
# A diagonal mixture in ONNX is right near zero, and wrong by 50 nats at an offset of 1e4.
#
# skl2onnx writes the squared distance of diagonal and spherical components as x²/v − 2xμ/v + μ²/v, and in float32, its
# default, the three cancel: the error grows with the square of the offset over the variance. Temperatures in millikelvin,
# times of day in seconds or coordinates in metres are such features. Labels change as well.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet scikit-learn==1.7.2 numpy==2.2.6 skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0
"$place/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import onnxruntime
import skl2onnx
from sklearn.mixture import GaussianMixture

print("skl2onnx", skl2onnx.__version__, "onnxruntime", onnxruntime.__version__)
random = np.random.default_rng(0)
for offset, least, most in ((0.0, 0.0, 1e-3), (100.0, 1e-3, 0.1), (1e4, 10.0, 1e3)):
    clusters = 4.0 * random.integers(0, 3, 600)[:, None]
    rows = (random.normal(size=(600, 4)) + offset + clusters).astype(np.float32)
    model = GaussianMixture(3, covariance_type="diag", random_state=0).fit(rows.astype(float))
    options = {id(model): {"score_samples": True}}
    graph = skl2onnx.to_onnx(model, rows[:1], options=options, target_opset=18)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    labels, _, scores = session.run(None, {session.get_inputs()[0].name: rows})
    error = np.abs(np.ravel(scores) - model.score_samples(rows.astype(float))).max()
    other = np.mean(np.ravel(labels) != model.predict(rows.astype(float)))
    print(f"offset {offset:g}: log densities off by {error:.2g} nats at most, {100 * other:.1f} % other labels")
    assert least <= error <= most, "the behaviour has changed"
    assert offset < 1e4 or other > 0.05, "the behaviour has changed"
PYTHON
