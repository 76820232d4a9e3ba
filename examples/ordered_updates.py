"""Two variables are independent; one variable is updated in program order. No control dependencies."""

import tfc as tf

a = tf.Variable(1.0)
b = tf.Variable(10.0)


@tf.function
def independent():
    a.assign_add(1.0)
    b.assign(b * 2.0)
    return a + b


@tf.function
def many():
    a.assign(2.0)
    a.assign_add(1.0)
    first = a.read_value()
    a.assign(a * a)
    return first, a.read_value()


def main():
    print("independent:", independent().numpy(), a.numpy(), b.numpy())
    print("many:", [t.numpy() for t in many()], a.numpy())
    print(many.get_concrete_function().effects())


if __name__ == "__main__":
    main()
