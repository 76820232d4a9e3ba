"""What runs on the GPU, what falls back to the host and why: `compiled()`, and kernels that the compiler cannot make."""

import json

import numpy as np
import pytest
import tfc as tf
from tfc.compiler import jit
from tfc.export import compile_mlir, load
from tfc.ir import compiler, parse_module

# Upstream's conversion to SPIR-V has no conversion of floats to one bit; the CPU has.
MODULE = """
#id = affine_map<(d0) -> (d0)>
func.func @f(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) attributes {tfc.entry} {
  %e = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %bit = arith.fptoui %in : f32 to i1
    %r = arith.uitofp %bit : i1 to f32
    linalg.yield %r : f32
  } -> tensor<8xf32>
  %p = tensor.pad %y low[1] high[0] {
  ^bb0(%i: index):
    %z = arith.constant 5.0 : f32
    tensor.yield %z : f32
  } : tensor<8xf32> to tensor<9xf32>
  %q = tensor.extract_slice %p[0] [8] [1] : tensor<9xf32> to tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%q : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.addf %in, %in : f32
    linalg.yield %r : f32
  } -> tensor<8xf32>
  return %y, %s : tensor<8xf32>, tensor<8xf32>
}
"""


def described(target):
    return json.loads(compiler.compile(parse_module(MODULE), {"gpu": target}).description)


def test_a_kernel_that_cannot_be_made_stays_on_the_host_with_the_reason():
    found = described("spirv")
    refused = [h for h in found["host"] if h["why"].startswith("no kernel: ")]
    assert len(refused) == 1 and "arith.fptoui" in refused[0]["why"] and found["kernels"]


def test_other_targets_are_not_concerned():
    assert not described("nvptx")["host"]


def test_a_kernel_that_cannot_be_made_is_a_warning():
    with pytest.warns(RuntimeWarning, match=r"f: the host computes what has no kernel: linalg.generic .*arith.fptoui"):
        jit.warn_of_refused(described("spirv"), "f")


def test_host_and_kernels_compute_the_function_together(gpu, tmp_path):
    compile_mlir(parse_module(MODULE), tmp_path / "f.o", target="spirv-unknown-vulkan")
    x = np.array([0, 1, 0, 1, 1, 0, 0, 1], np.float32)
    y, s = (np.asarray(v) for v in load(tmp_path / "f.o")(x))
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(s, 2 * np.concatenate([[5], x[:-1]]))


def test_compiled_shows_what_runs_where(gpu):
    @tf.function
    def f(x):
        return tf.nn.softmax(x), tf.linalg.cholesky(x @ tf.transpose(x))

    concrete = f.get_concrete_function(tf.TensorSpec([4, 30]))
    assert concrete.compiled().device is None
    with tf.device(f"GPU:{gpu.index}"):
        found = concrete.compiled()
    assert "block-per-point" in [k.kind for k in found.device.kernels]
    assert {h.why for h in found.device.host} == {"elements that are computed one after the other"}
    assert "test_fallback.py" in found.device.host[0].location
    assert "block-per-point" in str(found) and "on the host: " in str(found)


def test_compiled_follows_a_device_scope_inside_the_function(gpu):
    @tf.function
    def f(x):
        with tf.device("GPU:0"):
            return x + 1.0

    assert f.get_concrete_function(tf.TensorSpec([4])).compiled().device.kernels
