"""Bad input: a clear error with the user's line; the process goes on, and variables keep their values."""

import subprocess
import sys
from pathlib import Path

import pytest
import tfc as tf
from tfc.commands import path as tool

MALFORMED = {
    "unfinished": "func.func @f( {",
    "no_result": 'module { "tfc.add"() : () -> () }',
    "binary": "\x00\x01\x02\x7f",
    "unknown_op": "func.func @f() { %0 = tfc.nonsense\n return }",
    "shapes": "func.func @f(%a: tensor<2xf32>, %b: tensor<3xf32>) { %0 = tfc.add %a, %b : (tensor<2xf32>, "
    "tensor<3xf32>) -> tensor<2xf32>\n return }",
}


def raised(kind, call, *args, **kwargs) -> str:
    with pytest.raises(kind) as info:
        call(*args, **kwargs)
    return str(info.value)


@tf.function
def add(x, y):
    return x + y  # the user's line


def test_a_wrong_dtype_while_tracing_is_a_type_error_with_the_users_line():
    message = raised(TypeError, add, tf.constant(1), tf.constant(1.0))
    assert "int32" in message and "float32" in message and "return x + y  # the user's line" in message


def test_a_wrong_shape_while_tracing_is_a_value_error_with_the_users_line():
    message = raised(ValueError, add, tf.ones([2]), tf.ones([3]))
    assert "[2]" in message and "[3]" in message and "return x + y  # the user's line" in message


def test_a_wrong_shape_eagerly_is_an_invalid_argument():
    raised(tf.errors.InvalidArgumentError, lambda: tf.ones([2]) + tf.ones([3]))


def test_a_missing_argument_names_it():
    assert "missing a required argument: 'y'" in raised(TypeError, add, tf.constant(1))


def test_a_function_that_failed_can_be_called_again():
    raised(TypeError, add, tf.constant(1), tf.constant(1.0))
    assert add(tf.constant(1), tf.constant(2)).numpy() == 3


def test_numpy_of_a_symbolic_tensor_is_an_attribute_error_with_the_users_line():
    @tf.function
    def f(x):
        return x.numpy()

    message = raised(AttributeError, f, tf.constant(1))
    assert "has no attribute 'numpy'" in message and "return x.numpy()" in message


def test_a_branch_that_does_not_define_a_name():
    @tf.function
    def f(x):
        if x > 0:
            y = x
        return y

    assert "'y' must also be initialized in the else branch" in raised(ValueError, f, tf.constant(1))


def test_a_loop_variable_that_changes_dtype():
    @tf.function
    def f(n):
        x = tf.constant(0)
        while n > 0:
            x = tf.cast(n, tf.float32)
            n -= 1
        return x

    message = raised(TypeError, f, tf.constant(2))
    assert "'x' has dtype int32 before the loop, but dtype float32 after one iteration" in message


def test_variables_keep_their_values_when_tracing_fails():
    v = tf.Variable([1.0, 2.0])

    @tf.function
    def f(x):
        v.assign_add([1.0, 1.0])
        v.assign(x)

    raised(ValueError, f, tf.ones([3]))
    assert v.numpy().tolist() == [1, 2]


def test_variables_keep_what_was_written_before_a_failing_assert():
    v = tf.Variable(0)

    @tf.function
    def f(x):
        v.assign_add(1)
        tf.debugging.Assert(x > 0, [x])
        v.assign_add(10)

    raised(tf.errors.InvalidArgumentError, f, tf.constant(-1))
    assert v.numpy() == 1


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_mlir_is_an_error_of_tfc_opt(tmp_path, name):
    path = tmp_path / "bad.mlir"
    path.write_text(MALFORMED[name])
    done = subprocess.run([tool("tfc-opt"), path], capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 1
    assert "bad.mlir:1:" in done.stderr and "error:" in done.stderr


def test_a_missing_file_is_an_error_of_tfc_opt():
    done = subprocess.run([tool("tfc-opt"), "/no/such.mlir"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "/no/such.mlir" in done.stderr


def test_an_unwritable_output_is_an_error_of_tfc_compile(tmp_path):
    source = tmp_path / "m.py"
    source.write_text("import tfc as tf\n@tf.function\ndef f(x): return x + 1\n")
    output = tmp_path / "file"
    output.write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "from tfc.export.cli import main; main()", f"{source}:f", "--spec=x:float32[2]", "-o"]
        + [str(Path(output) / "f.o")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("tfc-compile: ") and "Traceback" not in done.stderr
