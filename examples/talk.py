"""Every program of the talk that tfc comes from, one after the other."""

import dynamic_rnn
import gradient
import lstm_cell
import ordered_updates
import polymorphic_add
import print_and_assert
import tensor_array
import variables
import while_sum

PROGRAMS = [
    polymorphic_add,
    gradient,
    lstm_cell,
    ordered_updates,
    variables,
    while_sum,
    dynamic_rnn,
    print_and_assert,
    tensor_array,
]


def main():
    for program in PROGRAMS:
        print(f"\n=== {program.__name__}: {program.__doc__.splitlines()[0]}")
        program.main()


if __name__ == "__main__":
    main()
