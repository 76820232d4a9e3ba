"""Why something was not converted."""


class ConversionError(Exception):
    """This construct has no converted form: the function runs as plain Python, with a warning that quotes
    this.
    """


class ConversionWarning(UserWarning):
    """Category of the warnings that autograph gives."""
