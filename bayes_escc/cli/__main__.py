"""`python -m bayes_escc.cli`: the command line without its installed script."""

from __future__ import annotations

import sys

from bayes_escc.cli.entry import main

__all__ = []

if __name__ == "__main__":
    sys.exit(main())
