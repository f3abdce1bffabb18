"""Strict reading of nested settings, priors among them, with every problem told at once."""
