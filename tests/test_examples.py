"""The lessons run, their claims hold, and their pictures show something."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

LESSONS = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))

#: the pictures that each lesson leaves
PICTURES = {
    "01_density_by_hand": {"01_one_feature", "01_two_features", "01_too_far_out"},
    "02_one_em_step_at_a_time": {"02_steps", "02_trace"},
    "03_csv_to_explained_outliers": {"03_outliers"},
    "04_which_structure_which_k": {"04_geyser", "04_irises"},
    "05_em_in_the_explorer": {"05_bound"},
    "06_em_in_spark": set(),
    "07_em_in_ray": set(),
    "09_a_line_through_error_bars": {"09_tully_fisher"},
    "12_prediction_of_a_curve": {"12_band"},
    "13_classes_from_few_labels": set(),
    "14_how_many_groups_honestly": set(),
    "15_cells_of_a_cytometer": {"15_cells"},
    "16_a_picture_without_noise": {"16_noise"},
    "08_a_mixture_per_group": {"08_states"},
    "11_outliers_at_a_stated_rate": {"11_even"},
    "10_a_table_with_holes": {"10_holes"},
}

#: what a lesson needs that is no extra of mixtura; it warns as it likes
NEEDS = {"06_em_in_spark": "pyspark", "07_em_in_ray": "ray"}

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
each_run = pytest.mark.parametrize(
    "lesson",
    [pytest.param(p, marks=[pytest.mark.slow] if p.stem in NEEDS else []) for p in LESSONS],
    ids=lambda path: path.stem,
)


def test_every_lesson_is_known_here():
    assert {lesson.stem for lesson in LESSONS} == set(PICTURES)


@each_run
def test_a_lesson_runs_without_a_warning_and_leaves_its_pictures(lesson, tmp_path):
    needed = NEEDS.get(lesson.stem)
    if needed and find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    environment = os.environ | {"MPLBACKEND": "Agg", "MIXTURA_PICTURES": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-W", "default" if needed else "error", str(lesson)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert {path.stem for path in tmp_path.glob("*.png")} == PICTURES[lesson.stem]
    for path in tmp_path.glob("*.png"):
        pixels = imread(path)[:, :, :3]
        height, width, _ = pixels.shape
        assert min(height, width) > 300
        inked = np.any(pixels < 0.98, axis=2)
        assert 0.01 < inked.mean() < 0.9
        # No half of the picture is empty, as it is where the axes lie outside it.
        assert inked[: height // 2].any()
        assert inked[height // 2 :].any()
        assert inked[:, : width // 2].any()
        assert inked[:, width // 2 :].any()


@each_lesson
def test_a_lesson_is_made_of_cells_that_a_notebook_can_show(lesson):
    cells = re.split(r"^# %%", lesson.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert cells[0] == ""
    heads = [cell.partition("\n") for cell in cells[1:]]
    for head, _, body in heads:
        if head.strip() == "[markdown]":
            assert body.strip()
            assert all(line.startswith("#") for line in body.splitlines() if line)
        else:
            assert head == ""
            compile(body, lesson.name, "exec")  # no cell leaves a block half open
    assert heads[0][2].startswith("# # ")  # the title
