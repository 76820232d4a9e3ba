"""What is converted: the user's own Python functions, not libraries that know nothing of tensors."""

import functools
import os
import sysconfig

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STDLIB = tuple(os.path.abspath(sysconfig.get_path(p)) + os.sep for p in ("stdlib", "platstdlib"))
_SITE = tuple(os.sep + p + os.sep for p in ("site-packages", "dist-packages"))

# Installed packages that run as they are. Others are converted: they may well be libraries of models.
LIBRARIES = frozenset(
    [
        "IPython",
        "PIL",
        "_pytest",
        "absl",
        "attr",
        "attrs",
        "cloudpickle",
        "dill",
        "h5py",
        "hypothesis",
        "ipykernel",
        "jax",
        "jaxlib",
        "llvmlite",
        "matplotlib",
        "ml_dtypes",
        "mlir",
        "mock",
        "numba",
        "numpy",
        "pandas",
        "pdbpp",
        "pkg_resources",
        "pluggy",
        "psutil",
        "pybind11",
        "pytest",
        "requests",
        "rich",
        "safetensors",
        "scipy",
        "setuptools",
        "six",
        "sklearn",
        "sympy",
        "tensorflow",
        "torch",
        "tqdm",
        "triton",
        "typing_extensions",
        "urllib3",
        "wrapt",
        "yaml",
    ]
)


@functools.cache
def is_library(filename: str) -> bool:
    """Is this file part of tfc, of Python itself, or of a library that is run as it is?"""
    if filename.startswith("<frozen"):
        return True
    path = os.path.abspath(filename)
    if path.startswith(_PACKAGE):
        return True
    for site in _SITE:
        if site in path:
            top = path.rpartition(site)[2].split(os.sep)[0]
            return top.removesuffix(".py") in LIBRARIES
    return path.startswith(_STDLIB)
