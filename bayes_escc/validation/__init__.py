"""Validation on the user's own machine: is it the package that was shipped, and does it give the answers it should."""
