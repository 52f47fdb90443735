"""Notebook: the one door from a value up to the page that shows it.

A fit may be asked to show itself; the pages live on a floor above, and are fetched through here, by
name, when they are asked for.
"""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixtura.loading import loaded

if TYPE_CHECKING:
    from mixtura.uncertainty import StandardErrors

__all__ = ["Frame", "StandardErrors", "errors_of", "explored"]


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
    fit: Any, X: Any, *, features: Sequence[int | str] | None = None, name: str = ""
) -> Frame:
    """The explorer of a `mixtura.Fit`; see `mixtura.Fit.explore`."""
    fit_page = loaded("mixtura.views.explorer.record", "fit_page")
    return Frame(fit_page(fit, X, features, name))


def errors_of(fit: Any, X: Any, method: str, **more: Any) -> StandardErrors:
    """The standard errors of a fit; see `mixtura.standard_errors`, which fits anew."""
    standard_errors = loaded("mixtura.uncertainty", "standard_errors")
    errors: StandardErrors = standard_errors(fit, X, method, **more)
    return errors
