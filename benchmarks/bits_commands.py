"""Commands: what each prints, writes and ends with, carried out in this process."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bits_files import header_of
from bits_rows import written
from told import lasting

__all__ = ["cases", "command"]

Case = tuple[str, Callable[[], Any]]

#: command lines by name; those before, in this order, have written what later ones read
_LINES = {
    "fit": "fit 240-rows.csv -k 3",
    "fit-json": "fit 240-rows.csv -k 3 --json",
    "fit-output": "fit 240-rows.csv -k 3 -o m.safetensors --force",
    "fit-noise": "fit 240-rows.csv -k 3 --structure VVE --noise -o noise.safetensors --force",
    "fit-volume": "fit 240-rows.csv -k 2 --noise 4000 --json",
    "fit-prior": "fit 240-rows.parquet -k 3 --prior -o prior.safetensors --force",
    "fit-equal": "fit 240-rows.npy -k 3 --equal-weights --structure diag --seed 4",
    "fit-columns": "fit 240-weighted.csv -k 2 --columns mass,height --weights count --id age",
    "fit-options": "fit 240-rows.csv -k 3 --start kmeans --tol 1e-5 --reg-covar 1e-3 "
    "--no-accelerate --max-iter 200 --n-init 2 --verbose",
    "fit-few": "fit 240-rows.csv -k 3 --max-iter 2",
    "fit-strict": "fit 240-rows.csv -k 3 --max-iter 2 --strict",
    "fit-stream": "fit 240-parts -k 3 --columns height,mass,age --weights count --json",
    "fit-glob": "fit '240-parts/*.parquet' -k 2 --columns height,mass --quiet",
    "fit-packed": "fit 240-rows.csv.gz -k 3 --structure EEV",
    "fit-checkpoint": "fit 240-rows.csv -k 3 --max-iter 5 --start kmeans --checkpoint c.ckpt",
    "fit-resume": "fit 240-rows.csv -k 3 --max-iter 5 --start kmeans --checkpoint c.ckpt --resume",
    "fit-again": "fit 240-rows.csv -k 3 --max-iter 9 --start kmeans --checkpoint c.ckpt --resume",
    "fit-one": "fit @galaxies -k 3 --structure V -o one.safetensors --force",
    "fit-stdin": "fit - -k 2",
    "fit-bad": "fit bad.csv -k 1 --on-bad-row report --columns a,b",
    "fit-bad-error": "fit bad.csv -k 1 --columns a,b",
    "fit-dask": "fit 240-rows.parquet -k 2 --dask --structure tied",
    "select": "select 240-rows.csv -k 1:3 --structures EEE,VVV,VII",
    "select-json": "select 240-rows.csv -k 1,3 --structures EEE,VVI --criterion icl --json",
    "select-csv": "select 240-rows.csv -k 1:3 --structures EEE,VVV --sign mclust --csv",
    "select-output": "select 240-rows.csv -k 2:3 --structures EEI -o s.safetensors --force --noise",
    "select-cv": "select @galaxies -k 1:3 --criterion cv --folds 4 --structures E,V --jobs 2",
    "show": "show m.safetensors",
    "show-json": "show m.safetensors --json",
    "show-noise": "show noise.safetensors",
    "show-prior": "show prior.safetensors --json",
    "show-intervals": "show m.safetensors 240-rows.csv --intervals --level 0.9",
    "show-intervals-json": "show m.safetensors 240-rows.csv --intervals --json",
    "show-checkpoint": "show c.ckpt",
    "show-checkpoint-json": "show c.ckpt --json",
    "score": "score m.safetensors 240-rows.csv",
    "score-json": "score noise.safetensors 240-rows.csv --json",
    "score-csv": "score m.safetensors 240-rows.parquet -o out.csv --force",
    "score-npy": "score m.safetensors 240-rows.csv -o out.npy --force",
    "score-parquet": "score m.safetensors 240-parts -o out.parquet --force",
    "score-keep": "score few.safetensors bad.csv --on-bad-row keep --id name --columns a,b",
    "score-skip": "score few.safetensors bad.csv --on-bad-row skip --columns a,b --json",
    "predict": "predict m.safetensors 240-rows.csv",
    "predict-proba": "predict noise.safetensors 240-rows.csv --proba",
    "predict-stream": "predict noise.safetensors '240-parts/*.parquet' --proba --json",
    "sample": "sample m.safetensors -n 20 --seed 1 --labels",
    "sample-json": "sample noise.safetensors -n 20 --by-component --labels --json",
    "sample-npy": "sample m.safetensors -n 20 -o out.npy --force",
    "explain": "explain m.safetensors 240-rows.csv --row 5 --row 6",
    "explain-noise": "explain noise.safetensors 240-rows.csv --worst 1",
    "explain-json": "explain noise.safetensors 240-rows.csv --row 3 --json",
    "report-text": "report m.safetensors 240-rows.csv --text --worst 2",
    "report-json": "report noise.safetensors 240-rows.csv --json",
    "report-page": "report prior.safetensors 240-rows.csv -o r.html --force --compare sklearn",
    "plot-svg": "plot m.safetensors 240-rows.csv --features height,age -o p.svg --force",
    "plot-trace": "plot m.safetensors --kind trace -o p.svg --force",
    "plot-noise": "plot noise.safetensors 240-rows.csv --kind pairs -o p.svg --force",
    "plot-one": "plot one.safetensors @galaxies -o p.svg --force",
    "plot-explanation": "plot noise.safetensors 240-rows.csv --kind explanation -o p.svg --force",
    "plot-calibration": "plot m.safetensors 240-rows.csv --kind calibration -o p.svg --force",
    "plot-shares": "plot noise.safetensors 240-rows.csv --kind responsibilities -o p.svg --force",
    "plot-selection": "plot s.json --kind selection -o p.svg --force",
    "explore": "explore m.safetensors 240-rows.csv -o x.html --force",
    "explore-fit": "explore @faithful -k 2 --structure EEE -o x.html --force",
    "generate": "generate blobs -n 20 --labels --seed 3",
    "generate-mixture": "generate mixture -n 20 -d 3 -k 2 --separation 4 -o g.csv --force",
    "validate": "validate m.safetensors 240-rows.csv --rows 5",
    "validate-json": "validate noise.safetensors 240-rows.csv --rows 3 --json",
    "version": "--version",
}
#: command lines that end in an error
_WRONG = (
    "fit",
    "fit 240-rows.csv",
    "fit 240-rows.csv -k none",
    "fit 240-rows.csv -k 0",
    "fit 240-rows.csv -k 1000",
    "fit nowhere.csv -k 2",
    "fit @nothing -k 2",
    "fit 240-rows.csv -k 2 --structure XYZ",
    "fit 240-rows.csv -k 2 --start best",
    "fit 240-rows.csv -k 2 --tol soon",
    "fit 240-rows.csv -k 2 --tol -1",
    "fit 240-rows.csv -k 2 --reg-covar -1",
    "fit 240-rows.csv -k 2 --max-iter -1",
    "fit 240-rows.csv -k 2 --n-init 0",
    "fit 240-rows.csv -k 2 --noise 0",
    "fit 240-rows.csv -k 2 --noise 1",
    "fit 240-rows.csv -k 2 --columns height,nothing",
    "fit 240-rows.csv -k 2 --weights nothing",
    "fit 240-rows.csv -k 2 --weights mass",
    "fit 240-rows.csv -k 2 --every 2",
    "fit 240-rows.csv -k 2 --resume",
    "fit 240-rows.csv -k 4 --start kmeans --checkpoint c.ckpt --resume",
    "fit 240-rows.npy -k 3 --start kmeans --checkpoint c.ckpt --resume",
    "fit 240-rows.csv -k 3 --start kmeans --checkpoint c.ckpt",
    "fit 240-rows.csv -k 3 --reg-covar 0 --structure VVV --columns age,age",
    "fit 240-rows.csv -k 2 -o m.safetensors",
    "fit 240-rows.csv -k 2 -o 240-rows.csv --force",
    "fit 240-rows.csv -k 2 -o nowhere/m.safetensors",
    "fit 240-rows.csv -k 2 --scheduler nowhere",
    "select 240-rows.csv -k 3:1",
    "select 240-rows.csv --criterion best",
    "select 240-rows.csv --structures EEE,QQQ",
    "select 240-rows.csv -k 2 --folds 1 --criterion cv",
    "show 240-rows.csv",
    "show nowhere.safetensors",
    "show m.safetensors --intervals",
    "show noise.safetensors 240-rows.csv --intervals",
    "show m.safetensors 240-rows.csv --intervals --level 2",
    "score m.safetensors @faithful",
    "score m.safetensors bad.csv",
    "score c.ckpt 240-rows.csv",
    "predict m.safetensors 240-rows.csv -o out.xyz",
    "sample m.safetensors -n 0",
    "explain m.safetensors 240-rows.csv --row 999",
    "plot m.safetensors 240-rows.csv --kind nothing -o p.svg",
    "plot m.safetensors --kind pairs",
    "plot m.safetensors 240-rows.csv --features height,nothing -o p.svg --force",
    "plot m.safetensors --kind calibration -o p.svg --force",
    "report m.safetensors",
    "explore noise.safetensors 240-rows.csv -o x.html --force",
    "generate squares",
    "validate m.safetensors 240-rows.csv --rows 0",
    "nothing",
    "ftt",
)
_COMMANDS = (
    *("completion", "demo", "explain", "explore", "fit", "generate", "help", "plot", "predict"),
    *("report", "sample", "score", "select", "show", "validate"),
)
_OUTPUT = re.compile(r"-o (\S+)")


def cases() -> Iterator[Case]:
    """All command lines, and the help of each command."""
    for name, line in _LINES.items():
        yield f"command/{name}", partial(command, line)
    for line in _WRONG:
        yield f"command/wrong/{line.replace(' ', '_')}", partial(command, line)
    for name in ("", *_COMMANDS):
        yield f"command/help/{name or 'all'}", partial(command, f"{name} --help")


@cache
def _prepared() -> None:
    """The files that the command lines read, whichever of them are asked for."""
    for name in ("rows.csv", "rows.parquet", "rows.npy", "rows.csv.gz", "weighted.csv", "parts"):
        written(name)
    Path("bad.csv").write_text("a,b,name\n1,2,x\n3,,y\nnan,5,z\n7,8,w\n2,2,v\n", "utf-8")
    Path("few.csv").write_text("a,b\n1,2\n2,1\n3,4\n5,3\n", "utf-8")
    for name in ("fit-output", "fit-noise", "fit-prior", "fit-one", "fit-checkpoint"):
        _carried_out(_LINES[name])
    Path("c.ckpt").rename("kept.ckpt")
    _carried_out("fit few.csv -k 1 --structure VVI -o few.safetensors --force")
    out = _carried_out("select 240-rows.csv -k 1:3 --structures EEE,VVV --json")[1]
    Path("s.json").write_text(out, "utf-8")


def command(line: str) -> Any:
    """How a command line ends, what it prints, and what it writes."""
    _prepared()
    if "c.ckpt" in line:
        for left in Path().glob("c.ckpt*"):
            left.unlink()
        if line != _LINES["fit-checkpoint"]:
            Path("c.ckpt").write_bytes(Path("kept.ckpt").read_bytes())
    code, out, err = _carried_out(line)
    name = _OUTPUT.search(line)
    wrote = _read(Path(name[1])) if name and code == 0 else None
    said = [json.loads(out)] if out.startswith("{") and out.count("\n{") == 0 else out
    if "--csv" in line:  # the last column is the time that each candidate took
        said = [row.rpartition(",")[0] for row in out.splitlines()]
    return {"code": code, "out": said, "err": err, "wrote": wrote}


def _carried_out(line: str) -> tuple[int, str, str]:
    """The exit code, the standard output and the standard error."""
    (found,) = entry_points(group="console_scripts", name="mixtura")
    run = found.load()
    out, err, given = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(3))
    given.buffer.write(Path("few.csv").read_bytes() if Path("few.csv").exists() else b"")
    given.seek(0)
    before = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["mixtura", *shlex.split(line)], given
    code: Any = None
    try:
        with redirect_stdout(out), redirect_stderr(err):
            run()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.argv, sys.stdin = before
    for stream in (out, err):
        stream.flush()
    texts = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]
    return code, *texts


def _read(path: Path) -> Any:
    """What is in a file that a command wrote."""
    if path.suffix == ".safetensors":
        return header_of(path, "mixtura")
    if path.suffix in (".npy", ".parquet"):
        return path.read_bytes()
    return lasting(path.read_text("utf-8"))
