"""Ops of builtin are named by strings here: their Python classes take milliseconds to import."""
