"""Where `mlir.ir` looks for Python classes of ops (`append_dialect_search_prefix`)."""
