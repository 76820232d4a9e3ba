"""Conversions kept on disk: used again by other processes, and never for another function."""

import subprocess
import sys
import textwrap

import pytest
import tfc as tf
from tfc.autograph import cache, kept_code

PROGRAM = """
def f(x, limit=10):
    while x < limit:
        x = x {operator} 2
    return x
"""

RUN = """
import sys
import tfc as tf
from tfc.autograph import source

tf.config.compilation_cache.set_directory({folder!r})
sys.path.insert(0, {place!r})
import program

parsed = []
parse = source._tree
source._tree = lambda *args: parsed.append(args) or parse(*args)
print(int(tf.function(program.f)(tf.constant(3))), len(parsed))
"""


@pytest.fixture
def folder(tmp_path):
    before = tf.config.compilation_cache.directory()
    place = tmp_path / "cache"
    tf.config.compilation_cache.set_directory(place)
    yield place
    tf.config.compilation_cache.set_directory(before)


def run(folder, operator):
    """(what the program gives in a new process, how often a file was parsed)"""
    place = folder.parent
    (place / "program.py").write_text(PROGRAM.format(operator=operator))
    code = textwrap.dedent(RUN).format(folder=str(folder), place=str(place))
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True)
    return tuple(map(int, done.stdout.split()))


def entries(folder):
    return sorted(folder.glob("*.tfccode"))


def convert_again(function):
    """As another process would."""
    cache._results.pop(id(function.__code__), None)
    return tf.autograph.to_graph(function)


def sign(x):
    if x > 0:
        return 1
    return -1


def test_a_second_process_parses_nothing(folder):
    assert run(folder, "+") == (11, 1)
    assert run(folder, "+") == (11, 0)


def test_a_changed_source_is_converted_anew(folder):
    assert run(folder, "+") == (11, 1)
    assert run(folder, "*") == (12, 1)


def test_a_kept_conversion_is_known_as_a_result(folder):
    convert_again(sign)
    again = convert_again(sign)
    assert len(entries(folder)) == 1
    assert cache.is_result(again.__code__)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-1] + b"?"])
def test_a_damaged_entry_is_made_again(folder, damage):
    convert_again(sign)
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert convert_again(sign)(3) == 1
    assert entry.read_bytes() == whole


def test_other_options_are_another_entry(folder):
    convert_again(sign)
    tf.autograph.to_graph(sign, experimental_optional_features=tf.autograph.experimental.Feature.NAME_SCOPES)
    assert len(entries(folder)) == 2


def test_the_file_and_its_text_are_part_of_the_key(folder, monkeypatch):
    options = cache.Options()
    key = kept_code.key_of(sign, sign.__code__, options)
    assert key.name == kept_code.key_of(sign, sign.__code__, options).name
    text = ["# another line\n", *key.lines]
    monkeypatch.setattr(kept_code.source, "text_of", lambda *_: text)
    assert key.name != kept_code.key_of(sign, sign.__code__, options).name


def test_constants_names_and_lines_are_part_of_the_key(folder):
    code, options = sign.__code__, cache.Options()
    keys = {kept_code.key_of(sign, code, options).name}
    for change in (
        {"co_consts": tuple(7 if c == 1 else c for c in code.co_consts)},
        {"co_name": "other"},
        {"co_firstlineno": code.co_firstlineno + 1},
        {"co_varnames": ("y",)},
    ):
        keys.add(kept_code.key_of(sign, code.replace(**change), options).name)
    assert len(keys) == 5


def test_nothing_is_kept_without_a_cache(folder):
    tf.config.compilation_cache.set_directory(None)
    assert kept_code.key_of(sign, sign.__code__, cache.Options()) is None
