"""What converted code calls: each operator has Python's meaning for Python values and builds control flow
for tensors.
"""
