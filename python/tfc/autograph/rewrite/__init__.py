"""The source-to-source part: plain `ast` in, plain `ast` out; nothing here knows what a tensor is."""
