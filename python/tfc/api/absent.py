"""Names of TensorFlow 2.21's numeric namespaces that are not here, and why: what an `AttributeError` says.

`docs/coverage.md` has the same table.
"""

_SPARSE = "its form for sparse tensors is not written"
_FILES = "it decodes or encodes files of images"
_SAMPLERS = "candidates are drawn by a generator of the host whose numbers TensorFlow does not document"
_BOXES = "detection and cropping of boxes is not array work of tfc yet"
_SIZES = "resampling of images is not part of tfc"
_WRAPPERS = "it wraps cells of Keras, which tfc does not have"

ABSENT = {
    "math": {"sobol_sample": "it needs a table of direction numbers: use scipy.stats.qmc.Sobol and tf.constant"},
    "nn": {
        "RNNCellDeviceWrapper": _WRAPPERS,
        "RNNCellDropoutWrapper": _WRAPPERS,
        "RNNCellResidualWrapper": _WRAPPERS,
        "all_candidate_sampler": _SAMPLERS,
        "collapse_repeated": "it belongs to the decoders of CTC, which are not here",
        "compute_accidental_hits": _SAMPLERS,
        "ctc_beam_search_decoder": _SPARSE,
        "ctc_greedy_decoder": _SPARSE,
        "ctc_unique_labels": "tf.nn.ctc_loss does not need it",
        "embedding_lookup_sparse": _SPARSE,
        "fixed_unigram_candidate_sampler": _SAMPLERS,
        "fractional_avg_pool": "windows are drawn by a generator of the host: use tf.nn.avg_pool",
        "fractional_max_pool": "windows are drawn by a generator of the host: use tf.nn.max_pool",
        "learned_unigram_candidate_sampler": _SAMPLERS,
        "nce_loss": _SAMPLERS,
        "safe_embedding_lookup_sparse": _SPARSE,
        "sampled_softmax_loss": _SAMPLERS,
        "with_space_to_batch": "convolutions take dilations themselves: use tf.nn.convolution",
    },
    "random": {
        "all_candidate_sampler": _SAMPLERS,
        "fixed_unigram_candidate_sampler": _SAMPLERS,
        "learned_unigram_candidate_sampler": _SAMPLERS,
        "log_uniform_candidate_sampler": _SAMPLERS,
        "stateless_parameterized_truncated_normal": "use tf.random.stateless_truncated_normal, scaled and moved",
        "uniform_candidate_sampler": _SAMPLERS,
    },
    "image": {
        "ResizeMethod": _SIZES,
        "adjust_jpeg_quality": _FILES,
        "combined_non_max_suppression": _BOXES,
        "crop_and_resize": _BOXES,
        "decode_and_crop_jpeg": _FILES,
        "decode_bmp": _FILES,
        "decode_gif": _FILES,
        "decode_image": _FILES,
        "decode_jpeg": _FILES,
        "decode_jxl": _FILES,
        "decode_png": _FILES,
        "decode_webp": _FILES,
        "draw_bounding_boxes": _BOXES,
        "encode_jpeg": _FILES,
        "encode_png": _FILES,
        "extract_glimpse": _BOXES,
        "extract_jpeg_shape": _FILES,
        "generate_bounding_box_proposals": _BOXES,
        "is_jpeg": _FILES,
        "non_max_suppression": _BOXES,
        "non_max_suppression_overlaps": _BOXES,
        "non_max_suppression_padded": _BOXES,
        "non_max_suppression_with_scores": _BOXES,
        "random_jpeg_quality": _FILES,
        "resize": _SIZES,
        "resize_with_pad": _SIZES,
        "sample_distorted_bounding_box": _BOXES,
        "ssim_multiscale": "tf.image.ssim is here; its form over several scales is not",
        "stateless_random_jpeg_quality": _FILES,
        "stateless_sample_distorted_bounding_box": _BOXES,
    },
}


def explain(namespace: str, name: str):
    """Raises the `AttributeError` of a name that a namespace does not have."""
    reason = ABSENT.get(namespace, {}).get(name)
    if reason is None:
        raise AttributeError(f"module 'tfc.{namespace}' has no attribute {name!r}")
    raise AttributeError(f"tf.{namespace}.{name} is not supported: {reason}", name=name)
