"""All claims one after the other, the bars they have to meet, and the pictures."""

from __future__ import annotations

from pathlib import Path

import float32_rows
import per_iteration
import scaling
import score_samples
import threads
import whole_fits
from bars import judged
from claim import run
from machine import machine
from picture import draw_per_iteration, draw_scaling
from table import Table


def _finish(tables: list[Table], folder: Path) -> None:
    """Judge, and draw."""
    verdict = judged(tables)
    print("\n" + verdict.markdown(), flush=True)
    verdict.write(folder)
    rows = {table.name: table.rows for table in tables}
    about = machine()
    caption = f"{about['processor']}, {about['cores']} cores, {about['system']}"
    draw_per_iteration(rows["per_iteration"], caption, folder / "per_iteration.png")
    draw_scaling(rows["scaling"], caption, folder / "scaling.png")


if __name__ == "__main__":
    run(
        per_iteration.measure,
        whole_fits.measure,
        score_samples.measure,
        float32_rows.measure,
        threads.measure,
        scaling.measure,
        after=_finish,
    )
