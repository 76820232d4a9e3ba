"""`l.append(x)`."""


def append(target, item):
    """`target.append(item)`; gives the list to go on with."""
    target.append(item)
    return target
