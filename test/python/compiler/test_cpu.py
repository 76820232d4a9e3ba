"""The option `cpu`: which processor code is for."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tfc as tf
from tfc.ir import compiler

on_x86 = pytest.mark.skipif(not compiler.host()[0].startswith("x86_64"), reason="names of x86 processors")


def for_cpu(function, cpu):
    return tf.function(function, experimental_attributes={"compile_options": {"cpu": cpu}})


def program(x):
    y = tf.nn.softmax(tf.tanh(x) @ x)
    return tf.reduce_sum(y * x, axis=0), tf.argmax(y, axis=1)


X = np.random.default_rng(0).standard_normal((37, 37)).astype(np.float32)


@pytest.mark.parametrize("cpu", ["native", "generic", pytest.param("x86-64-v3", marks=on_x86)])
def test_values_are_those_of_any_other_processor(cpu):
    if cpu == "x86-64-v3" and "+avx2" not in compiler.host()[2].split(","):
        pytest.skip("this machine has no AVX2")
    sums, places = for_cpu(program, cpu)(X)
    expected, expected_places = program(tf.constant(X))
    np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(places, expected_places)


@on_x86
def test_code_has_the_registers_of_the_processor():
    code = for_cpu(program, "generic").get_concrete_function(tf.TensorSpec([64, 64], tf.float32)).compiled()
    assert "xmm" in code.assembly
    assert "ymm" not in code.assembly and "zmm" not in code.assembly
    assert code.options["cpu"] == "generic"


@on_x86
def test_a_processor_that_has_more_is_refused_with_what_is_missing():
    step = for_cpu(program, "diamondrapids")
    with pytest.raises(ValueError, match="cannot run code for cpu 'diamondrapids': it has no .*amx") as e:
        step(X)
    assert "try:" in str(e.value)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="unknown cpu 'pdp11'|'native' or 'generic'"):
        for_cpu(program, "pdp11")(X)


@on_x86
@pytest.mark.parametrize("cpu", ["i386", "pentium4"])
def test_a_processor_without_64_bits_is_refused(cpu):
    with pytest.raises(ValueError, match=f"cpu '{cpu}' runs no code for x86_64"):
        for_cpu(program, cpu)(X)


@pytest.mark.parametrize("cpu", ["", " ", "x86-64-v2,x86-64-v3"])
def test_one_processor_is_named(cpu):
    with pytest.raises(ValueError, match="the name of one processor"):
        for_cpu(program, cpu)


def test_the_environment_names_the_processor():
    text = "import tfc as tf; print(tf.config.optimizer.get_experimental_options(), tf.exp(0.0).numpy())"
    ran = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, "TFC_CPU": "generic"}, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "{'cpu': 'generic'} 1.0", ran.stderr
