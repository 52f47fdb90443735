"""The page's own modules, run where there is no page."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mixtura.views.explorer.document import bundled, modules

Asked = Callable[[str, Any], Any]

#: JSON has no typed arrays
_HEAD = """
import { readFileSync } from "node:fs";
const input = JSON.parse(readFileSync(process.argv[2], "utf8"));
const plainly = (key, value) => ArrayBuffer.isView(value) ? [...value] : value;
const answer = (value) => process.stdout.write(JSON.stringify(value, plainly));
const mixtureOf = ({ weights, means, covariances, K, D }) => ({
  K, D,
  weights: Float64Array.from(weights),
  means: Float64Array.from(means),
  covariances: Float64Array.from(covariances),
});
"""


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Runs lines of JavaScript beside the page's modules under Node, and answers with their JSON.

    The lines import as the modules do, read `input`, and say `answer(…)`.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js to run the page's modules: there is no node on the PATH")

    def run(lines: str, data: Any) -> Any:
        script, given = tmp_path / "probe.mjs", tmp_path / "input.json"
        script.write_text(_HEAD + bundled({**modules(), "probe": lines}, "probe"), "utf-8")
        given.write_text(json.dumps(data), "utf-8")
        ended = subprocess.run(
            [node, str(script), str(given)], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run
