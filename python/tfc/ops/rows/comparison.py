"""Rows of comparisons, logic and select."""

import numpy as np

from tfc.ops import primitives as p
from tfc.ops.elements import choose
from tfc.ops.gradients import scalar, unbroadcast
from tfc.ops.table import ELEMENTWISE, NotDifferentiable, row

row(p.equal, np.equal, NotDifferentiable, kinds="biufc", quiet=False)
row(p.not_equal, np.not_equal, NotDifferentiable, kinds="biufc", quiet=False)
row(p.less, np.less, NotDifferentiable, kinds="iuf")
row(p.less_equal, np.less_equal, NotDifferentiable, kinds="iuf")
row(p.greater, np.greater, NotDifferentiable, kinds="iuf")
row(p.greater_equal, np.greater_equal, NotDifferentiable, kinds="iuf")
row(p.logical_and, np.logical_and, NotDifferentiable, kinds="b", quiet=False)
row(p.logical_or, np.logical_or, NotDifferentiable, kinds="b", quiet=False)

row(
    p.select,
    choose,
    (
        None,
        lambda g, out, c, x, y: unbroadcast(p.select(c, g, scalar(0, g)), x, c, y),
        lambda g, out, c, x, y: unbroadcast(p.select(c, scalar(0, g), g), y, c, x),
    ),
    kinds="biufc",
    quiet=False,
    jvp=ELEMENTWISE,
)
