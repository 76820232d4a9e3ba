"""Imports point down: the room list of docs/architecture.md, checked over the syntax trees. Files of a C++ room share no names."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "python" / "tfc"
LIBRARY, INCLUDED = ROOT.parents[1] / "lib", ROOT.parents[1] / "include" / "tfc"

# Bottom to top. A room may import the rooms of its own row, `_native` and what is outside the package.
# Only `ir` and `compiler` may import MLIR or `_compiler`.
MAY_IMPORT = {
    "errors": set(),
    "dtypes": {"errors"},
    "config": {"errors"},
    "commands": set(),
    "ir": {"dtypes", "errors", "config"},
    "core": {"dtypes", "errors", "config"},
    "ops": {"core", "dtypes", "errors", "config"},
    "tensor": {"ops", "core", "dtypes", "errors", "config"},
    # The array API standard over tensors.
    "array_api": {"ops", "core", "dtypes", "errors", "config"},
    "autodiff": {"core", "ops", "dtypes", "errors"},
    "autograph": {"core", "ops", "dtypes", "errors", "config"},
    "state": {"tensor", "ops", "core", "dtypes", "errors", "config"},
    # Matrices by their structure (`tf.linalg.LinearOperator*`).
    "linear_operators": {"state", "tensor", "ops", "core", "dtypes", "errors"},
    "optimizers": {"state", "autodiff", "ops", "core", "dtypes", "errors"},
    "tracing": {"ir", "core", "ops", "tensor", "state", "autodiff", "dtypes", "errors", "config"},
    "compiler": {"ir", "config", "errors", "dtypes"},
    "runtime": {"dtypes", "config", "errors"},
    "profiler": {"compiler", "runtime", "config", "errors"},
    "function": {
        "tracing", "autograph", "autodiff", "compiler", "runtime", "state", "tensor", "ops", "core", "ir",
        "dtypes", "config", "errors",
    },
    # A traced function on many rows at once (`tf.vectorized_map`).
    "batching": {"tracing", "autograph", "ops", "core", "ir", "dtypes", "errors"},
    # Datasets: functions of elements are traced functions.
    "data": {"function", "tracing", "autodiff", "state", "ops", "core", "dtypes", "config", "errors"},
    "checkpoint": {"state", "ops", "core", "dtypes", "errors"},
    "saved_model": {
        "checkpoint", "function", "tracing", "compiler", "state", "ops", "core", "ir", "dtypes", "errors",
    },
    # The namespaces of `tf`: modules that only re-export.
    "api": {"linear_operators", "tensor", "ops", "core", "dtypes", "errors", "config", "autodiff", "state", "function", "checkpoint"},
    # `tf.experimental`: numpy's functions, and types of users.
    "experimental": {"data", "api", "function", "tracing", "state", "tensor", "ops", "core", "dtypes", "errors", "config"},
    "export": {
        "saved_model", "checkpoint", "function", "tracing", "compiler", "runtime", "state", "ops", "core", "ir", "dtypes", "errors",
        "config", "commands",
    },
}  # fmt: skip
MLIR_ROOMS = {"ir", "compiler"}


def imports(path, here):
    """(line, absolute module, is it inside a function?) for every import of a file."""
    package = ["tfc", *path.relative_to(ROOT).parent.parts]
    inside = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inside |= {id(child) for child in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            if module == "tfc":
                for alias in node.names:
                    yield node.lineno, f"tfc.{alias.name}", id(node) in inside
            else:
                yield node.lineno, module, id(node) in inside


def violations():
    for path in sorted(ROOT.rglob("*.py")):
        here = path.relative_to(ROOT).with_suffix("").parts[0]
        if here in ("__init__", "__main__"):
            continue
        if here not in MAY_IMPORT:
            yield f"{path}: room {here} is not in the list"
            continue
        for line, module, local in imports(path, here):
            parts = module.split(".")
            where = f"{path.relative_to(ROOT)}:{line}"
            if parts[0] == "mlir" or parts[:2] == ["tfc", "_compiler"]:
                if here not in MLIR_ROOMS:
                    yield f"{where}: only {sorted(MLIR_ROOMS)} may import {module}"
            elif parts[0] == "tfc" and len(parts) > 1 and parts[1] != "_native":
                if parts[1] != here and parts[1] not in MAY_IMPORT[here]:
                    yield f"{where}: {here} may not import {module}"
                if local:
                    yield f"{where}: import {module} at the top of the file"


def test_imports_point_down():
    bad = list(violations())
    assert not bad, "\n".join(bad)


def test_rooms_have_no_cycle():
    order = list(MAY_IMPORT)
    done = set()
    while order:
        ready = [room for room in order if MAY_IMPORT[room] <= done]
        assert ready, f"these rooms import each other: {order}"
        done |= set(ready)
        order = [room for room in order if room not in done]


# What only its file may see, `static` or in a namespace without a name, and what headers declare, at the start of a line.
STATIC = re.compile(r"^(?:template <.*> )?static (?:[\w:<>,&*() ]+[ &*>])?(\w+)(?:\[\w*\])?(?:\(| =|;|\{)", re.M)
CONSTANTS = re.compile(r"^static const(?:expr)? [^;]*;", re.M)
NAMELESS = re.compile(r"^namespace \{$(.*?)^\} // namespace$", re.M | re.S)
DECLARED = re.compile(
    r"^(?:template <.*>\s)?(?:(?:struct|class|enum class|enum|using) (\w+)\b|[A-Za-z][\w:<>,&* ]*[ &*>](\w+)(?:\(| =|;|\{))",
    re.M,
)


def declared_names(text):
    return {name or other for name, other in DECLARED.findall(text)}


def own_names(text):
    constants = (name for said in CONSTANTS.findall(text) for name in re.findall(r"(\w+) =", said))
    return {
        *constants,
        *STATIC.findall(text),
        *(name for block in NAMELESS.findall(text) for name in declared_names(block)),
    }


def test_a_name_of_one_file_means_nothing_in_another_of_its_room():
    """A package compiles several files of a room as one (`TFC_UNITY`)."""
    twice = []
    for room in sorted({path.parent for path in LIBRARY.rglob("*.cpp")}):
        headers = [*room.glob("*.h"), *(INCLUDED / room.relative_to(LIBRARY)).glob("*.h")]
        places = {name: [path.name] for path in headers for name in declared_names(path.read_text())}
        for path in sorted(room.glob("*.cpp")):
            for name in sorted(own_names(path.read_text())):
                places.setdefault(name, []).append(path.name)
                if len(places[name]) > 1:
                    twice.append(f"{room.name}: {name} is in {' and '.join(places[name])}")
    assert not twice, "\n".join(twice)
