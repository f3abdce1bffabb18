"""How an object shows itself in a notebook: what it says in words, and the first rows of its table."""

from __future__ import annotations

from html import escape
from typing import Any, Final

__all__ = ["NotebookView"]

_ROWS: Final = 20


class NotebookView:
    """Gives a class the notebook view of its `repr`, and of its `table` or `frame` where it has one."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """In a notebook: the words of `repr`, and a table below them."""
        shown = f"<pre>{escape(repr(self))}</pre>"
        table: Any = getattr(self, "table", None)
        if not hasattr(table, "to_html"):
            table = getattr(self, "frame", None)
        if hasattr(table, "to_html"):
            shown += str(table.head(_ROWS).to_html(index=False, na_rep="", escape=True))
        return shown
