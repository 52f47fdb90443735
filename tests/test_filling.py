"""A filled class is the dataclass that it was, but for the time that an object takes."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from mixtura.filling import filled


@dataclass(frozen=True)
class _Plain:
    name: str
    sizes: dict[str, int] = field(default_factory=dict)
    length: float = 1.0

    def __post_init__(self) -> None:
        if self.length < 0.0:
            raise ValueError("the length is negative")


@filled
@dataclass(frozen=True)
class _Filled(_Plain):
    pass


def test_it_is_made_by_the_arguments_of_the_dataclass() -> None:
    assert inspect.signature(_Filled) == inspect.signature(_Plain)
    for arguments in (("a",), ("a", {"b": 1}), ("a", {"b": 1}, 2.0)):
        assert repr(_Filled(*arguments)) == repr(_Plain(*arguments)).replace("_Plain", "_Filled")
    assert _Filled(length=2.0, name="a") == _Filled("a", {}, 2.0)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        _Filled()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        _Filled("a", width=1)  # type: ignore[call-arg]


def test_each_object_has_a_default_of_its_own() -> None:
    one, other = _Filled("a"), _Filled("b")
    one.sizes["c"] = 1
    assert other.sizes == {}


def test_its_fields_stay_as_they_are() -> None:
    made = _Filled("a")
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]


def test_it_looks_at_itself_and_is_copied_like_the_dataclass() -> None:
    with pytest.raises(ValueError, match="the length is negative"):
        _Filled("a", length=-1.0)
    with pytest.raises(ValueError, match="the length is negative"):
        replace(_Filled("a"), length=-1.0)
    made = _Filled("a", {"b": 1})
    assert replace(made, name="c") == _Filled("c", {"b": 1})
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_a_field_that_is_no_argument_is_refused() -> None:
    @dataclass(frozen=True)
    class Counted:
        count: int = field(default=0, init=False)

    with pytest.raises(TypeError, match="Counted has a field that is not an argument"):
        filled(Counted)
