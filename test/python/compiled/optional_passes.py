"""The passes that only make code faster, and may be switched off; a test in test_passes_off.py compares with the compiler."""

OPTIONAL = (
    "tfc-forward-stores", "tfc-merge-reads", "tfc-remove-dead-effects", "tfc-hoist-reads", "tfc-promote-variables",
    "tfc-merge-prints", "cse", "tfc-renew-carried", "tfc-reuse-operands", "tfc-place-results", "tfc-remove-unit-dims", "tfc-reorder-inputs", "tfc-fuse-scans", "tfc-fuse-loops", "tfc-share-groups", "tfc-lower-contractions", "tfc-parallelize-chains",
    "tfc-share-loops", "tfc-size-lists", "tfc-split-complex-products", "tfc-share-factors", "tfc-real-products",
)  # fmt: skip
