"""`mixtura fit --label` learns classes, and `mixtura classify` tells them."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import mixtura
from mixtura import MixtureClassifier
from mixtura.datasets import iris
from mixtura.model.classes import ClassMixture

SPECIES = np.repeat(["setosa", "versicolor", "virginica"], 50)


@pytest.fixture
def flowers(tmp_path):
    """Iris with its species, every third of which is known, and its columns in another order."""
    rows = np.asarray(iris().rows)
    lines = [
        ",".join([species if i % 3 == 0 else "", *map(repr, row)])
        for i, (row, species) in enumerate(zip(rows.tolist(), SPECIES.tolist(), strict=True))
    ]
    path = tmp_path / "flowers.csv"
    path.write_text("\n".join([",".join(["species", *iris().columns]), *lines]))
    return path


def columns(text):
    names, *rows = csv.reader(io.StringIO(text))
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_classes_are_learnt_from_few_labels_and_told(typed, flowers, tmp_path):
    model = tmp_path / "species.safetensors"
    fitted = typed("fit", flowers, "--label", "species", "-o", model, "--json")
    assert (fitted.code, fitted.err) == (0, "")
    assert json.loads(fitted.out)["features"] == list(iris().columns)
    labels = np.where(np.arange(150) % 3 == 0, np.repeat([0, 1, 2], 50), -1)
    expected = mixtura.fit(iris().rows, 3, labels=labels).mixture
    np.testing.assert_allclose(mixtura.load(model).means, expected.means, rtol=1e-12)
    told = columns(typed("classify", model, "@iris", "--proba").out)
    assert list(told) == ["class", "probability", *(f"probability_{n}" for n in np.unique(SPECIES))]
    assert (np.array(told["class"]) == SPECIES).mean() > 0.97
    shares = expected.predict_proba(iris().rows)
    np.testing.assert_allclose(np.array(told["probability_setosa"], float), shares[:, 0], atol=1e-9)
    wary = columns(typed("classify", model, "@iris", "--reject", 0.9).out)["class"]
    np.testing.assert_array_equal(np.array(wary) == "", shares.max(axis=1) < 0.9)


def test_classes_own_as_many_components_each(typed, flowers, tmp_path):
    model = tmp_path / "six.safetensors"
    assert typed("fit", flowers, "--label", "species", "-k", 6, "-o", model).code == 0
    stored = mixtura.model.storage.read(model)
    assert stored.training["classes"]["owners"] == [0, 0, 1, 1, 2, 2]
    assert typed("classify", model, "@iris").code == 0


def test_a_saved_classifier_tells_what_it_told(typed, tmp_path):
    rows = np.asarray(iris().rows)
    model = MixtureClassifier((1, 2), structures=("VII", "VVV")).fit(rows, SPECIES)
    path = tmp_path / "model.safetensors"
    mixtura.save(model, path)
    stored = mixtura.model.storage.read(path)
    again = ClassMixture.stored(stored.mixture, stored.training, "model")
    np.testing.assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))
    told = columns(typed("classify", path, "@iris").out)["class"]
    assert told == model.predict(rows).tolist()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("fit", "{flowers}"), 2, "Missing option '-k' / '--components'"),
        (("fit", "{flowers}", "--label", "species", "-k", 4), 2, "-k is 4, expected a multiple"),
        (("fit", "{flowers}", "--label", "kind"), 3, "no column 'kind'"),
        (("fit", "@iris", "--label", "petal_width", "--columns", "petal_width"), 2, "petal_width"),
        (("classify", "{plain}", "@faithful"), 4, "tells no classes"),
        (("classify", "{plain}", "@faithful", "--reject", 2), 2, "--reject"),
    ],
)
def test_what_tells_no_classes_is_refused(typed, flowers, tmp_path, arguments, code, words):
    plain = tmp_path / "plain.safetensors"
    mixtura.save(mixtura.Mixture([1.0], [[3.0, 70.0]], [[[1.0, 0.0], [0.0, 9.0]]]), plain)
    ended = typed(*(str(each).format(flowers=flowers, plain=plain) for each in arguments))
    assert ended.code == code
    assert words in ended.err
