"""The site of guide and reference: `make docs` builds it in build/site."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mixtura.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))
os.environ["COLUMNS"] = "80"  # what the commands' help is wrapped to

project = "mixtura"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "docstrings", "elsewhere"]
exclude_patterns = ["extensions"]

myst_heading_anchors = 3
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Floats", "Integers", "Rows")}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"mixtura {release}"
html_copy_source = False
html_show_sourcelink = False
# An excerpt is fetched, which a browser refuses to do from a folder.
html_show_search_summary = False
