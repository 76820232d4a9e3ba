"""Why something was not converted, and what failed in what was."""

import re


class ConversionError(Exception):
    """This construct has no converted form: the function runs as plain Python, with a warning that quotes
    this.
    """


class ConversionWarning(UserWarning):
    """Category of the warnings that autograph gives."""


def name_unbound(error: UnboundLocalError) -> None:
    """Puts TensorFlow's words before Python's."""
    found = re.search(r"variable '(\w+)'", str(error))
    if found is not None:
        error.args = (f"'{found[1]}' is used before assignment: {error}",)
