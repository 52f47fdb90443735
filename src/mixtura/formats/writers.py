"""The formats that a model is written in, found by the end of a file's name or by their own."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura.errors import ParameterError
from mixtura.loading import loaded
from mixtura.model.storage import StoredModel


@dataclass(frozen=True)
class Writer:
    """A format that a model is written in.

    Parameters
    ----------
    name : what it is asked for by.
    endings : of the names of files that are of it, in small letters.
    home : the module that has its function, which is loaded when it is asked for.
    function : what takes a `StoredModel` and the end of the file's name, and gives bytes.
    told : what is lost, a sentence; empty where nothing is.
    """

    name: str
    endings: tuple[str, ...]
    home: str
    function: str = "written"
    told: str = ""

    def encoded(self, stored: StoredModel, ending: str = "") -> bytes:
        """The bytes of a file with this model.

        Raises
        ------
        ParameterError : the format has no place for it.
        """
        data: bytes = loaded(self.home, self.function)(stored, ending)
        return data


_BARE = "has no place for the names of the features, nor for how the mixture was fitted"
_FLOATS = f"keeps float32, seven digits; it {_BARE}"

_DEPLOYED = "mixtura.formats.deployed"
_SCORES = "scores rows of float32, and is not read back"
_TABLE = "asks the table rows for the features' names, and is not read back"

#: all of them; a new format is a line here, and a function
WRITERS = (
    Writer("mixtura", (".safetensors", ".mixtura"), "mixtura.formats.own"),
    Writer("json", (".json",), "mixtura.formats.plain"),
    Writer("opencv", (".yml", ".yaml", ".xml"), "mixtura.formats.opencv", told=_BARE),
    Writer("kaldi", (".dubm", ".ubm", ".mdl"), "mixtura.formats.kaldi", told=_FLOATS),
    Writer("kaldi-text", (), "mixtura.formats.kaldi", "written_text", _FLOATS),
    Writer("armadillo", (".gmm", ".bin"), "mixtura.formats.armadillo", told=_BARE),
    Writer("R", (".r",), "mixtura.formats.r_script", told="holds every structure as VVV"),
    Writer("onnx", (".onnx",), _DEPLOYED, "written_onnx", _SCORES),
    Writer("sql", (".sql",), _DEPLOYED, "written_duckdb", _TABLE),
    Writer("postgresql", (), _DEPLOYED, "written_postgresql", _TABLE),
)


def writer(ending: str, name: str | None = None) -> Writer:
    """The format of that name, or else of files whose names have that end.

    Raises
    ------
    ParameterError : there is none.
    """
    small = ending.lower()
    for each in WRITERS:
        if (name is None and small in each.endings) or each.name == name:
            return each
    known = ", ".join(each.name for each in WRITERS)
    endings = ", ".join(end for each in WRITERS for end in each.endings)
    asked = (
        f"no format is called {name!r}" if name else f"no format has names that end in {ending!r}"
    )
    raise ParameterError(f"{asked}, expected one of {known}; or an ending of {endings}")
