"""Notebook: the door from a value to the page that shows it.

A fit may be asked to show itself; the pages live on a floor above, and are fetched through here.
"""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixtura.fitting import Fit
    from mixtura.fitting.uncertainty import StandardErrors

__all__ = ["Frame", "errors_of", "explored"]


@dataclass(frozen=True, eq=False)
class Frame:
    """A page that a notebook shows in a frame of its own.

    Parameters
    ----------
    page : HTML, whole.
    height : of the frame, pixels.
    """

    page: str
    height: int = 760

    def __repr__(self) -> str:
        return f"Frame({len(self.page.encode()) / 1e3:.0f} kB; save it, or show it in a notebook)"

    def _repr_html_(self) -> str:
        """The frame. What is inside may run its own script and reaches nothing outside."""
        return (
            '<iframe title="Mixture explorer" sandbox="allow-scripts allow-downloads" '
            f'width="100%" height="{self.height}" style="border: 0" '
            f'srcdoc="{html.escape(self.page, quote=True)}"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        OSError : it cannot be written.
        """
        from mixtura.model.files import written_beside

        written_beside(Path(path), self.page.encode("utf-8"))


def explored(
    fit: Fit, X: Any, *, features: Sequence[int | str] | None = None, name: str = ""
) -> Frame:
    """The explorer of a fit; see `mixtura.Fit.explore`."""
    from mixtura.views.explorer import document, explorer_record, replay

    settings = fit.settings
    rows = fit.mixture.rows(X)
    run = replay(rows, settings.n_components, **settings.arguments(), random_state=fit.seed or 0)
    record = explorer_record(
        fit.mixture,
        X,
        run=run,
        same_run=run.is_of(fit.summary()),
        features=features,
        name=name,
        ids=getattr(X, "ids", None),
    )
    return Frame(document(record))


def errors_of(fit: Fit, X: Any, method: str, **more: Any) -> StandardErrors:
    """The standard errors of a fit; see `mixtura.standard_errors`, which fits anew."""
    from mixtura.fitting.uncertainty import standard_errors

    return standard_errors(fit, X, method, **more)
