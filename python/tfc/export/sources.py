"""What a command line names: functions of a Python file, an MLIR file, a saved model."""

from __future__ import annotations

import re
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

from tfc.errors import InvalidArgumentError, page
from tfc.export.bytecode import reread
from tfc.export.naming import identifier
from tfc.export.program import methods_of
from tfc.export.specs import parse_arguments
from tfc.function import ConcreteFunction, PolymorphicFunction, function
from tfc.ir import BYTECODE, BuildError, location_text, parse_module, verify
from tfc.saved_model import contains_saved_model, load
from tfc.saved_model.signatures import SignatureFunction
from tfc.state import Module

_SOURCE = re.compile(
    r"(?:(?P<entry>[A-Za-z_]\w*)=)?(?P<path>[^:(]+)(?::(?P<name>[\w.]+))?(?:\((?P<arguments>.*)\))?", re.S
)


@dataclass(frozen=True)
class Source:
    """`[ENTRY=]PATH[:NAME[(ARGUMENTS)]]` taken apart."""

    entry: str | None
    path: Path
    name: str | None
    arguments: str | None


def parse_source(text: str) -> Source:
    match = _SOURCE.fullmatch(text)
    if match is None or not match["path"]:
        raise ValueError(
            page(
                f"cannot read {text!r}", want="FILE.py:NAME, FILE.py:NAME(float32[4], n=2), FILE.mlir or a saved model"
            )
        )
    return Source(match["entry"], Path(match["path"]), match["name"], match["arguments"])


class Sources:
    """Loads each file once. `specs`: (positional, keywords) for functions without arguments of their own."""

    def __init__(self, specs: tuple[list, dict]):
        self._specs = specs
        self._loaded: dict[Path, object] = {}

    def functions(self, source: Source) -> dict:
        """Entry names and concrete functions of a source."""
        if source.path.is_dir():
            holder = self._saved_model(source.path)
            if source.name is None:
                return methods_of(holder)
            return self._one(source, source.name, self._part(holder, source))
        if source.name is None:
            raise ValueError(page(f"cannot read {str(source.path)!r}", want="FILE.py:NAME", got=str(source.path)))
        head, *rest = source.name.split(".")
        names = self._module(source.path)
        if head not in names:
            known = sorted(
                k for k, v in names.items() if isinstance(v, (PolymorphicFunction, ConcreteFunction, Module))
            )
            raise ValueError(
                page(f"{source.path} does not define {head!r}", want=", ".join(known) or "a tf.function", got=head)
            )
        found = names[head]
        for attribute in rest:
            if isinstance(found, type):
                found = self._instance(found)
                names[head] = found
            if not hasattr(found, attribute):
                raise ValueError(page(f"{found!r} has no attribute {attribute!r}", got=source.name))
            found = getattr(found, attribute)
        if isinstance(found, type) and issubclass(found, Module):
            found = self._instance(found)
        if isinstance(found, Module):
            call = vars(type(found)).get("__call__")
            if isinstance(call, PolymorphicFunction) and (source.arguments is not None or any(self._specs)):
                return self._one(source, "call", call.__get__(found, type(found)))
            return self._methods(source, found)
        return self._one(source, rest[-1] if rest else head, found)

    def _methods(self, source, module) -> dict:
        found = methods_of(module)
        if not found:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"{source.name} has no function to compile",
                    want="methods that are tf.functions with an input_signature",
                    fix=f"name them: {source.path}:{source.name}.METHOD(float32[4])",
                ),
            )
        return found

    def _one(self, source: Source, name: str, found) -> dict:
        name = source.entry or identifier("call" if name == "__call__" else name)
        args, kwargs = self._specs if source.arguments is None else parse_arguments(source.arguments)
        return {name: _concrete(name, found, args, kwargs)}

    def _part(self, holder, source):
        signatures = getattr(holder, "signatures", {})
        if source.name in signatures:
            return signatures[source.name]
        found = holder
        for attribute in source.name.split("."):
            if not hasattr(found, attribute):
                raise ValueError(
                    page(f"{source.path} has no function {source.name!r}", want=", ".join(methods_of(holder)))
                )
            found = getattr(found, attribute)
        return found

    def _instance(self, kind):
        try:
            return kind()
        except TypeError as e:
            raise TypeError(page(f"{kind.__name__} cannot be made: {e}", fix="name an object, not a class")) from None

    def _module(self, path: Path) -> dict:
        if path not in self._loaded:
            if not path.is_file():
                raise FileNotFoundError(page(f"there is no file {path}", got=str(path)))
            folder = str(path.resolve().parent)
            if folder not in sys.path:
                sys.path.insert(0, folder)
            self._loaded[path] = runpy.run_path(str(path))
        return self._loaded[path]

    def _saved_model(self, path: Path):
        if path not in self._loaded:
            if not contains_saved_model(path):
                raise FileNotFoundError(
                    page(f"{path} is a folder without a saved model", want="what tf.saved_model.save wrote")
                )
            self._loaded[path] = load(path)
        return self._loaded[path]


def _concrete(name: str, found, args: list, kwargs: dict) -> ConcreteFunction:
    if isinstance(found, SignatureFunction):
        found = found._concrete
    if isinstance(found, ConcreteFunction):
        return found
    if not isinstance(found, PolymorphicFunction):
        if not callable(found):
            raise TypeError(page(f"{name} is not a function", got=repr(found)))
        found = function(found)
    if found.input_signature is not None:
        if args or kwargs:
            raise ValueError(
                page(f"{name} has an input_signature: it says what the arguments are", fix="leave the specs out")
            )
        return found.get_concrete_function()
    if not args and not kwargs and len(found._concretes) == 1:
        return next(iter(found._concretes.values()))
    try:
        return found.get_concrete_function(*args, **kwargs)
    except TypeError as e:
        raise TypeError(
            page(f"{name}: {e}", fix="give a spec for each argument: --spec, or NAME(float32[4], ...)")
        ) from None


def read_mlir(path: Path):
    """The module of an MLIR file, text or bytecode, verified."""
    if not path.is_file():
        raise FileNotFoundError(page(f"there is no file {path}", got=str(path)))
    content = path.read_bytes()
    try:
        module = parse_module(reread(content, str(path)) if content.startswith(BYTECODE) else content.decode())
        verify(module)
    except BuildError as e:
        raise ValueError(
            page(f"{path} is no module of the tfc dialect: {e}", where=location_text(e.location))
        ) from None
    except UnicodeDecodeError:
        raise ValueError(page(f"{path} is neither MLIR text nor MLIR bytecode")) from None
    return module
