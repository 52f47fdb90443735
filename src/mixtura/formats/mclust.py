"""R's mclust: the fits that `saveRDS` and `save` keep of Mclust, densityMclust and MclustDA."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.imported import Imported, ImportedClasses, Model, spread
from mixtura.formats.r_object import LIST, LOGICAL, TEXTS, RObject
from mixtura.formats.r_stream import is_stream, objects_of
from mixtura.model.structures import NAMES

TITLE = "an R file"
_TOOL = "R, mclust"
#: mclust's names for one component, which no letter compares with others
_ONE = {"X": "V", "XII": "VII", "XXI": "VVI", "XXX": "VVV"}
#: what says of an object that it is a mixture of mclust's
_CLASSES = ("MclustDA", "Mclust", "densityMclust")


def knows(data: bytes) -> bool:
    """Whether bytes begin as R's streams do."""
    return is_stream(data)


def models(data: bytes) -> dict[str, Model]:
    """The mixtures in a stream of R's, by the names of the objects; "" where it has none.

    Raises
    ------
    ModelError : it is damaged, or holds no mixture; what it does hold is named.
    """
    objects = objects_of(data)
    inside = {
        f"{name}${each}" if name else each: value
        for name, holder in objects.items()
        if holder.kind == LIST and not holder.classes
        for each, value in _elements(holder)
        if _is_model(value)
    }
    whole = {name: value for name, value in objects.items() if _is_model(value)}
    found = {name: _model(value) for name, value in {**inside, **whole}.items()}
    if not found:
        held = [_article(value.title) for value in objects.values()] or ["no object"]
        named = f"holds {', '.join(held[:6])}" if len(objects) != 1 else f"is {held[0]}"
        raise ModelError(
            f"{named}, expected a mixture: an Mclust, densityMclust or MclustDA that saveRDS or "
            "save wrote"
        )
    return found


def _article(title: str) -> str:
    return "no value (NULL)" if title == "NULL" else f"an R {title}"


def _elements(holder: RObject) -> Iterator[tuple[str, RObject]]:
    """The elements of a list by their names, or by their places."""
    names = holder.names or map(str, range(len(holder.value)))
    yield from zip(names, holder.value, strict=False)


def _is_model(value: RObject) -> bool:
    return any(name in value.classes for name in _CLASSES)


def _model(value: RObject) -> Model:
    kind = value.classes[0]
    if "MclustDA" not in value.classes:
        return _mixture(value, kind, _columns(value.item("data")))
    classes, prior = _needed(value, "models"), _needed(value, "prop")
    if classes.kind != LIST or len(classes.names) != len(classes.value):
        raise ModelError("is damaged: the MclustDA in it has no models by class")
    names = _columns(value.item("data"))
    parts = {
        name: _mixture(each, "Mclust", names)
        for name, each in zip(classes.names, classes.value, strict=True)
    }
    return ImportedClasses(parts, prior.numbers(), _TOOL, kind, _figures(value))


def _mixture(value: RObject, kind: str, names: list[str] | None) -> Imported:
    """One mixture, with the parameters as mclust holds them: features first, components last."""
    parameters = _needed(value, "parameters")
    variance = _needed(parameters, "variance")
    pro, mean = _needed(parameters, "pro").numbers(), _needed(parameters, "mean")
    vinv = parameters.item("Vinv")
    k = len(pro) - (vinv is not None)
    d = mean.shape[0] if len(mean.shape) == 2 else 1
    means = mean.array(d, k).T
    name = _text(value, "modelName")
    structure = _ONE.get(name, name)
    if structure not in NAMES:
        raise ModelError(f"is of mclust's model {name!r}, expected one of its fourteen, or E or V")
    equal = _equal(value)
    note = (
        "fitted with equal proportions: the weights are the mean responsibilities, as mclust keeps "
        "and uses them, and its log-likelihood belongs to equal weights"
    )
    return Imported(
        _TOOL,
        kind,
        pro[:k],
        means,
        _covariances(variance, k, d),
        structure,
        names or _rows(mean),
        None if vinv is None else _background(float(pro[k]), vinv, value, means),
        {"model_name": name, **_figures(value), **({"equal_proportions": True} if equal else {})},
        (note,) if equal else (),
    )


def _covariances(variance: RObject, k: int, d: int) -> Floats:
    """Those of all components, (K, D, D), which one dimension keeps as variances."""
    sigma = variance.item("sigma")
    if sigma is not None:
        return np.moveaxis(sigma.array(d, d, k), 2, 0)
    sigmasq = variance.item("sigmasq")
    if sigmasq is None or d != 1:
        raise ModelError("is damaged: its variance has neither sigma nor sigmasq")
    return np.broadcast_to(sigmasq.numbers(), (k,))[:, None, None]


def _background(weight: float, vinv: RObject, value: RObject, means: Floats) -> Any:
    """Noise of density `Vinv`: its box is about the rows, or about the means without them.

    mclust knows the volume alone; only what is drawn of the noise depends on where its box is.
    """
    data = value.item("data")
    rows = means if data is None else data.numbers().reshape(-1, means.shape[1], order="F")
    rows = rows if len(rows) else means
    density = float(vinv.array(1)[0])
    if not 0.0 < density < math.inf:
        raise ModelError(f"is damaged: its Vinv is {density:g}, expected a density above 0")
    return spread(weight, rows.min(axis=0), rows.max(axis=0), -math.log(density))


def _figures(value: RObject) -> dict[str, Any]:
    """Rows and log-likelihood of the fit, nats, and BIC, of which mclust's has the other sign."""
    said: dict[str, float] = {}
    for key, name, sign in (
        ("n_rows", "n", 1.0),
        ("log_likelihood", "loglik", 1.0),
        ("bic", "bic", -1.0),
    ):
        item = value.item(name)
        if item is not None and item.kind > LOGICAL and item.shape == (1,):
            number = sign * float(item.numbers()[0])
            if math.isfinite(number):
                said[key] = number
    return dict(said)


def _equal(value: RObject) -> bool:
    """Whether the fit took all proportions to be equal, as its settings say."""
    bic = value.item("BIC")
    control = None if bic is None else bic.attribute("control")
    asked = None if control is None else control.item("equalPro")
    return asked is not None and asked.kind == LOGICAL and bool(asked.numbers().any())


def _columns(data: RObject | None) -> list[str] | None:
    """The names of a matrix's columns, or None."""
    return None if data is None else _names(data, 1)


def _rows(mean: RObject) -> list[str] | None:
    """The names of the features beside the means, or None."""
    return _names(mean, 0) if len(mean.shape) == 2 else None


def _names(value: RObject, axis: int) -> list[str] | None:
    both = value.attribute("dimnames")
    if both is None or both.kind != LIST or len(both.value) <= axis:
        return None
    found: RObject = both.value[axis]
    return found.texts if found.kind == TEXTS else None


def _text(value: RObject, name: str) -> str:
    found = _needed(value, name).texts
    return found[0] if found else ""


def _needed(value: RObject, name: str) -> RObject:
    found = value.item(name)
    if found is None:
        raise ModelError(f"is damaged: the object in it lacks {name!r}, which mclust's have")
    return found
