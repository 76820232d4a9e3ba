"""Specialization of a function to shapes, from Python."""

import pytest

ir = pytest.importorskip("mlir.ir")
compiler = pytest.importorskip("tfc._compiler")

ADD = """
func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>, %v: !tfc.resource<tensor<?x3xf32>>) -> tensor<?xf32> {
  %a = tfc.add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> loc("train.py":7:3)
  return %a : tensor<?xf32>
}
"""


@pytest.fixture
def module():
    context = ir.Context()
    compiler.register(context)
    with context:
        return ir.Module.parse(ADD)


def head(module):
    return str(module).split("@f", 1)[1].split("{")[0].strip()


def test_shapes_reach_the_result(module):
    compiler.specialize(module, "f", [(4,), (4,), (2, 3)])
    assert head(module) == (
        "(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>, %arg2: !tfc.resource<tensor<2x3xf32>>) -> tensor<4xf32>"
    )


def test_none_leaves_an_argument_or_a_size_as_it_is(module):
    compiler.specialize(module, "f", [(4,), None, (None, 3)])
    assert "%arg1: tensor<?xf32>, %arg2: !tfc.resource<tensor<?x3xf32>>" in head(module)


def test_shapes_that_contradict_raise_with_the_users_line(module):
    with pytest.raises(compiler.CompileError, match="do not broadcast") as caught:
        compiler.specialize(module, "f", [(4,), (5,), None])
    assert caught.value.location == "train.py:7:3"


def test_known_sizes_stay(module):
    with pytest.raises(compiler.CompileError, match="which is no special case of it"):
        compiler.specialize(module, "f", [None, None, (2, 4)])


def test_one_shape_for_each_argument(module):
    with pytest.raises(compiler.CompileError, match="expected 3 shapes to specialize to, got 1"):
        compiler.specialize(module, "f", [(4,)])


def test_unknown_function(module):
    with pytest.raises(compiler.CompileError, match="there is no function 'g' with a body"):
        compiler.specialize(module, "g", [])
