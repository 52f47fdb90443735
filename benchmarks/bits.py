"""Bits of what the library computes and says: one line a case, to hold two builds against another.

    python benchmarks/bits.py > before.txt
    python benchmarks/bits.py --against before.txt

Prints a name, a SHA-256 of its numbers and one of its words, sixteen digits of each, for fits
(structures, sources, threads, options), the other functions, the estimator, the command line, files
and wrong inputs. It asks for nothing but public names, so that it runs on any build. Bits are those
of one machine: other vector instructions give others.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

os.environ.update({"MIXTURA_NUM_THREADS": "1", "SOURCE_DATE_EPOCH": "1", "MPLBACKEND": "agg"})
os.environ.pop("COLUMNS", None)

import bits_commands  # the environment first
import bits_doors
import bits_files
import bits_fits
import bits_wrong
from told import Told, told_of

_PARTS = (bits_fits, bits_doors, bits_files, bits_commands, bits_wrong)


def main() -> int:
    """Print the lines; 1 where some differ from those of a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names, such as 'fit/*/VVE'")
    parser.add_argument("--against", type=Path, metavar="FILE", help="print only what differs")
    parser.add_argument("--show", action="store_true", help="print what is summed up, too")
    parser.add_argument("--slowest", action="store_true", help="print what takes longest, last")
    options = parser.parse_args()
    before = _read(options.against) if options.against else None
    seconds: dict[str, float] = {}
    differ = 0
    for name, told in _told(options.only, seconds):
        line = " ".join(told.digests())
        if before is None:
            print(name, line, flush=True)
        elif before.get(name) != line:
            differ += 1
            print(name, line, f"(was {before.get(name, 'not there')})", flush=True)
        if options.show:
            print(indent("\n".join((*told.bits, *told.words)), "    ", lambda _: True))
    for name in (before or {}).keys() - seconds.keys():
        if fnmatch.fnmatch(name, options.only):
            differ += 1
            print(name, "is gone")
    if options.slowest:
        for name in sorted(seconds, key=seconds.__getitem__)[-20:]:
            print(f"# {seconds[name]:.2f} s {name}", file=sys.stderr)
    return int(differ > 0)


def _told(pattern: str, seconds: dict[str, float]) -> Iterator[tuple[str, Told]]:
    """What each case whose name is asked for tells; it is carried out in a folder of its own."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for part in _PARTS:
                for name, case in part.cases():
                    if name in seconds:
                        raise ValueError(f"two cases are called {name}")
                    if fnmatch.fnmatch(name, pattern):
                        began = time.perf_counter()
                        told = told_of(case)
                        seconds[name] = time.perf_counter() - began
                        yield name, told
        finally:
            os.chdir(before)


def _read(path: Path) -> dict[str, str]:
    """Name -> the two sums."""
    lines = path.read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
