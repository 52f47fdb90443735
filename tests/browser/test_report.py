"""The report in a real browser, with no network: legible, still, and open to everybody."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful, galaxies, iris, separated
from mixtura.model.storage import StoredModel
from mixtura.tables import Table
from mixtura.views.report import report

pytestmark = pytest.mark.browser

CLIMB = {"start": "random", "tol": 1e-6, "accelerate": False, "random_state": 2}
SIZES = [(360, 740), (1600, 1000)]
#: too long for any column, too hostile for any page
NAMES = (
    "</script><script>window.attacked = 1</script>",
    "\u202e" + "a_very_long_name_without_a_space_" * 8,
    '<img src=x onerror="attacked=1">',
    "שלום",
)


def geyser():
    fit = mixtura.fit(faithful(), 2, **CLIMB)
    training = {
        **fit.summary(),
        "command": ["mixtura", "fit", "@faithful", "-k", "2", "--start", "random", "--seed", "2"],
    }
    return report(
        StoredModel(fit.mixture, training, ""),
        faithful(),
        worst=3,
        compare=True,
        names=("geyser.safetensors", "@faithful"),
        command=["mixtura", "report", "geyser.safetensors", "@faithful"],
    ).to_html()


def hostile():
    table = Table(NAMES, iris().rows, {"<b>who</b>": ("<script>attacked=1</script>",) * 150})
    fit = mixtura.fit(table, 3)
    return report(fit, table, worst=2, names=(NAMES[1], NAMES[0])).to_html()


def many():
    table, _, truth = separated(30_000, 14, 20, 1.5)
    return report(truth, table.rows, worst=2).to_html()


def unfinished():
    fit = mixtura.fit(galaxies(), 4, max_iter=2, start="random", tol=0.0)
    return report(fit, galaxies(), worst=2).to_html()


MAKERS = {"geyser": geyser, "hostile": hostile, "many": many, "unfinished": unfinished}


@pytest.fixture(scope="module")
def pages():
    return {name: make() for name, make in MAKERS.items()}


@pytest.fixture(params=MAKERS)
def page(request, pages):
    return pages[request.param]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}px")
def test_nothing_is_wider_than_the_page_and_everything_is_styled(opened, page, size, scheme):
    watched = opened(page, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    ground = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}[scheme]
    wide = watched.page.locator(".scroll").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0


def test_what_is_read_is_what_python_found(opened, pages):
    watched = opened(pages["geyser"])
    fit = mixtura.fit(faithful(), 2, **CLIMB)
    cards = watched.page.locator(".cards dd").all_inner_texts()
    assert cards[:2] == ["272", f"{fit.mixture.score(faithful()):.6f}"]
    explained = fit.mixture.explain(faithful())
    worst = int(explained.log_likelihood.argmin())
    article = watched.page.locator("article").first
    assert article.locator("h3").inner_text() == (
        f"Row {worst} (counted from 0): log-likelihood {explained.log_likelihood[worst]:.8g} nats"
    )
    cells = article.locator("table").last.locator("tbody tr").all_inner_texts()
    for k, cell in enumerate(cells):
        shown = [float(part) for part in cell.split()]
        assert shown == pytest.approx(
            [
                k,
                explained.log_weights[k],
                explained.normalisation,
                explained.log_determinants[k],
                explained.distance_terms[worst, k],
                explained.log_joint[worst, k],
                explained.responsibilities[worst, k],
            ],
            rel=1e-3,
        )


def test_pictures_show_the_points_of_every_component(opened, pages, tmp_path):
    watched = opened(pages["geyser"], viewport={"width": 1120, "height": 900})
    path = tmp_path / "scatter.png"
    watched.page.locator("figure svg").first.screenshot(path=path)
    from matplotlib.image import imread

    from mixtura.views.plots.palette import style

    pixels = imread(path)[:, :, :3]
    for k in range(2):
        near = np.abs(pixels - np.array(style(k).fill)).max(axis=2) < 0.25
        assert np.count_nonzero(near) > 200, k


def test_names_that_attack_are_shown_as_text(opened, pages):
    watched = opened(pages["hostile"])
    assert watched.page.evaluate("window.attacked === undefined")
    assert watched.page.evaluate("document.scripts.length") == 0
    assert watched.page.locator("main img, main b").count() == 0
    assert NAMES[0] in watched.text("h1")
    assert "<script>attacked=1</script>" in watched.text("main")


def test_keys_reach_every_link_and_every_table_that_scrolls(opened, pages):
    watched = opened(pages["geyser"], viewport={"width": 360, "height": 740})
    page = watched.page
    wanted = page.locator("a, [tabindex='0']").count()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    seen = 1
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        seen += page.evaluate("document.activeElement !== document.body")
        if page.evaluate("document.activeElement === document.body"):
            break
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert seen == wanted
    table = page.locator("article .scroll").last
    table.focus()
    page.keyboard.press("ArrowRight")
    watched.until(lambda: table.evaluate("e => e.scrollLeft") > 0, 5.0)


def test_headings_and_landmarks_tell_what_is_where(opened, pages):
    watched = opened(pages["geyser"])
    tree = watched.page.locator("body").aria_snapshot()
    for part in ("banner", 'navigation "Contents"', "main", "contentinfo"):
        assert f"- {part}" in tree
    for name in ("In short", "Pictures", "Components", "The least likely rows"):
        assert f'- heading "{name}" [level=2]' in tree
    assert 'img "Rows and components"' in tree
    assert 'rowheader "eruptions"' in tree
    assert 'columnheader "responsibility"' in tree


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_printed_it_is_black_on_white_and_nothing_is_cut(opened, page, scheme):
    watched = opened(page, viewport={"width": 720, "height": 1000}, color_scheme=scheme)
    watched.page.emulate_media(media="print")
    colours = watched.page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    assert not watched.page.locator("nav").is_visible()
    assert watched.page.pdf(format="A4").startswith(b"%PDF")


def test_a_frame_in_a_notebook_runs_the_explorer(opened):
    fit = mixtura.fit(faithful(), 2, **CLIMB)
    shown = fit.explore(faithful(), name="@faithful")._repr_html_()
    watched = opened(f"<!DOCTYPE html><title>notebook</title>{shown}")
    inside = watched.page.frame_locator("iframe")
    inside.locator("#first").click()
    last = len(fit.trace) - 1
    # Frames of the page around say nothing of when its inner document has drawn.
    watched.until(
        lambda: inside.locator("#iteration").inner_text().startswith(f"Iteration 0 of {last}")
    )
    inside.locator("#mode-play").click()
    watched.until(inside.locator("#play").is_visible)


#: (name, page, width, height, colours)
PICTURES = [
    ("report", "geyser", 1120, 1100, "light"),
    ("report-dark", "geyser", 1120, 1100, "dark"),
    ("report-phone", "geyser", 360, 1420, "light"),
]


@pytest.mark.parametrize(
    ("name", "shown", "width", "height", "scheme"), PICTURES, ids=[one[0] for one in PICTURES]
)
def test_a_picture_of_the_page_is_legible(
    opened, pages, tmp_path, name, shown, width, height, scheme
):
    watched = opened(pages[shown], viewport={"width": width, "height": height}, color_scheme=scheme)
    folder = Path(os.environ.get("MIXTURA_PICTURES") or tmp_path)
    path = folder / f"{name}.png"
    watched.page.screenshot(path=path)
    if folder != tmp_path:
        from PIL import Image

        flat = Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        flat.save(path, optimize=True)
    from matplotlib.image import imread

    pixels = imread(path)[:, :, :3]
    assert pixels.shape[:2] == (height, width)
    assert (pixels.mean() > 0.5) == (scheme == "light")


AXE = Path(os.environ.get("MIXTURA_AXE", "node_modules/axe-core/axe.min.js"))


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: npm install axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}px")
def test_axe_finds_no_violation(opened, page, size, scheme):
    watched = opened(page, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    watched.page.evaluate(AXE.read_text("utf-8"))
    found = watched.page.evaluate(
        "axe.run().then((results) => [results.violations, results.passes.length])"
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found[0]] == []
    assert found[1] > 20
