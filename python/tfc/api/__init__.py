"""The namespaces of `tf`: modules that only re-export."""
