"""The text of an error: what was expected, what came, where, and one thing to try."""


def page(summary: str, *, want=None, got=None, where=None, fix=None) -> str:
    """Renders an error message.

    ```
    tf.concat: inputs disagree outside axis 1
      want: float32[2, ?]
      got:  input 1 is float32[3, 5]
      at:   train.py:42: x = tf.concat([a, b], axis=1)
      try:  transpose input 1, or concat along axis 0
    ```
    Parts that are None are left out.
    """
    rows = (("want:", want), ("got: ", got), ("at:  ", where), ("try: ", fix))
    return "\n".join([summary, *(f"  {label} {value}" for label, value in rows if value is not None)])
