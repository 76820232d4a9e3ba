"""Images of linked code: what the compiler links is loaded without it, and damage is an error."""

import ctypes
import struct

import pytest
from mlir import ir
from tfc import _compiler
from tfc._native import LoadedCode

CALLS = """
func.func @f(%x: tensor<4xf64>) -> tensor<4xf64> attributes {tfc.entry} {
  %0 = tfc.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>
  %1 = tfc.sin %x : (tensor<4xf64>) -> tensor<4xf64>
  %2 = tfc.add %0, %1 : (tensor<4xf64>, tensor<4xf64>) -> tensor<4xf64>
  return %2 : tensor<4xf64>
}
"""
HEAD = struct.Struct("<8Q")


def compiled(source, **options) -> bytes:
    context = ir.Context()
    _compiler.register(context)
    with context:
        return _compiler.compile(ir.Module.parse(source), options).object


@pytest.fixture(scope="module")
def image():
    return _compiler.link(compiled(CALLS))


def test_an_image_is_the_same_for_the_same_object():
    content = compiled(CALLS)
    assert _compiler.link(content) == _compiler.link(content)


def test_two_loads_have_memory_of_their_own(image):
    first, second = LoadedCode(image), LoadedCode(image)
    assert first.address("f") != second.address("f")
    size = 16
    assert ctypes.string_at(first.address("f"), size) == ctypes.string_at(second.address("f"), size)


def test_a_symbol_that_is_not_there_is_an_error(image):
    with pytest.raises(LookupError, match="nothing"):
        LoadedCode(image).address("nothing")


def test_every_truncated_image_is_an_error(image):
    for size in [*range(0, min(len(image), 400), 7), *range(400, len(image), 997), len(image) - 1]:
        with pytest.raises(OSError, match="image"):
            LoadedCode(image[:size])


@pytest.mark.parametrize("field", range(8))
@pytest.mark.parametrize("value", [0, 1, 2**31, 2**62, 2**64 - 1])
def test_a_wrong_number_in_the_header_is_no_crash(image, field, value):
    numbers = list(HEAD.unpack_from(image))
    numbers[field] = value
    try:
        LoadedCode(HEAD.pack(*numbers) + image[HEAD.size :])
    except (OSError, MemoryError):
        return
    # Larger pages or more memory than it takes do no harm; nor do fewer fixups or symbols than there are.
    assert field in (1, 2) or value in (0, 1)


def test_places_outside_of_the_image_are_an_error(image):
    _, _, _, segments, fixups, symbols, _, _ = HEAD.unpack_from(image)
    places = [HEAD.size, HEAD.size + 32 * segments, HEAD.size + 32 * segments + 24 * fixups]
    for place, count in zip(places, (segments, fixups, symbols), strict=True):
        assert count, "the program has one of each"
        damaged = bytearray(image)
        struct.pack_into("<Q", damaged, place, 2**40)
        with pytest.raises(OSError, match="damaged"):
            LoadedCode(bytes(damaged))


def test_an_import_that_the_process_lacks_is_an_error(image):
    renamed = image.replace(b"\0sin\0", b"\0sxn\0")
    assert renamed != image
    with pytest.raises(OSError, match="sxn"):
        LoadedCode(renamed)


def test_an_import_whose_name_is_no_text_is_the_same_error(image):
    with pytest.raises(OSError, match="the process does not have"):
        LoadedCode(image.replace(b"\0sin\0", b"\0s\xf3n\0"))


def test_an_import_without_a_name_is_damage(image):
    with pytest.raises(OSError, match="damaged"):
        LoadedCode(image.replace(b"\0sin\0", b"\0\0in\0"))


def test_code_for_aarch64_is_linked_as_well():
    made = _compiler.link(compiled(CALLS, triple="aarch64-linux-gnu"))
    _, _, _, segments, fixups, symbols, imports, _ = HEAD.unpack_from(made)
    assert segments and symbols and (imports == 0 or fixups)


def test_code_for_other_processors_is_not_linked():
    with pytest.raises(_compiler.CompileError, match="is not loaded"):
        _compiler.link(compiled(CALLS, triple="armv7-linux-gnueabihf"))
