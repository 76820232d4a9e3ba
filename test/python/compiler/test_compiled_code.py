"""`concrete.compiled()`: what it says was done, and what it shows."""

import numpy as np
import pytest
import tfc as tf


def compiled(function, *specs, options=None):
    attributes = {"compile_options": options} if options else None
    made = tf.function(function, experimental_attributes=attributes)
    return made.get_concrete_function(*[tf.TensorSpec(s, tf.float32) for s in specs]).compiled()


def remark(code, word):
    found = [r for r in code.remarks if word in r]
    assert found, code.remarks
    return found[0]


def softmax(x):
    return tf.nn.softmax(x)


def test_a_vectorized_loop_says_how_wide():
    assert "vectors of" in remark(compiled(lambda x: tf.exp(x) + 1.0, [1000]), "loops: ")


def test_elementwise_ops_are_one_loop():
    code = compiled(lambda x: tf.tanh(x) * 2.0 + x, [1000])
    assert len(code.remarks) == 1


def test_rows_are_fused():
    assert "fused" in remark(compiled(softmax, [4096, 1024]), "fused")


def test_a_product_says_its_tiles():
    assert "register tiles" in remark(compiled(lambda x, y: x @ y, [256, 256], [256, 256]), "kernel: product of 256")


def test_a_shared_loop_says_so():
    assert "; shared by threads" in remark(compiled(tf.exp, [4096, 1024]), "loops: ")


def test_a_loop_that_is_not_shared_says_why():
    assert "not shared by threads: too little work" in remark(compiled(tf.exp, [64]), "loops: ")


def test_functions_in_vectors_of_a_few_thousand_elements_are_too_little_work():
    assert "not shared by threads: too little work" in remark(compiled(tf.exp, [100, 100]), "loops: ")


def test_remainders_of_integers_are_much_work():
    code = tf.function(lambda x, y: x % y).get_concrete_function(
        tf.TensorSpec([300_000], tf.int32), tf.TensorSpec([], tf.int32)
    )
    assert "; shared by threads" in remark(code.compiled(), "loops: generic over 300000")


def test_remarks_name_the_line():
    code = compiled(lambda x: tf.exp(x), [64])
    assert f"{__file__}:" in code.remarks[0]


def test_machine_code_and_ir_can_be_seen():
    code = compiled(softmax, [8, 8])
    assert "define" in code.llvm_ir and "softmax" in code.llvm_ir and ".text" in code.assembly


def test_memory_is_that_of_arguments_results_and_temporaries():
    code = compiled(lambda x: x @ tf.transpose(tf.exp(x)), [64, 64])
    assert code.argument_bytes == 2 * 64 * 64 * 4
    assert code.peak_bytes == code.argument_bytes + code.arena_bytes


def test_temporaries_share_memory():
    # Twelve products one after the other: only what is alive at the same time has memory of its own.
    def chain(x):
        for _ in range(12):
            x = tf.nn.relu(x @ x)
        return x

    code = compiled(chain, [64, 64])
    assert code.arena_bytes <= 4 * 64 * 64 * 4


def test_an_elementwise_chain_needs_no_temporaries():
    assert compiled(lambda x: tf.tanh(tf.exp(x) + x) * x, [1000]).arena_bytes == 0


def test_a_variable_is_updated_in_place():
    v = tf.Variable(tf.zeros([100000]))

    @tf.function
    def update(x):
        v.assign(0.9 * v + x)

    assert update.get_concrete_function(tf.TensorSpec([100000])).compiled().arena_bytes == 0
    buffer = lambda: np.asarray(v).__array_interface__["data"][0]
    x = tf.ones([100000])
    update(x)
    before = buffer()
    update(x)
    assert buffer() == before


@pytest.mark.parametrize(
    ("options", "found", "missing"),
    [
        ({"contract": True}, "contract", "nothing"),
        ({"contract": False}, "fadd", "contract"),
        ({"reassociate": False}, "fadd", "reassoc"),
        ({"strict": True}, "fadd", "contract"),
    ],
)
def test_options_of_a_function_change_its_flags(options, found, missing):
    code = compiled(lambda x: tf.reduce_sum(x * x + 1.0), [1000], options=options)
    assert found in code.llvm_ir and missing not in code.llvm_ir


def test_a_sum_in_program_order_is_that_of_a_loop():
    x = np.float32([1e8, 1.0, -1e8, 1.0] * 256)
    total = np.float32(0)
    for value in x:
        total += value
    strict = tf.function(tf.reduce_sum, experimental_attributes={"compile_options": {"strict": True}})
    assert strict(tf.constant(x)).numpy() == total


def test_a_pass_of_one_function_is_left_out():
    on, off = (compiled(softmax, [512, 1024], options=options) for options in ({}, {"disable": ("tfc-fuse-loops",)}))
    assert any("fused" in r for r in on.remarks) and not any("fused" in r for r in off.remarks)


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="no compile option 'nonsense'"):
        tf.function(softmax, experimental_attributes={"compile_options": {"nonsense": 1}})
