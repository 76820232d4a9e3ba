"""What drivers and devices do wrong: a clear error, and nothing of the program is lost."""

import os
import subprocess
import sys

import fake_cuda
import pytest

PROGRAM = """
import tfc as tf, warnings
tf.config.set_soft_device_placement(False)
v = tf.Variable([1.0, 2.0])
@tf.function
def f(x):
    v.assign_add(x)
    return v * 2.0
try:
    with tf.device("GPU:0"):
        print("RESULT", f(tf.constant([1.0, 1.0])).numpy())
except Exception as e:
    print("ERROR", type(e).__name__, e)
print("VARIABLE", v.numpy())
print("CPU", f(tf.constant([1.0, 1.0])).numpy())
"""


def run(program=PROGRAM, **environment):
    environment = {
        **os.environ,
        "PYTHONPATH": ":".join(p for p in sys.path if p),
        "VK_DRIVER_FILES": os.devnull,
        **environment,
    }
    environment = {k: v for k, v in environment.items() if v is not None}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def cuda(tmp_path_factory):
    return str(fake_cuda.build(tmp_path_factory.mktemp("cuda")))


CUDA = {
    "no device": ({"FAKE_CUDA_DEVICES": "0"}, "InvalidArgumentError", "CUDA: 0 devices"),
    "a driver that does not fit": (
        {"FAKE_CUDA_FAIL": "cuInit=803"},
        "InvalidArgumentError",
        "unsupported display driver",
    ),
    "a device that cannot be opened": (
        {"FAKE_CUDA_FAIL": "cuDevicePrimaryCtxRetain=2"},
        "InvalidArgumentError",
        "out of memory",
    ),
    "out of memory": ({"FAKE_CUDA_FAIL": "cuMemAllocManaged=2"}, "ResourceExhaustedError", "memory"),
    "a kernel that is refused": (
        {"FAKE_CUDA_FAIL": "cuModuleLoadDataEx=218"},
        "InternalError",
        "ptxas: a line that it does not like",
    ),
    "a launch that fails": ({"FAKE_CUDA_FAIL": "cuLaunchKernel=719"}, "InternalError", "unspecified launch failure"),
    "a device that is lost": (
        {"FAKE_CUDA_FAIL": "cuCtxSynchronize=719"},
        "InternalError",
        "unspecified launch failure",
    ),
}


@pytest.mark.parametrize("name", CUDA)
def test_a_failure_of_cuda_is_an_error_that_says_so(cuda, name):
    environment, kind, text = CUDA[name]
    out = run(TFC_CUDA_LIBRARY=cuda, **environment)
    assert f"ERROR {kind}" in out and text in out, out
    assert "VARIABLE [1. 2.]" in out and "CPU [4. 6.]" in out, out


def test_a_driver_without_what_is_needed_is_too_old(tmp_path):
    out = run(TFC_CUDA_LIBRARY=str(fake_cuda.build(tmp_path, "-DOLD_DRIVER")))
    assert "ERROR InvalidArgumentError" in out and "has no cuStreamCreate: the driver is too old" in out


def test_a_library_that_is_not_there_is_named():
    assert "/nowhere/libcuda.so was not found" in run(TFC_CUDA_LIBRARY="/nowhere/libcuda.so")


VULKAN = {
    "a device that cannot be opened": (
        "vkCreateDevice=-3",
        "InvalidArgumentError",
        "vkCreateDevice failed with Vulkan error -3",
    ),
    "no driver": ("vkCreateInstance=-9", "InvalidArgumentError", "no driver is installed"),
    "out of memory": ("vkAllocateMemory=-2", "ResourceExhaustedError", "memory"),
    "a kernel that is refused": ("vkCreateShaderModule=-1000012000", "InternalError", "vkCreateShaderModule failed"),
    "a pipeline that is refused": (
        "vkCreateComputePipelines=-1000012000",
        "InternalError",
        "vkCreateComputePipelines failed",
    ),
    "a device that is lost": ("vkQueueSubmit=-4", "InternalError", "the device was lost"),
    "a device that is lost while kernels run": ("vkWaitForFences=-4", "InternalError", "the device was lost"),
}


@pytest.fixture(scope="module")
def vulkan(gpu, tmp_path_factory):
    made = tmp_path_factory.mktemp("vulkan") / "libfailing.so"
    source = fake_cuda.HERE / "failing_vulkan.c"
    command = [
        "cc",
        "-shared",
        "-fPIC",
        "-o",
        str(made),
        str(source),
        "-Wl,--no-as-needed",
        "-l:libvulkan.so.1",
        "-ldl",
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return str(made)


@pytest.mark.parametrize("name", VULKAN)
def test_a_failure_of_vulkan_is_an_error_that_says_so(vulkan, name):
    fail, kind, text = VULKAN[name]
    out = run(TFC_VULKAN_LIBRARY=vulkan, FAILING_VULKAN=fail, VK_DRIVER_FILES=os.environ.get("VK_DRIVER_FILES"))
    assert f"ERROR {kind}" in out and text in out, out
    assert "CPU [" in out, out


STREAMS = """
import sys, ctypes, os
import tfc as tf
driver = ctypes.CDLL(os.environ["TFC_CUDA_LIBRARY"])
driver.fake_log.restype = ctypes.c_char_p
@tf.function
def chains(x, y):
    for _ in range(2):
        x = x @ x
        y = y @ y
    return x, y, x + y
with tf.device("GPU:0"):
    x, y = tf.Variable(tf.ones([64, 64])), tf.Variable(tf.ones([64, 64]))
    chains(x, y)
    driver.fake_clear_log()
    chains(x, y)
print(driver.fake_log().decode())
"""


def test_chains_that_share_nothing_are_in_streams_of_their_own(cuda):
    lines = run(STREAMS, TFC_CUDA_LIBRARY=cuda).splitlines()
    launches = [line.split(" on ") for line in lines if line.startswith("launch")]
    streams = {stream for _, stream in launches}
    assert len(streams) > 1, lines
    # The sum of both waits for the other chain.
    last = next(i for i in reversed(range(len(lines))) if lines[i].startswith("launch"))
    assert any("waits for event" in line for line in lines[last - 2 : last]), lines
