"""The page computes what Python computes: its density, its parts, its steps of EM."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from mixtura import Mixture
from mixtura.datasets import faithful, galaxies, iris, separated
from mixtura.model.structures import STRUCTURES
from mixtura.views.explorer import explorer_record, replay

pytestmark = pytest.mark.usefixtures("each_kernel")

STEPS = """
import { step } from "./em.js";
const rows = Float64Array.from(input.rows);
answer(input.path.map((mixture) => step(mixtureOf(mixture), rows, input.rule)));
"""
WALK = """
import { step } from "./em.js";
const rows = Float64Array.from(input.rows);
let mixture = mixtureOf(input.start);
const path = [];
for (let i = 0; i < input.steps; i += 1) {
  const taken = step(mixture, rows, input.rule);
  path.push({ before: taken.before, mixture });
  mixture = taken.mixture;
}
path.push({ before: step(mixture, rows, input.rule).before, mixture });
answer(path);
"""
#: steps of EM and nothing else
PLAIN = {"start": "kmeans", "tol": 0.0, "accelerate": False, "reg_covar": 1e-6}
DATA = {
    "faithful": faithful().rows,
    "galaxies": galaxies().rows,
    "petals": iris().rows[:, 2:],
    "far": faithful().rows * [1e-3, 1e3] + [1e3, 1e6],
}


def plain(mixture: Mixture) -> dict[str, Any]:
    return {
        "K": mixture.n_components,
        "D": mixture.n_features,
        "weights": mixture.weights.tolist(),
        "means": mixture.means.ravel().tolist(),
        "covariances": mixture.covariance_matrices().ravel().tolist(),
    }


def hold(found: dict[str, Any], mixture: Mixture, spread: np.ndarray) -> None:
    """To 1e-10: of the weights, and of means and covariances in units of the data's spread."""
    wanted = plain(mixture)
    assert_allclose(found["weights"], wanted["weights"], rtol=0, atol=1e-10)
    scale = np.tile(spread, mixture.n_components)
    assert_allclose(
        np.array(found["means"]) / scale, np.array(wanted["means"]) / scale, rtol=0, atol=1e-10
    )
    units = np.tile(np.outer(spread, spread).ravel(), mixture.n_components)
    assert_allclose(
        np.array(found["covariances"]) / units,
        np.array(wanted["covariances"]) / units,
        rtol=1e-10,
        atol=1e-10,
    )


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("structure", ["full", "diag", "spherical", "tied"])
def test_the_page_walks_the_path_of_the_fit(asked, structure, data):
    rows = DATA[data]
    run = replay(rows, 3, structure=structure, max_iter=25, **PLAIN)
    assert run.fit.repairs == ()
    record = explorer_record(run.fit.mixture, rows, run=run)
    rule = {"letters": record["structure"]["letters"], **record["regularisation"]}
    path = asked(
        WALK,
        {
            "rows": rows.ravel().tolist(),
            "start": plain(run.path[0]),
            "steps": len(run.path) - 1,
            "rule": rule,
        },
    )
    assert len(path) == len(run.path) > 5
    assert_allclose([one["before"] for one in path], run.fit.trace, rtol=1e-10)
    for one, mixture in zip(path, run.path, strict=True):
        hold(one["mixture"], mixture, rows.std(axis=0))


@pytest.mark.parametrize("regularisation", [1e-6, 0.05, "auto"])
@pytest.mark.parametrize(
    "letters",
    [s.letters for s in STRUCTURES if s.letters not in {"VEI", "VEE", "EVE", "VVE", "VEV"}],
)
def test_each_closed_form_takes_the_step_of_python(asked, letters, regularisation):
    rows = separated(300, 2, 3, 2.5)[0].rows
    settings = {**PLAIN, "reg_covar": regularisation}
    run = replay(rows, 3, structure=letters, max_iter=4, **settings)
    record = explorer_record(run.fit.mixture, rows, run=run)
    rule = {"letters": letters, **record["regularisation"]}
    steps = asked(
        STEPS,
        {"rows": rows.ravel().tolist(), "path": [plain(m) for m in run.path[:-1]], "rule": rule},
    )
    for taken, mixture, mean in zip(steps, run.path[1:], run.fit.trace, strict=False):
        assert taken["before"] == pytest.approx(mean, rel=1e-10)
        hold(taken["mixture"], mixture, rows.std(axis=0))


def test_a_covariance_below_the_floor_is_raised_as_python_raises_it(asked):
    rows = np.random.RandomState(0).normal(size=(60, 2))
    rows[:20] = [5.0, 5.0] + np.linspace(-1, 1, 20)[:, None] * [1.0, 2.0]  # a line: no width
    settings = {**PLAIN, "reg_covar": "auto", "start": [1] * 20 + [0] * 40}
    run = replay(rows, 2, max_iter=6, **settings)
    record = explorer_record(run.fit.mixture, rows, run=run)
    rule = {"letters": "VVV", **record["regularisation"]}
    steps = asked(
        STEPS,
        {"rows": rows.ravel().tolist(), "path": [plain(m) for m in run.path[:-1]], "rule": rule},
    )
    least = np.linalg.eigvalsh(run.fit.mixture.covariances[1])[0]
    assert least < 1e-6  # it does lie on the floor
    for taken, mixture in zip(steps, run.path[1:], strict=True):
        hold(taken["mixture"], mixture, rows.std(axis=0))


EXPLAIN = """
import { explained, prepared } from "./gaussian.js";
const model = prepared(mixtureOf(input.mixture));
answer(input.rows.map((row) => explained(model, row[0], row[1] ?? 0)));
"""


@pytest.mark.parametrize("data", DATA)
def test_the_parts_of_a_point_are_those_of_explain(asked, data):
    rows = DATA[data][::7]
    mixture = replay(DATA[data], 3).fit.mixture
    found = asked(EXPLAIN, {"mixture": plain(mixture), "rows": rows.tolist()})
    wanted = mixture.explain(rows)
    for name, expected in {
        "joint": wanted.log_joint,
        "squaredDistance": wanted.squared_distances,
        "responsibility": wanted.responsibilities,
    }.items():
        values = [[part[name] for part in one["components"]] for one in found]
        assert_allclose(values, expected, rtol=1e-10, atol=1e-12)
    assert_allclose([one["logLikelihood"] for one in found], wanted.log_likelihood, rtol=1e-10)


def test_the_density_is_that_of_scipy(asked):
    weights, means = [0.3, 0.7], [[0.0, 1.0], [3.0, -2.0]]
    covariances = [[[2.0, 0.9], [0.9, 1.0]], [[0.5, -0.2], [-0.2, 4.0]]]
    rows = np.random.RandomState(0).normal(0.0, 4.0, (50, 2))
    mixture = Mixture(weights, means, covariances)
    found = asked(EXPLAIN, {"mixture": plain(mixture), "rows": rows.tolist()})
    density = sum(
        w * stats.multivariate_normal(m, c).pdf(rows)
        for w, m, c in zip(weights, means, covariances, strict=True)
    )
    assert_allclose([one["logLikelihood"] for one in found], np.log(density), rtol=1e-10)


def test_a_row_that_every_density_underflows_for_belongs_to_the_nearest_component(asked):
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [np.eye(2), np.eye(2)])
    rows = [1e200, 1e200]
    (found,) = asked(
        """
        import { prepared, scored } from "./gaussian.js";
        const [logs, shares] = [new Float64Array(1), new Float64Array(2)];
        scored(prepared(mixtureOf(input.mixture)), Float64Array.from(input.rows), logs, shares);
        answer([[...shares]]);
        """.replace("\n        ", "\n"),
        {"mixture": plain(mixture), "rows": rows},
    )
    assert sorted(found) == [0, 1]


def test_an_empty_component_stays_where_it_was_and_is_told_of(asked):
    rows = np.random.RandomState(0).normal(size=(30, 2))
    far = Mixture([0.5, 0.5], [[0.0, 0.0], [500.0, 500.0]], [np.eye(2), np.eye(2)])
    rule = {"letters": "VVV", "ridge": 1e-6, "relative": False, "floor": [1e-6, 1e-6]}
    (taken,) = asked(STEPS, {"rows": rows.ravel().tolist(), "path": [plain(far)], "rule": rule})
    assert taken["emptied"] == [1]
    assert taken["mixture"]["means"][2:] == [500.0, 500.0]
    assert np.isfinite(taken["mixture"]["covariances"]).all()


def test_an_ellipse_has_the_axes_of_its_matrix(asked):
    matrices = [[5.0, 4.0, 5.0], [4.0, 0.0, 9.0], [1e-8, 3e-7, 1e3], [2.0, 0.0, 2.0]]
    found = asked(
        """
import { axesOf, matrixOf } from "./ellipse.js";
answer(input.map(([a, b, c]) => {
  const axes = axesOf(a, b, c);
  return { ...axes, back: matrixOf(axes.major, axes.minor, axes.angle) };
}));
""",
        matrices,
    )
    for one, (a, b, c) in zip(found, matrices, strict=True):
        values = np.linalg.eigvalsh([[a, b], [b, c]])
        assert_allclose([one["minor"], one["major"]], values, rtol=1e-9, atol=1e-12 * values[1])
        assert_allclose(one["back"], [a, b, c], rtol=1e-10, atol=1e-12 * values[1])


HASH = """
import { read, written } from "./hash.js";
const size = { K: 2, D: 1, frames: 9 };
answer(input.map((text) => read(text, size)));
"""


def test_an_address_leads_back_to_its_state(asked):
    state = {
        "mode": "play",
        "at": 3,
        "row": 17,
        "component": 1,
        "mixture": plain(Mixture([0.25, 0.75], [[0.0], [-4.5]], [[[1.0]], [[0.25]]])),
    }
    found = asked(
        """
import { read, written } from "./hash.js";
const text = written({ ...input, mixture: mixtureOf(input.mixture) });
answer(read(`#${text}`, { K: 2, D: 1, frames: 9 }));
""",
        state,
    )
    assert found == state


@pytest.mark.parametrize(
    "text",
    [
        "#mode=admin&at=99&row=-1&component=2&mixture=1_2",
        "#mixture=0.5_0.5_0_1_1_-1",  # a variance below 0
        "#mixture=0_0_0_1_1_1",
        "#mixture=x_0.5_0_1_1_1",
        "#at=1e3&row=__proto__&component=",
        "#%00%ff&&==&=",
        "",
    ],
)
def test_an_address_that_says_nonsense_says_nothing(asked, text):
    assert asked(HASH, [text]) == [{}]
