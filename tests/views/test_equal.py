"""Equal scales: a unit is as long to the right as upwards."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import drawn

from mixtura import Mixture
from mixtura.cli.main import main
from mixtura.errors import ParameterError
from mixtura.views.plots.canvas import figure_of

#: the features reach differently far
MIXTURE = Mixture([0.5, 0.5], [[0.0, 0.0, 0.0], [9.0, 1.0, 40.0]], [np.diag([1.0, 0.5, 9.0])] * 2)


def pixels_a_unit(ax):
    """Along x and along y, when all is laid out."""
    figure_of(ax).draw_without_rendering()
    box = ax.get_window_extent()
    return box.width / np.ptp(ax.get_xlim()), box.height / np.ptp(ax.get_ylim())


@pytest.mark.parametrize("features", [[0, 1], [1, 2]])
@pytest.mark.parametrize("n_rows", [200, 8000])
@pytest.mark.parametrize("kind", ["scatter", "density", "responsibilities"])
def test_a_unit_is_as_long_on_both_axes_where_that_is_asked(kind, n_rows, features):
    rows = MIXTURE.sample(n_rows, 0)[0]
    (usual,) = drawn(kind, MIXTURE, rows, features=features)
    assert np.ptp(pixels_a_unit(usual)) > 1.0
    (ax,) = drawn(kind, MIXTURE, rows, features=features, equal=True)
    right, up = pixels_a_unit(ax)
    assert right == pytest.approx(up, rel=1e-9)
    for which in "xy":
        before, after = (getattr(one, f"get_{which}lim")() for one in (usual, ax))
        assert after[0] <= before[0] < before[1] <= after[1]


def test_all_axes_of_a_pair_matrix_have_one_scale():
    axes = drawn("pairs", MIXTURE, MIXTURE.sample(200, 0)[0], equal=True)
    scales = [pixels_a_unit(ax) for ax in axes]
    across = [scale[0] for scale in scales]
    upwards = [scales[place][1] for place in (1, 3, 4)]  # on the diagonal it is a density
    assert [*across, *upwards] == pytest.approx([across[0]] * 9, rel=0.02)


@pytest.mark.parametrize("kind", ["density", "responsibilities"])
def test_one_feature_has_no_scale_to_be_equal_to(kind):
    with pytest.raises(ParameterError, match="equal scales were asked of a picture of one feature"):
        drawn(kind, MIXTURE, features=[0], equal=True)


def test_the_command_line_asks_for_it_and_refuses_it_where_it_means_nothing(tmp_path, capsys):
    model = str(tmp_path / "model.safetensors")
    assert main(["fit", "@iris", "-k", "2", "-o", model]) == 0
    pictures = []
    for more in ([], ["--equal"]):
        path = tmp_path / f"picture{len(more)}.svg"
        assert main(["plot", model, "@iris", *more, "-o", str(path)]) == 0
        pictures.append(path.read_bytes())
    assert pictures[0] != pictures[1]
    capsys.readouterr()
    assert main(["plot", model, "--kind", "trace", "--equal", "-o", "t.svg"]) == 2
    assert "leave --equal out" in capsys.readouterr().err
