"""The tfcrt dialect has no op classes in Python: ops are named by strings.

Without this module `mlir.ir` would search for one at every op it hands out, about 0.1 ms each time.
"""
