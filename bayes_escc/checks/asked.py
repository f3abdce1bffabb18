"""An analysis and its table, whether given as an analysis file or as a model with a table."""

from __future__ import annotations

from typing import Any, Protocol

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.settings.arguments import shown

__all__ = ["Asked", "question"]


class _Configured(Protocol):
    """A model as a Python user writes it."""

    analysis: Analysis

    def read(self, table: Any) -> Any:
        """The table, read and checked."""


Asked = Analysis | _Configured


def question(asked: Asked, table: Any) -> tuple[Analysis, Any]:
    """The analysis, and the checked table it is asked of.

    Raises
    ------
    AnalysisError
        If a model comes without a table.
    """
    if isinstance(asked, Analysis):
        return asked, asked.load_table() if table is None else table
    if not hasattr(asked, "analysis"):
        raise AnalysisError(
            f"a check is asked of an Analysis or of a model such as ResponseModel, not of {shown(asked)}."
        )
    if table is None:
        raise AnalysisError("a model needs the table it is asked of: give it as the second argument.")
    return asked.analysis, asked.read(table)
