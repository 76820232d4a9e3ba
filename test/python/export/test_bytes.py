"""Products of bytes in object files: four at a time where the CPU has instructions for it, the same sums everywhere."""

import numpy as np
import pytest
import tfc as tf
from tfc.export import compile, load
from tfc.ir import compiler

FEATURES = compiler.host()[2].split(",")
NEEDS = {"": [], "generic": [], "x86-64-v3": ["+avx2"], "sapphirerapids": ["+avx512bf16", "+avx512vnni", "+avx512fp16"]}


@pytest.mark.parametrize("cpu", NEEDS)
@pytest.mark.parametrize("types", [(np.int8, np.int8), (np.uint8, np.int8)], ids=["signed", "unsigned"])
def test_sums_are_exact_for_each_cpu(tmp_path, cpu, types):
    if any(feature not in FEATURES for feature in NEEDS[cpu]):
        pytest.skip("this machine cannot run code for that CPU")
    rng = np.random.default_rng(2)
    x, y = (
        rng.integers(np.iinfo(t).min, np.iinfo(t).max, shape, dtype=t, endpoint=True)
        for t, shape in zip(types, ((33, 130), (130, 50)))
    )
    function = tf.function(lambda x, y: tf.matmul(x, y, output_type=tf.int32))
    specs = [tf.TensorSpec(v.shape, v.dtype) for v in (x, y)]
    compile({"f": function.get_concrete_function(*specs)}, tmp_path / "f.o", **({"cpu": cpu} if cpu else {}))
    np.testing.assert_array_equal(load(tmp_path / "f.o").f(x, y).numpy(), x.astype(np.int32) @ y.astype(np.int32))
