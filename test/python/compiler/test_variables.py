"""Variables: what a value read means after writes, and what is in memory after an error."""

import numpy as np
import pytest

HALF = """%{r} = linalg.generic {{indexing_maps = [#id, #id], iterator_types = ["parallel"]}}
  ins(%{x} : tensor<4xf32>) outs(%{r}_e : tensor<4xf32>) {{
    ^bb0(%in: f32, %out: f32):
      %product = arith.mulf %in, %half : f32
      linalg.yield %product : f32
  }} -> tensor<4xf32>"""


def half(r, x):
    return f"%{r}_e = tensor.empty() : tensor<4xf32>\n" + HALF.format(r=r, x=x)


def read(r):
    return f"%{r} = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>"


def write(x):
    return (
        f"bufferization.materialize_in_destination %{x} in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()"
    )


def function(*body, results=()):
    types = ", ".join("tensor<4xf32>" for _ in results)
    names = ", ".join(f"%{r}" for r in results)
    lines = "\n".join(body)
    return f"""
#id = affine_map<(d0) -> (d0)>
func.func @f(%v: memref<4xf32>, %c: tensor<i8>) -> ({types}) attributes {{tfc.entry}} {{
  %half = arith.constant 0.5 : f32
  %c0 = arith.constant 0 : i8
  %flag = tensor.extract %c[] : tensor<i8>
  %cond = arith.cmpi ne, %flag, %c0 : i8
  {lines}
  return {names} {":" if results else ""} {types}
}}"""


ABORT = 'tfcrt.abort "no" {code = 1 : i64, summarize = 3 : i64, dtypes = array<i32>}'
YES, NO = np.array(1, np.int8), np.array(0, np.int8)


def start():
    return np.array([8, 16, 32, 64], np.float32)


def test_update_is_in_place(compiled):
    source = function(read("a"), half("b", "a"), half("d", "b"), write("d"))
    host, v = compiled(source, dump=["tfc-bufferization"]), start()
    host("f", v, NO)
    np.testing.assert_array_equal(v, start() / 4)
    text = host.artifact.dump("tfc-bufferization")
    assert "memref.alloc" not in text and "memref.copy" not in text


def test_value_read_before_a_write_stays(compiled):
    source = function(read("a"), half("b", "a"), write("b"), results=["a", "b"])
    v = start()
    old, new = compiled(source)("f", v, NO)
    np.testing.assert_array_equal(old, start())
    np.testing.assert_array_equal(new, start() / 2)
    np.testing.assert_array_equal(v, start() / 2)


def test_read_after_a_write_is_the_value_written(compiled):
    source = function(read("a"), half("b", "a"), write("b"), read("d"), half("e", "d"), write("e"), results=["a", "d"])
    v = start()
    a, d = compiled(source)("f", v, NO)
    np.testing.assert_array_equal(a, start())
    np.testing.assert_array_equal(d, start() / 2)
    np.testing.assert_array_equal(v, start() / 4)


def test_variable_that_is_only_read_keeps_its_value(compiled):
    v = start()
    (b,) = compiled(function(read("a"), half("b", "a"), half("d", "b"), results=["d"]))("f", v, NO)
    np.testing.assert_array_equal(b, start() / 4)
    np.testing.assert_array_equal(v, start())


@pytest.mark.parametrize("flag", [YES, NO])
def test_write_in_a_branch(compiled, flag):
    source = function(read("a"), half("b", "a"), "scf.if %cond {", write("b"), "}", results=["b"])
    v = start()
    (b,) = compiled(source)("f", v, flag)
    np.testing.assert_array_equal(b, start() / 2)
    np.testing.assert_array_equal(v, start() / 2 if flag else start())


@pytest.mark.parametrize("flag", [YES, NO])
def test_read_after_a_write_in_a_branch(compiled, flag):
    source = function(
        read("a"), half("b", "a"), "scf.if %cond {", write("b"), "}", read("d"), half("e", "d"), write("e"),
        results=["a", "d"],
    )  # fmt: skip
    v = start()
    a, d = compiled(source)("f", v, flag)
    np.testing.assert_array_equal(a, start())
    np.testing.assert_array_equal(d, start() / 2 if flag else start())
    np.testing.assert_array_equal(v, d / 2)


def test_abort_between_read_and_write_leaves_the_variable(compiled):
    """The new value is computed before the failing op, but must not be in the variable's memory yet."""
    source = function(read("a"), half("b", "a"), "scf.if %cond {", ABORT, "}", write("b"))
    host, v = compiled(source), start()
    host("f", v, YES)
    assert host.status == 1
    np.testing.assert_array_equal(v, start())
    host("f", v, NO)
    np.testing.assert_array_equal(v, start() / 2)


def test_abort_after_a_write_keeps_the_write(compiled):
    source = function(read("a"), half("b", "a"), write("b"), half("d", "b"), "scf.if %cond {", ABORT, "}", write("d"))
    host, v = compiled(source), start()
    host("f", v, YES)
    assert host.status == 1
    np.testing.assert_array_equal(v, start() / 2)
    host("f", v, NO)
    np.testing.assert_array_equal(v, start() / 8)


def test_pending_values_are_stored_before_an_abort(compiled):
    """What promotion makes of a loop: the value is carried, and stored in the failing branch."""
    source = function(
        read("a"),
        "%lo = arith.constant 0 : index\n%hi = arith.constant 4 : index\n%one = arith.constant 1 : index",
        "%two = arith.constant 2 : index",
        "%r = scf.for %i = %lo to %hi step %one iter_args(%x = %a) -> tensor<4xf32> {",
        "%at = arith.cmpi eq, %i, %two : index\n%bad = arith.andi %at, %cond : i1",
        "scf.if %bad {", write("x"), ABORT, "}",
        half("y", "x"), "scf.yield %y : tensor<4xf32>", "}",
        write("r"),
    )  # fmt: skip
    host, v = compiled(source, dump=["tfc-bufferization"]), start()
    host("f", v, YES)
    assert host.status == 1
    np.testing.assert_array_equal(v, start() / 4)
    v = start()
    host("f", v, NO)
    np.testing.assert_array_equal(v, start() / 16)
    text = host.artifact.dump("tfc-bufferization")
    assert "memref.alloc" not in text and "memref.copy" not in text


def test_effects_on_variables_are_described(compiled):
    host = compiled(function(read("a"), half("b", "a"), results=["b"]))
    v, _, result = host.entries["f"]["buffers"]
    assert (v["kind"], v["read"], v["written"]) == ("variable", True, False)
    assert (result["kind"], result["shape"], result["dtype"]) == ("result", [4], 11)


REPLACE = """
func.func @f(%v: memref<?xf32>, %x: tensor<?xf32>) -> tensor<?xf32> attributes {tfc.entry} {
  %old = bufferization.to_tensor %v restrict writable : memref<?xf32> to tensor<?xf32>
  bufferization.materialize_in_destination %x in restrict writable %v : (tensor<?xf32>, memref<?xf32>) -> ()
  return %old : tensor<?xf32>
}"""


def test_variable_of_unknown_size_may_grow(compiled):
    host = compiled(REPLACE)
    v, x = np.array([1, 2], np.float32), np.arange(5, dtype=np.float32)
    (old,) = host("f", v, x)
    assert old.tolist() == [1, 2] and v.tolist() == [1, 2]
    assert host.allocated_variable(0).tolist() == x.tolist()


def test_variable_of_unknown_size_stays_in_place_if_it_keeps_its_size(compiled):
    host = compiled(REPLACE)
    v, x = np.array([1, 2], np.float32), np.array([3, 4], np.float32)
    (old,) = host("f", v, x)
    assert old.tolist() == [1, 2] and v.tolist() == [3, 4]
    assert not host.live
