"""`mixtura plot`: a picture of the kind and in the format asked for."""

from __future__ import annotations

import pytest

import mixtura
from mixtura.cli.main import main
from mixtura.datasets import faithful, iris


@pytest.fixture(scope="module")
def geyser(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "geyser.safetensors"
    fit = mixtura.fit(faithful(), 2)
    mixtura.save(fit.mixture, path, fit.summary())
    return str(path)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["@faithful"],
        [],
        ["--kind", "trace"],
        ["@faithful", "--kind", "density", "--features", "waiting"],
        ["@faithful", "--features", "waiting,eruptions"],
        ["@faithful", "--kind", "pairs"],
        ["@faithful", "--kind", "responsibilities"],
        ["@faithful", "--kind", "explanation", "--row", "5"],
        ["@faithful", "--kind", "calibration"],
    ],
    ids=lambda arguments: " ".join(arguments) or "no data",
)
def test_a_picture_is_written_in_the_format_of_its_name(geyser, tmp_path, arguments, suffix):
    magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF-"}[suffix]
    path = tmp_path / f"picture.{suffix}"
    assert main(["plot", geyser, *arguments, "-o", str(path)]) == 0
    assert path.read_bytes().startswith(magic)


def test_kinds_make_different_pictures(geyser, tmp_path):
    pictures = set()
    for kind in ("density", "scatter", "pairs", "responsibilities", "trace"):
        path = tmp_path / f"{kind}.svg"
        assert main(["plot", geyser, "--kind", kind, "-o", str(path)]) == 0
        pictures.add(path.read_bytes())
    for row in ("3", "5"):
        path = tmp_path / f"row{row}.svg"
        asked = ["--kind", "explanation", "--row", row, "-o", str(path)]
        assert main(["plot", geyser, "@faithful", *asked]) == 0
        pictures.add(path.read_bytes())
    assert len(pictures) == 7


def test_the_standard_output_gets_png(geyser, capfdbinary):
    assert main(["plot", geyser, "-o", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"\x89PNG")
    assert err == b""


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["-o", "x.jpg"], 2, "cannot be written as '.jpg', expected a name that ends in one of"),
        (["-o", "nowhere/x.png"], 6, "there is no directory"),
        (["-o", "x.png", "--kind", "pie"], 2, "'pie' is not one of"),
        (["-o", "x.png", "--features", "depth"], 2, "there is no feature 'depth'"),
        (["@faithful", "-o", "x.png", "--kind", "trace"], 2, "leave them out"),
        (["@iris", "-o", "x.png"], 3, "lacks the columns"),
        (["-o", "x.png", "--kind", "calibration"], 2, "is about rows: give DATA after MODEL"),
        (["@faithful", "-o", "x.png", "--row", "1"], 2, "--row goes with --kind explanation"),
        (
            ["@faithful", "-o", "x.png", "--kind", "explanation", "--row", "999"],
            2,
            "there is no row 999, the data has 272",
        ),
        (
            ["@faithful", "-o", "x.png", "--kind", "calibration", "--features", "waiting"],
            2,
            "kind 'calibration' takes no features",
        ),
        ([], 2, "-o"),
    ],
)
def test_what_cannot_be_drawn_ends_in_a_sentence_and_leaves_no_file(
    geyser, tmp_path, monkeypatch, capsys, arguments, code, sentence
):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", geyser, *arguments]) == code
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_its_training_has_no_trace(tmp_path, capsys):
    path = tmp_path / "bare.safetensors"
    mixtura.save(mixtura.fit(iris(), 2).mixture, path)
    assert main(["plot", str(path), "--kind", "trace", "-o", str(tmp_path / "t.png")]) == 4
    assert "holds no log-likelihood trace" in capsys.readouterr().err


def test_a_picture_that_exists_is_replaced_only_by_force(geyser, tmp_path, capsys):
    path = tmp_path / "picture.png"
    path.write_bytes(b"mine")
    assert main(["plot", geyser, "-o", str(path)]) == 6
    assert path.read_bytes() == b"mine"
    assert "add --force" in capsys.readouterr().err
    assert main(["plot", geyser, "-o", str(path), "--force"]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
