"""Names of TensorFlow 2.21's namespaces that are not here, and why: what an `AttributeError` says.

`docs/coverage.md` has the same table.
"""

_FILES = "it decodes or encodes files of images"
_BOXES = "TensorFlow has it for GPUs only: use tf.math.top_k and tf.image.non_max_suppression"
_WRAPPERS = "it wraps cells of Keras, which tfc does not have"

_GRAPHS = "graphs of TensorFlow 1 are not here: a traced function is MLIR (`tf.function`, `.mlir()`)"
_SPECS = "composite tensors are described by themselves while tracing, not by specs"
_QUANTIZED = "quantized types are not here: scale integers with tf.cast"
_KERAS = "Keras is not part of tfc: tf.optimizers has its optimizers, tf.nn its losses and layers as functions"
_LIBRARIES = "operations are Python functions over primitives: use tf.custom_gradient or tf.numpy_function"
_MANY = "tfc runs on one machine"
_HASHES = "it needs TensorFlow's hash functions"
_SERVICES = "it is a service of TensorFlow's runtime"
_PROTOS = "protocol buffers are not here: use numpy and tf.constant"
_RAGGED = "its form for ragged tensors is not written"
_UNICODE = "of Unicode, decoding, encoding and splitting are here"
_NARROW = "types below 8 bits and float8 are not here"
_TEXT = "reading and writing of files is Python's: use numpy, safetensors or tf.data.TextLineDataset"


def _all(reason, *names) -> dict:
    return dict.fromkeys(names, reason)


ABSENT = {
    "tf": {
        **_all(_GRAPHS, "Graph", "RegisterGradient", "no_gradient", "graph_util", "import_graph_def", "mlir"),
        **_all(_SPECS, "resource", "variant"),
        **_all(_QUANTIZED, "qint8", "qint16", "qint32", "quint8", "quint16", "quantization"),
        **_all(_KERAS, "keras", "losses", "metrics", "feature_column"),
        **_all(_LIBRARIES, "load_library", "load_op_library", "raw_ops"),
        **_all(_MANY, "DeviceSpec", "distribute", "dtensor", "tpu"),
        **_all(_HASHES, "fingerprint"),
        **_all(
            _SERVICES,
            "CriticalSection",
            "check_pinned",
            "nondifferentiable_batch_function",
            "queue",
            "security",
        ),
        **_all(_SERVICES, "summary", "sysconfig", "test", "tools", "audio", "lite"),
        **_all(
            "tables are a service of TensorFlow's runtime: use tf.searchsorted of sorted keys and tf.gather, or a dict "
            "in tf.numpy_function",
            "lookup",
        ),
        **_all(_PROTOS, "make_ndarray", "make_tensor_proto"),
        "AggregationMethod": "gradients that meet are always added at once",
        "xla": "functions are compiled by MLIR",
    },
    "compat": _all(
        "there is one version of the API, that of TensorFlow 2: use tf",
        *("v1", "v2", "forward_compatibility_horizon"),
    ),
    "strings": {
        **_all(_HASHES, "to_hash_bucket", "to_hash_bucket_fast", "to_hash_bucket_strong"),
        **_all(_UNICODE, "unicode_decode_with_offsets", "unicode_script", "unicode_split_with_offsets"),
        **_all(_UNICODE, "unicode_transcode"),
        **_all(_RAGGED, "ngrams", "unsorted_segment_join"),
    },
    "sparse": _all(_HASHES, "cross", "cross_hashed"),
    "ragged": {
        **_all(_HASHES, "cross", "cross_hashed"),
    },
    "debugging": {
        **_all("use tf.debugging.check_numerics where it matters", "disable_check_numerics", "enable_check_numerics"),
        **_all(_SERVICES, "experimental", "get_log_device_placement", "set_log_device_placement"),
    },
    "experimental": {
        "StructuredTensor": "use a tf.experimental.ExtensionType, or ragged tensors in a nest",
        "extension_type": "as_dict is dict(vars(x)), and BatchableExtensionType's fields are batched each for itself",
        **_all(_NARROW, "float4_e2m1fn", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2"),
        **_all(_NARROW, "float8_e5m2fnuz", "int2", "int4", "uint2", "uint4"),
        **_all(_MANY, "dtensor"),
        **_all(_SERVICES, "async_clear_error", "async_scope", "enable_strict_mode", "function_executor_type"),
        **_all(_SERVICES, "register_filesystem_plugin", "tensorrt"),
        "dlpack": "tensors are buffers: use x.__dlpack__() and tf.array_api.from_dlpack",
    },
    "train": {
        **_all(
            _PROTOS,
            "BytesList",
            "Example",
            "Feature",
            "FeatureList",
            "FeatureLists",
            "Features",
            "FloatList",
            "Int64List",
        ),
        **_all(_PROTOS, "SequenceExample"),
        **_all(_MANY, "ClusterDef", "ClusterSpec", "Coordinator", "JobDef", "ServerDef"),
        "CheckpointOptions": "checkpoints are files of this machine and have no options",
        "CheckpointView": "use tf.train.load_checkpoint",
        "TrackableView": "use the attributes of a tf.Module",
        "checkpoints_iterator": "use tf.train.latest_checkpoint",
        "experimental": "nothing of it is here",
    },
    "nn": {
        "RNNCellDeviceWrapper": _WRAPPERS,
        "RNNCellDropoutWrapper": _WRAPPERS,
        "RNNCellResidualWrapper": _WRAPPERS,
    },
    "image": {
        "adjust_jpeg_quality": _FILES,
        "decode_and_crop_jpeg": _FILES,
        "decode_bmp": _FILES,
        "decode_gif": _FILES,
        "decode_image": _FILES,
        "decode_jpeg": _FILES,
        "decode_jxl": _FILES,
        "decode_png": _FILES,
        "decode_webp": _FILES,
        "encode_jpeg": _FILES,
        "encode_png": _FILES,
        "extract_jpeg_shape": _FILES,
        "generate_bounding_box_proposals": _BOXES,
        "is_jpeg": _FILES,
        "random_jpeg_quality": _FILES,
        "stateless_random_jpeg_quality": _FILES,
    },
}


def explain(namespace: str, name: str):
    """Raises the `AttributeError` of a name that a namespace does not have."""
    reason = ABSENT.get(namespace, {}).get(name)
    if reason is None:
        where = "tfc" if namespace == "tf" else f"tfc.{namespace}"
        raise AttributeError(f"module {where!r} has no attribute {name!r}")
    where = "tf" if namespace == "tf" else f"tf.{namespace}"
    raise AttributeError(f"{where}.{name} is not supported: {reason}", name=name)
