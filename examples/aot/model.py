"""A small classifier that trains itself: two entries on one state, for C."""

import tfc as tf


class Classifier(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.zeros([4, 3]), name="w")
        self.b = tf.Variable(tf.zeros([3]), name="b")
        self.steps = tf.Variable(0, trainable=False, name="steps")

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def predict(self, x):
        return tf.nn.softmax(x @ self.w + self.b)

    @tf.function(input_signature=[tf.TensorSpec([None, 4]), tf.TensorSpec([None], tf.int32)])
    def train(self, x, y):
        tf.debugging.Assert(tf.reduce_all((y >= 0) & (y < 3)), ["labels are 0, 1 or 2, got", y])
        with tf.GradientTape() as tape:
            p = tf.nn.softmax(x @ self.w + self.b)
            loss = -tf.reduce_mean(tf.reduce_sum(tf.one_hot(y, 3) * tf.math.log(p), axis=1))
        dw, db = tape.gradient(loss, [self.w, self.b])
        self.w.assign_sub(0.5 * dw)
        self.b.assign_sub(0.5 * db)
        self.steps.assign_add(1)
        return loss


classifier = Classifier()
