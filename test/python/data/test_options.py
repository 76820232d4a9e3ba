"""`tf.data.Options`: kept, merged, and handed on; wrong names and types are errors."""

import pytest
import tfc as tf


def test_options_go_from_dataset_to_dataset():
    options = tf.data.Options()
    options.deterministic = False
    options.threading.private_threadpool_size = 4
    made = tf.data.Dataset.range(3).with_options(options).map(lambda x: x).batch(2)
    assert made.options().deterministic is False and made.options().threading.private_threadpool_size == 4
    assert tf.data.Dataset.range(3).options() == tf.data.Options()


def test_later_options_win():
    a, b = tf.data.Options(), tf.data.Options()
    a.deterministic, b.deterministic, a.experimental_slack = True, False, True
    both = a.merge(b)
    assert both.deterministic is False and both.experimental_slack is True and a.deterministic is True


def test_an_unknown_option_is_an_attribute_error():
    with pytest.raises(AttributeError):
        tf.data.Options().nope = 1


@pytest.mark.parametrize("name", ["deterministic", "experimental_slack"])
def test_an_option_of_the_wrong_type_is_a_type_error(name):
    with pytest.raises(TypeError):
        setattr(tf.data.Options(), name, "yes")
