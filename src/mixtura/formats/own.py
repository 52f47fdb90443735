"""mixtura's own model files, as one of the formats that a model is written in."""

from __future__ import annotations

from mixtura.model.storage import StoredModel, encoded


def written(stored: StoredModel, _: str) -> bytes:
    """A model file with the mixture, its record, and the threshold that was kept with it."""
    alpha = None if stored.threshold is None else stored.threshold["alpha"]
    return encoded(stored.mixture, stored.training, alpha)
