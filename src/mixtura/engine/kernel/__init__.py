"""The only door to the arithmetic of a pass.

A kernel is a module with the functions of `mixtura.engine.kernel.reference`; that one, in NumPy,
is the specification. `mixtura.engine.kernel.native` has them compiled, and besides `climb`,
`ascend`, `cell_passes`, `em_run`, `race`, `swap`, `search`, `log_ratio`, `far_apart`, `lloyd`,
`first_m_step` and `fit_groups`, which are None of the reference.

Rows may have errors of their own, which is a field of a block: `measured` finds it, for those of
the functions that take blocks and not rows alone.

``MIXTURA_KERNEL`` chooses one, ``native`` or ``reference``; without it the native one is taken
where it is installed. ``MIXTURA_SIMD`` holds the native one to ``baseline``, ``avx2``,
``avx512`` or ``neon`` instructions instead of the widest that the machine has.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mixtura.engine.kernel import measured
from mixtura.engine.kernel.measured import *  # noqa: F403
from mixtura.errors import ParameterError

if TYPE_CHECKING:  # the types of what `use` puts here, of the specification: each stands there once
    from mixtura.engine.kernel.reference import *  # type: ignore[assignment]  # noqa: F403

__all__ = [  # noqa: F405
    "accumulate",
    "ascend",
    "assign",
    "below_floor",
    "cell_passes",
    "choleskys",
    "classification_likelihood",
    "climb",
    "describe",
    "em_run",
    "far_apart",
    "first_m_step",
    "fit_groups",
    "hamerly_step",
    "invert_lower",
    "labels",
    "leading",
    "lloyd",
    "log_joint",
    "log_likelihood",
    "log_posterior",
    "log_ratio",
    "moments",
    "native_is_installed",
    "posterior",
    "potentials",
    "race",
    "raised_to_floor",
    "sample_clusterings",
    "search",
    "squared_distances",
    "swap",
    "true_values",
    "use",
]

#: what is taken of a kernel as it is
_FUNCTIONS = set(__all__) - {"native_is_installed", "use", *measured.__all__}


def use(name: str) -> None:
    """Compute with the kernel called `name` from now on: ``native`` or ``reference``.

    Raises
    ------
    ParameterError : there is none of that name, or it is not installed.
    """
    if name not in ("native", "reference"):
        raise ParameterError(
            f"there is no kernel {name!r}, expected native or reference: set MIXTURA_KERNEL to one "
            "of them, or unset it"
        )
    if name == "native" and not native_is_installed():
        raise ParameterError(
            "the native kernel is asked for, and this installation of mixtura was made without "
            "it: reinstall with MIXTURA_PURE_PYTHON unset, or set MIXTURA_KERNEL=reference"
        )
    kernel = import_module(f"mixtura.engine.kernel.{name}")
    globals().update({function: getattr(kernel, function) for function in _FUNCTIONS})
    noisy = "native_deconvolution" if name == "native" else "deconvolution"
    measured.use(kernel, import_module(f"mixtura.engine.kernel.{noisy}"))


def native_is_installed() -> bool:
    """Whether the compiled kernel was built into this installation."""
    return find_spec("mixtura.engine.kernel._native") is not None


use(os.environ.get("MIXTURA_KERNEL") or ("native" if native_is_installed() else "reference"))
