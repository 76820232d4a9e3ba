"""A dynamic RNN in ten lines: Python's range makes layers, tf.range makes a loop, a TensorArray stacks."""

import numpy as np
import tfc as tf


@tf.function
def rnn(xs, states, weights):
    """xs [time, batch, units]; one state [batch, units] and one weight [2 units, units] a layer."""
    outputs = tf.TensorArray(tf.float32, size=tf.shape(xs)[0])
    for t in tf.range(tf.shape(xs)[0]):
        x, previous, states = xs[t], states, []
        for layer in range(len(weights)):
            x = tf.tanh(tf.concat([x, previous[layer]], axis=1) @ weights[layer])
            states.append(x)
        outputs = outputs.write(t, x)
    return outputs.stack(), states


def main(layers=2, steps=7, batch=3, units=4):
    rng = np.random.default_rng(1)
    xs = rng.normal(size=(steps, batch, units)).astype(np.float32)
    weights = [rng.normal(size=(2 * units, units)).astype(np.float32) * 0.5 for _ in range(layers)]
    start = [np.zeros((batch, units), np.float32) for _ in range(layers)]

    def tensors(arrays):
        return [tf.constant(a) for a in arrays]

    args = tf.constant(xs), tensors(start), tensors(weights)
    eager, _ = rnn.python_function(*args)
    fast, _ = rnn(*args)
    np.testing.assert_allclose(eager.numpy(), fast.numpy(), rtol=1e-5, atol=1e-6)
    print("outputs", fast.shape, "last step:", fast[-1, 0].numpy())


if __name__ == "__main__":
    main()
