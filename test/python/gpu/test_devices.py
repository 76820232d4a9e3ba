"""Devices, placement, memory: what the API promises."""

import os
import subprocess
import sys

import fake_cuda
import numpy as np
import pytest
import tfc as tf
from tfc.config.gpus import counters


def test_a_gpu_is_listed_and_described(gpu):
    devices = tf.config.list_physical_devices("GPU")
    assert devices[gpu.index].name == f"/physical_device:GPU:{gpu.index}"
    assert tf.config.list_logical_devices("GPU")[0].name == "/device:GPU:0"
    details = tf.config.experimental.get_device_details(devices[gpu.index])
    assert details["device_name"] == gpu.name and details["target"] == "spirv"


@pytest.fixture
def hard_placement():
    tf.config.set_soft_device_placement(False)
    yield
    tf.config.set_soft_device_placement(True)


def test_invisible_devices_cannot_be_used(gpu, hard_placement):
    before = tf.config.get_visible_devices("GPU")
    tf.config.set_visible_devices([], "GPU")
    try:
        assert tf.config.list_logical_devices("GPU") == []
        with pytest.raises(tf.errors.InvalidArgumentError, match="Could not satisfy device specification 'GPU:0'"):
            tf.device("GPU:0")
    finally:
        tf.config.set_visible_devices(before, "GPU")


def test_a_device_that_is_not_there_is_an_error_that_says_what_was_tried(hard_placement):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)GPU:7.*visible.*CUDA: .*Vulkan: "):
        tf.device("/device:GPU:7")


def test_soft_placement_takes_the_cpu_and_says_so():
    with pytest.warns(RuntimeWarning, match="'GPU:7' cannot be used, the CPU takes its place"):
        scope = tf.device("GPU:7")
    with scope:
        assert tf.function(lambda x: x + 1)(tf.constant(1.0)).device.endswith("CPU:0")


@pytest.mark.parametrize("name", ["CPU0", "/FPGA:0", 3])
def test_a_name_that_is_none_is_an_error(name):
    with pytest.raises(ValueError):
        tf.device(name)


def test_logical_devices_are_those_of_the_configuration():
    """As in TensorFlow: a physical device is as many logical ones as it is configured for."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    assert tf.config.get_logical_device_configuration(cpu) is None
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    try:
        assert [d.name for d in tf.config.list_logical_devices("CPU")] == ["/device:CPU:0", "/device:CPU:1"]
        assert tf.config.get_logical_device_configuration(cpu) == two
        with tf.device("CPU:1"):
            assert tf.function(lambda x: x + 1)(tf.constant(1.0)).numpy() == 2.0
        with pytest.raises(ValueError, match="memory limit on CPU"):
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration(memory_limit=3)])
        with pytest.raises(ValueError, match="Unrecognized device"):
            tf.config.set_logical_device_configuration(tf.config.PhysicalDevice("/physical_device:CPU:9", "CPU"), two)
    finally:
        tf.config.set_logical_device_configuration(cpu, [])
    assert [d.name for d in tf.config.list_logical_devices("CPU")] == ["/device:CPU:0"]


def test_a_cpu_that_is_not_there_is_an_error(hard_placement):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)CPU:3.*1 logical CPUs"):
        tf.device("CPU:3")


def test_memory_of_devices_is_counted(gpu):
    name = f"GPU:{gpu.index}"
    with tf.device(name):
        x = tf.zeros([1 << 18])
    info = tf.config.experimental.get_memory_info(name)
    assert info["peak"] >= info["current"] >= 1 << 20
    assert tf.config.experimental.get_memory_usage(name) == info["current"]
    del x
    tf.config.experimental.reset_memory_stats(name)
    info = tf.config.experimental.get_memory_info(name)
    assert info["peak"] == info["current"]
    assert tf.config.experimental.get_memory_info("CPU:0") == {"current": 0, "peak": 0}
    with pytest.raises(ValueError, match="No matching devices found for 'GPU:99'"):
        tf.config.experimental.get_memory_info("GPU:99")


def test_calls_are_synchronous_and_move_tensors():
    assert tf.config.experimental.get_synchronous_execution()
    assert tf.config.experimental.get_device_policy() == "silent"
    with pytest.raises(ValueError, match="Not a supported device policy"):
        tf.config.experimental.set_device_policy("explicit")


SEVERAL = """
import tfc as tf
physical = tf.config.list_physical_devices("GPU")
print([d.name for d in physical], [d.name for d in tf.config.list_logical_devices("GPU")])
tf.config.set_visible_devices(physical[1:], "GPU")
limits = [tf.config.LogicalDeviceConfiguration(memory_limit=1), tf.config.LogicalDeviceConfiguration(memory_limit=1)]
tf.config.set_logical_device_configuration(physical[1], limits)
print([d.name for d in tf.config.list_logical_devices("GPU")])
with tf.device("GPU:0"):
    print(tf.constant(1.0).device)
with tf.device("GPU:2"):
    x = tf.constant([1.0])
    print(x.device, tf.Variable(x).device)
with tf.device("GPU:1"):
    try:
        tf.zeros([3 << 18])
    except tf.errors.ResourceExhaustedError as e:
        print("ResourceExhaustedError")
"""


def test_names_count_the_visible_devices(tmp_path):
    """`/physical_device:GPU:1` is `GPU:0` where the first one is hidden, for `tf.device` and in the names of tensors."""
    environment = {
        **os.environ,
        "TFC_CUDA_LIBRARY": str(fake_cuda.build(tmp_path)),
        "FAKE_CUDA_DEVICES": "3",
        "VK_DRIVER_FILES": os.devnull,
        "PYTHONPATH": ":".join(p for p in sys.path if p),
    }
    run = subprocess.run([sys.executable, "-c", SEVERAL], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    full = "/job:localhost/replica:0/task:0/device:GPU:"
    assert run.stdout.splitlines() == [
        str([f"/physical_device:GPU:{i}" for i in range(3)]) + " " + str([f"/device:GPU:{i}" for i in range(3)]),
        str([f"/device:GPU:{i}" for i in range(3)]),
        full + "0",
        f"{full}2 {full}2",
        "ResourceExhaustedError",
    ]


def test_without_drivers_there_are_no_devices():
    program = "import tfc as tf; print(tf.config.list_physical_devices('GPU')); tf.config.set_soft_device_placement(False); tf.device('GPU:0')"
    environment = {
        "VK_DRIVER_FILES": "/nowhere.json",
        "VK_ICD_FILENAMES": "/nowhere.json",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": ":".join(p for p in sys.path if p),
        "PATH": "",
    }
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "[]"
    assert "Could not satisfy device specification 'GPU:0'" in run.stderr and "Vulkan:" in run.stderr


def test_results_are_where_the_function_ran(gpu):
    f = tf.function(lambda x: x * 2.0)
    x = tf.constant([1.0, 2.0])
    with tf.device("GPU:0"):
        on_gpu = f(x)
    assert on_gpu.device.endswith("GPU:0")
    assert f(tf.constant([1.0, 2.0])).device.endswith("CPU:0")
    np.testing.assert_array_equal(on_gpu.numpy(), [2.0, 4.0])


def test_a_scope_inside_a_function_places_it(gpu):
    @tf.function
    def f(x):
        with tf.device("GPU:0"):
            return x + 1.0

    assert f(tf.constant([1.0])).device.endswith("GPU:0")


def test_scopes_nest_and_end(gpu):
    f = tf.function(lambda x: x - 1.0)
    with tf.device("GPU:0"):
        with tf.device("CPU:0"):
            assert f(tf.constant([1.0])).device.endswith("CPU:0")
        assert f(tf.constant([1.0])).device.endswith("GPU:0")
    assert f(tf.constant([3.0])).device.endswith("CPU:0")


def test_data_stays_on_the_device_between_calls(gpu):
    """Weights and results are copied neither to nor from the device once they are there."""
    with tf.device("GPU:0"):
        w = tf.Variable(np.eye(32, dtype=np.float32) / 2)
        step = tf.function(lambda x: tf.tanh(x @ w))
        x = step(tf.ones([32, 32]))
        assert w.device.endswith("GPU:0")
        before = counters(gpu.index)
        for _ in range(3):
            x = step(x)
        after = counters(gpu.index)
    assert after["launches"] - before["launches"] == 3
    assert after["bytes_in"] == before["bytes_in"] and after["bytes_out"] == before["bytes_out"]


def test_independent_launches_need_no_barrier(gpu):
    """Launches that share no memory may overlap; those that do are ordered."""
    with tf.device("GPU:0"):
        a, b = tf.Variable(np.ones((64, 64), np.float32)), tf.Variable(np.ones((64, 64), np.float32))

        @tf.function
        def two(x, y):
            return tf.linalg.matmul(x, a), tf.linalg.matmul(y, b)

        @tf.function
        def chain(x):
            return (x @ a) @ b

        x, y = tf.constant(np.ones((64, 64), np.float32)), tf.constant(np.ones((64, 64), np.float32))
        two(x, y), chain(x)
        before = counters(gpu.index)["barriers"]
        two(x, y)
        between = counters(gpu.index)["barriers"]
        chain(x)
        assert between == before and counters(gpu.index)["barriers"] > between


def test_variables_keep_their_value_across_devices(gpu):
    v = tf.Variable([1.0, 2.0])
    add = tf.function(lambda: v.assign_add([1.0, 1.0]))
    kept = v.read_value()
    with tf.device("GPU:0"):
        add()
    assert v.device.endswith("GPU:0")
    add()
    v.assign(v * 2.0)
    with tf.device("GPU:0"):
        add()
    np.testing.assert_array_equal(v.numpy(), [7.0, 9.0])
    np.testing.assert_array_equal(kept.numpy(), [1.0, 2.0])


def test_out_of_device_memory_is_an_error_and_loses_nothing(gpu):
    device = tf.config.list_physical_devices("GPU")[gpu.index]
    with tf.device("GPU:0"):
        v = tf.Variable(np.ones(1000, np.float32))
        f = tf.function(
            lambda x: v.assign_add(x) * tf.ones([1 << 20]) if False else tf.broadcast_to(v + x, [4096, 1000]) * 1.0
        )
        x = tf.constant(np.ones(1000, np.float32))
    used = counters(gpu.index)["bytes_in_use"]
    tf.config.set_logical_device_configuration(
        device, [tf.config.LogicalDeviceConfiguration(memory_limit=used / 2**20 + 1)]
    )
    try:
        with tf.device("GPU:0"), pytest.raises((tf.errors.ResourceExhaustedError, MemoryError), match="device"):
            f(x)
    finally:
        tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()])
    np.testing.assert_array_equal(v.numpy(), np.ones(1000))
    with tf.device("GPU:0"):
        assert f(x).numpy().sum() == 2 * 4096 * 1000


def test_errors_of_the_program_are_those_of_the_cpu(gpu):
    v = tf.Variable(0.0)

    @tf.function
    def f(x, i):
        v.assign(1.0)
        y = tf.gather(x, i)
        v.assign(2.0)
        return y

    with tf.device("GPU:0"), pytest.raises(tf.errors.InvalidArgumentError, match="not in"):
        f(tf.constant([1.0, 2.0]), tf.constant([5]))
    assert v.numpy() == 1.0


def test_prints_and_assertions_see_values_of_kernels(gpu, capfd):
    @tf.function
    def f(x):
        y = x * 2.0
        tf.print("y is", y)
        tf.debugging.assert_less(y, 10.0)
        return y + 1.0

    with tf.device("GPU:0"):
        np.testing.assert_array_equal(f(tf.constant([1.0, 2.0])).numpy(), [3.0, 5.0])
        with pytest.raises(tf.errors.InvalidArgumentError):
            f(tf.constant([1.0, 20.0]))
    assert "y is [2 4]" in "".join(capfd.readouterr())


def test_what_a_device_cannot_do_runs_on_the_host_and_says_so(on_gpu):
    f = tf.function(lambda z: tf.signal.fft(z * z) + 1.0)
    z = np.array([3 + 4j, 1j], np.complex64)
    np.testing.assert_allclose(on_gpu(f, z, fallback=True), [-7 + 24j, -5 + 24j], rtol=1e-6)
    code = f.get_concrete_function(z).compile_for("spirv")
    assert "one after the other" in str(code.host[0]) and "test_devices.py" in code.host[0].location
