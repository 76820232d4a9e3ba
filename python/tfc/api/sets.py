"""`tf.sets`."""

from tfc.ops.naming import publish
from tfc.ops.sets import set_difference as difference
from tfc.ops.sets import set_intersection as intersection
from tfc.ops.sets import set_size as size
from tfc.ops.sets import set_union as union

publish(globals())

__all__ = ["difference", "intersection", "size", "union"]
