"""`tf.data.Options`."""


class Options:
    """Accepted for TensorFlow's sake: datasets run in order on the thread that asks for elements. Attributes may be set
    freely.
    """
