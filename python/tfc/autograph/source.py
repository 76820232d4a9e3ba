"""Finds the syntax tree of a function from its code object.

The whole file is parsed once; positions then need no correction. Lines
come from `linecache`, so that cells of notebooks and of new interactive interpreters work as files do.
"""

import ast
import linecache
import marshal
import os
import sys
import threading
from dataclasses import dataclass

from .errors import ConversionError
from .rewrite.tree import children

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_lock = threading.Lock()
_files: dict = {}  # file name -> (its lines, their syntax tree)


@dataclass(frozen=True)
class Found:
    node: ast.AST
    class_name: str | None  # the innermost class around, for private names


def find(code, module_globals=None) -> Found:
    """The FunctionDef or Lambda that `code` was compiled from. ConversionError says why there is none."""
    for attempt in range(2):
        lines = _lines(code.co_filename, module_globals, refresh=attempt == 1)
        if not lines or (attempt == 0 and _is_stale(code.co_filename) and not _is_in(code, lines)):
            continue
        tree = _tree(code.co_filename, lines)
        found = _pick(code, _functions_at(tree, code.co_firstlineno, code.co_name))
        if found:
            return found
    if not lines:
        raise ConversionError(
            f"the source code is not available (file {code.co_filename!r}). Functions typed into an "
            f"interactive interpreter or made "
            "with exec have none; define the function in a file"
        )
    raise ConversionError(
        f"the source at {code.co_filename}:{code.co_firstlineno} does not show this function. "
        "Was the file changed after it was imported?"
    )


def text_of(code, module_globals=None) -> list:
    """The lines of the file that `code` is from, as they are known now; none if there is no file."""
    return _lines(code.co_filename, module_globals, refresh=False) or []


def _lines(filename, module_globals, refresh):
    if filename == "<string>":
        return None
    if refresh:
        linecache.checkcache(filename)
    return linecache.getlines(filename, module_globals)


def _is_stale(filename) -> bool:
    """Whether the file has changed since its lines were read."""
    entry = linecache.cache.get(filename)
    if entry is None or len(entry) != 4 or entry[1] is None:  # not read yet, or no file
        return False
    try:
        info = os.stat(entry[3])
    except OSError:
        return False
    return (info.st_size, info.st_mtime) != entry[:2]


def _is_in(code, lines) -> bool:
    """Whether the text is the one that `code` was compiled from: files are edited while programs run, which may load
    them again.
    """
    try:
        stack, wanted = [compile("".join(lines), code.co_filename, "exec", dont_inherit=True)], marshal.dumps(code, 2)
    except (SyntaxError, ValueError):
        return False
    while stack:
        made = stack.pop()
        if made.co_firstlineno == code.co_firstlineno and marshal.dumps(made, 2) == wanted:
            return True
        stack += [c for c in made.co_consts if hasattr(c, "co_code")]
    return False


def _tree(filename, lines):
    with _lock:
        known = _files.get(filename)
        if known is not None and known[0] is lines:
            return known[1]
    try:
        tree = ast.parse("".join(lines), filename)
    except (SyntaxError, ValueError) as e:
        raise ConversionError(f"the source of {filename!r} cannot be parsed: {e}") from None
    with _lock:
        _files[filename] = (lines, tree)
    return tree


def _functions_at(tree, line, name) -> list:
    """The functions of that name whose first line this is: only what covers the line is looked at."""
    found = []
    stack = [(tree, None)]
    while stack:
        node, class_name = stack.pop()
        if isinstance(node, _FUNCTIONS):
            if node.name == name and _first_line(node) == line:
                found.append(Found(node, class_name))
        elif isinstance(node, ast.Lambda):
            if name == "<lambda>" and node.lineno == line:
                found.append(Found(node, class_name))
        elif isinstance(node, ast.ClassDef):
            class_name = node.name
        for child in children(node):
            last = getattr(child, "end_lineno", None)
            if last is None or _first_line(child) <= line <= last:
                stack.append((child, class_name))
    return found


def _first_line(node) -> int:
    """That of the first decorator, if there are any."""
    return min((d.lineno for d in getattr(node, "decorator_list", ())), default=node.lineno)


def _pick(code, candidates):
    fits = [c for c in candidates if _parameters(c.node) == _code_parameters(code)]
    if len(fits) > 1 and sys.version_info >= (3, 11):
        fits = [c for c in fits if _covers(c.node, code)] or fits
    if len(fits) > 1:
        fits = [c for c in fits if _same_code(c.node, code)] or fits
    if not fits:
        return None
    if len(fits) > 1 and len({ast.dump(c.node) for c in fits}) > 1:
        raise ConversionError(
            f"several functions named {code.co_name!r} start on line {code.co_firstlineno} of "
            f"{code.co_filename!r} and cannot be told "
            "apart; put each on a line of its own"
        )
    return fits[0]


def _parameters(node):
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    every += [a for a in (args.vararg, args.kwarg) if a]
    return tuple(_unmangled(a.arg) for a in every)


def _code_parameters(code):
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    return tuple(_unmangled(name) for name in code.co_varnames[:count])


def _unmangled(name):
    return "__" + name.partition("__")[2] if "__" in name and not name.endswith("__") else name


def _covers(node, code):
    """Do the columns of the instructions lie within the node's body?"""
    body = node.body[0] if isinstance(node.body, list) else node.body
    start = (body.lineno, body.col_offset)
    end = (node.end_lineno, node.end_col_offset)
    # The first instruction (resume) has the position of the `def` or of nothing.
    spans = [p for p in code.co_positions() if None not in p and p[2] != p[3]]
    places = [(line, column) for line, _, column, _ in spans if (line, column) != (code.co_firstlineno, 0)]
    return bool(places) and all(start <= place <= end for place in places)


def _same_code(node, code):
    if not isinstance(node, ast.Lambda):
        return False
    made = compile(ast.Expression(node), code.co_filename, "eval", dont_inherit=True)
    inner = next(c for c in made.co_consts if hasattr(c, "co_code"))
    return inner.co_names == code.co_names and _plain(inner.co_consts) == _plain(code.co_consts)


def _plain(constants):
    return [c for c in constants if not hasattr(c, "co_code")]
