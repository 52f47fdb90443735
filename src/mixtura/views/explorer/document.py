"""Document: the explorer's page, its modules of JavaScript bundled into one script.

A page without a server cannot import: from a file, a browser loads no second module. Each module
becomes a function that returns what it exports, and an import takes it from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mixtura.views.page import embedded, filled, policy, source_hash

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)


def document(record: Mapping[str, Any]) -> str:
    """The page of a record that `explorer_record` made, whole: HTML.

    Its policy allows the two texts that it carries, by their hashes, and nothing else.

    Notes
    -----
    About 60 kB, and the record: 22 bytes a row drawn of two features.
    """
    page, style, script = _parts()
    allowed = policy(script=f"'{source_hash(script)}'", style=f"'{source_hash(style)}'")
    own = {"policy": allowed, "style": style, "script": script}
    return filled(page, own, {"data": embedded(record)})


@cache
def _parts() -> tuple[str, str, str]:
    """The skeleton, the style and the script, as they are in the package."""
    folder = files("mixtura.views.explorer") / "page"
    page, style = ((folder / name).read_text("utf-8") for name in ("skeleton.html", "style.css"))
    return page, style.strip(), bundled(modules(), "main")


def modules() -> dict[str, str]:
    """The page's modules of JavaScript, name -> text."""
    folder = files("mixtura.views.explorer") / "page"
    return {
        file.name.removesuffix(".js"): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".js")
    }


def bundled(sources: Mapping[str, str], main: str) -> str:
    """One module that does what `main` does.

    Parameters
    ----------
    sources : name -> text of each module. An import stands on one line or several and names what it
        takes, ``import { a, b } from "./name.js";``; an export stands before what it exports.
    main : the name of the module to run.

    Raises
    ------
    ValueError : two modules import each other, or one is missing.

    Examples
    --------
    >>> print(bundled({"a": "export const one = 1;", "b": 'import { one } from "./a.js";'}, "b"))
    const $a = (() => {
    const one = 1;
    return { one };
    })();
    {
    const { one } = $a;
    }
    """
    order = _ordered(sources, main)
    parts = [_wrapped(name, sources[name]) for name in order[:-1]]
    return "\n".join([*parts, f"{{\n{_body(sources[main])[0]}\n}}"])


def _ordered(sources: Mapping[str, str], main: str) -> list[str]:
    """The modules, each after those that it imports."""
    order: list[str] = []

    def visit(name: str, on_the_way: tuple[str, ...]) -> None:
        if name in on_the_way:
            raise ValueError(f"modules import each other: {' -> '.join([*on_the_way, name])}")
        if name in order:
            return
        if name not in sources:
            raise ValueError(f"{on_the_way[-1]}.js imports {name}.js, which is not there")
        for match in _IMPORT.finditer(sources[name]):
            visit(match[2], (*on_the_way, name))
        order.append(name)

    visit(main, ())
    return order


def _wrapped(name: str, source: str) -> str:
    body, exported = _body(source)
    return f"const ${name} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _body(source: str) -> tuple[str, list[str]]:
    exported = [match[2] for match in _EXPORT.finditer(source)]
    body = _EXPORT.sub(r"\1 \2", source)
    body = _IMPORT.sub(lambda m: f"const {{{m[1]}}} = ${m[2]};", body)
    return body.strip(), exported
