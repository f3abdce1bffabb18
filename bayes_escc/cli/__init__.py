"""The command line: one module of commands per room they call."""

from __future__ import annotations

from bayes_escc.cli.entry import main

__all__ = ["main"]
