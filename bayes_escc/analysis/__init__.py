"""An analysis: the checked content of one TOML file, its data section and the files that ship."""

from __future__ import annotations

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.bundled import bundled_analyses, find_analysis

__all__ = ["Analysis", "bundled_analyses", "find_analysis"]
