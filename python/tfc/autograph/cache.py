"""From a code object to its converted code object: once per code object and options, whatever the number of
threads.
"""

import __future__

import ast
import copy
import re
import threading
import types
import weakref
from dataclasses import dataclass

from . import kept_code, source
from .errors import ConversionError
from .options import Options, log, verbosity
from .rewrite import functions, tree

_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag


@dataclass(frozen=True)
class Converted:
    """`code` is what a new function object runs; its free variables are those of the original, and `ag__`."""

    code: types.CodeType


@dataclass(frozen=True)
class Refused:
    reason: str


_lock = threading.RLock()
_results: dict = {}  # id of the code object -> (weak reference to it, {options: Converted or Refused})
_made: dict = {}  # id of a code object that is a result -> weak reference to it


def is_result(code) -> bool:
    """Was this code object made by a conversion?"""
    entry = _made.get(id(code))
    return entry is not None and entry() is code


def lookup(function, options: Options) -> Converted | Refused:
    """The conversion of `function.__code__`, made now if need be."""
    code = function.__code__
    entry = _results.get(id(code))
    if entry is not None and entry[0]() is code:
        result = entry[1].get(options)
        if result is not None:
            return result
    with _lock:
        entry = _results.get(id(code))
        if entry is None or entry[0]() is not code:
            entry = (_weakly(code, _results), {})
            _results[id(code)] = entry
        if options not in entry[1]:
            entry[1][options] = _convert(function, code, options)
        return entry[1][options]


def _weakly(code, table):
    """A reference that takes its entry out of `table` when the code object goes (and its id may be given to
    another).
    """
    key = id(code)
    return weakref.ref(code, lambda reference: table.pop(key, None))


def rewritten(function, options) -> ast.FunctionDef:
    """The syntax tree of the conversion. It is not kept: trees are large."""
    code = function.__code__
    found = source.find(code, function.__globals__)
    node = tree.copy(found.node, found.class_name)
    return functions.convert(node, options, has_class="__class__" in code.co_freevars)


def _convert(function, code, options):
    key = kept_code.key_of(function, code, options) if verbosity() == 0 else None
    found = kept_code.read(key)
    if found is not None:
        _note(found)
        return Converted(found)
    try:
        node = rewritten(function, options)
        result = Converted(_compile(node, code, function.__qualname__))
    except ConversionError as e:
        return Refused(str(e))
    except RecursionError:
        return Refused("the function is nested too deeply")
    missing = set(result.code.co_freevars) - set(code.co_freevars) - {tree.AG}
    if missing:
        return Refused(
            f"its source uses {sorted(missing)} in a way that the running function does not. Was the file "
            f"changed after it was imported?"
        )
    log(1, "Converted %s (%s:%d)", code.co_name, code.co_filename, code.co_firstlineno)
    if verbosity() >= 3:
        log(3, "%s", ast.unparse(node))
    kept_code.write(key, function, result.code)
    return result


def _compile(node, original, qualname):
    """Compiles `node` in a function that supplies its free variables, and takes its code object out."""
    inner = copy.copy(node)
    inner.name = "ag__made"  # its own name would be a local of the factory: a recursive function reads a global
    factory = ast.FunctionDef("ag__factory", tree.no_arguments(tree.AG, *original.co_freevars), [inner], [], None)
    factory.type_params = []
    module = ast.Module([tree.at(factory, node)], [])
    tree.finish(module)
    flags = original.co_flags & _FUTURE
    whole = compile(module, original.co_filename, "exec", flags=flags, dont_inherit=True)
    code = _function_in(_function_in(whole))
    return _named(code, original.co_name, f"ag__factory.<locals>.{inner.name}", qualname)


def _function_in(code):
    return next(c for c in code.co_consts if isinstance(c, types.CodeType))


_MADE = re.compile(r"\.<locals>\.ag__(body|orelse|test|operand_\d+)\b")


def _named(code, name, compiled, qualname):
    """Gives functions that we made inside a user's function its name, so that tracebacks read as if they
    were not there.

    Qualified names begin with `compiled` and get `qualname` in its place.
    """

    def qualified(text):
        return qualname + _MADE.sub("", text[len(compiled) :]) if text.startswith(compiled) else text

    constants = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = constant.co_name
            constant = _named(constant, name if inner.startswith("ag__") else inner, compiled, qualname)
        elif isinstance(constant, str):
            constant = qualified(constant)  # the __qualname__ of a class
        constants.append(constant)
    changes = {"co_consts": tuple(constants), "co_name": name}
    if hasattr(code, "co_qualname"):
        changes["co_qualname"] = qualified(code.co_qualname)
    code = code.replace(**changes)
    _made[id(code)] = _weakly(code, _made)
    return code


def _note(code) -> None:
    """A result of another process, and the functions inside."""
    _made[id(code)] = _weakly(code, _made)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _note(constant)
