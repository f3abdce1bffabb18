"""`be.read_sheet`: a raw sheet in Python, with the questions it leaves open and what was done to its cells."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_escc.evidence.sheet.decide import Decision, decide
from bayes_escc.evidence.sheet.mapped import apply_to_source, grids_of
from bayes_escc.evidence.sheet.mapping import Mapping as SheetMapping
from bayes_escc.evidence.sheet.mapping import load_mapping
from bayes_escc.evidence.sheet.questions import OpenQuestionsError
from bayes_escc.evidence.sheet.summary import summary_of
from bayes_escc.evidence.sheet.wording import Text, language_of
from bayes_escc.names import PlainMapping

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.evidence.sheet.applied import Applied

__all__ = ["RawSheet", "read_sheet"]


@dataclass(frozen=True, repr=False)
class RawSheet:
    """A raw sheet as a table; made by `read_sheet`.

    Parameters
    ----------
    mapping : Mapping
        How it was read; `mapping.to_toml()` is the content of `mapping.toml`.
    applied : Applied
        The table and what was done to its cells.
    source : str
        Name of the file.
    """

    mapping: SheetMapping
    applied: Applied
    source: str

    @property
    def frame(self) -> pd.DataFrame:
        """The table, for `ResponseModel`, `SurvivalModel` and the readers of tables; all cells are text."""
        return self.applied.frame()

    @property
    def log(self) -> pd.DataFrame:
        """Every cell that was read differently or derived, with its row and the reason."""
        import pandas as pd

        rows = [(e.sheet, e.row, e.column, e.cell, e.read_as, e.why.en) for e in self.applied.log]
        return pd.DataFrame(rows, columns=["sheet", "row", "column", "cell", "read_as", "why"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided for many rows together."""
        return tuple(n.en for n in self.applied.notes)

    @property
    def digest(self) -> str:
        """SHA-256 of the table, whatever the order of rows and columns of the sheet."""
        return self.applied.digest

    def __repr__(self) -> str:
        return f"RawSheet({self.source}: {summary_of(self.applied, self.mapping).en})"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.frame.head(10).to_html(escape=True)}"


def read_sheet(
    source: str | Path | pd.DataFrame,
    *,
    mapping: str | Path | None = None,
    answers: PlainMapping | None = None,
    yes: bool = False,
) -> RawSheet:
    """Read a ward's raw sheet.

    Parameters
    ----------
    source : path or DataFrame
        A workbook or text file as the ward keeps it, or a DataFrame (of pandas, polars and others) with its headers.
    mapping : path, optional
        A `mapping.toml` that ``bayes-escc start`` wrote; without it the sheet is understood anew.
    answers : mapping, optional
        Answers to questions, by code: ``{"use.progression": "进展日期", "word.response.有效": "PR"}``.
    yes : bool
        Whether questions that have a safe answer take it.

    Returns
    -------
    RawSheet

    Raises
    ------
    OpenQuestionsError
        A `DataError` whose `questions` a person must answer; the message lists them.
    DataError
        If the sheet cannot be read.

    Examples
    --------
    >>> sheet = be.read_sheet("ward.xlsx", answers={"censored_at": "last_scan"})  # doctest: +SKIP
    >>> be.SurvivalModel(baseline="weibull").fit(sheet.frame, time="time", event="event")  # doctest: +SKIP
    """
    name = Path(source).name if isinstance(source, str | Path) else "the DataFrame"
    if mapping is not None:
        stated = load_mapping(mapping)
        return RawSheet(stated, apply_to_source(source, stated), name)
    given = {k: str(v) for k, v in (answers or {}).items()}
    decision = decide(grids_of(source), given, yes=yes)
    blocking = tuple(q for q in decision.questions if not q.code.startswith(("reference", "margin.")))
    if blocking or decision.applied is None:
        count = f"{len(blocking)} question" + ("" if len(blocking) == 1 else "s")
        lead = Text(
            f"the sheet leaves {count} open; give the answers with answers=.",
            f"表格中有{len(blocking)}个问题需要回答，请用answers=给出。",
        )
        language = language_of(p.header for p in decision.proposals)
        raise OpenQuestionsError(blocking, lead, language, python=True)
    return RawSheet(_answered(decision), decision.applied, name)


def _answered(decision: Decision) -> SheetMapping:
    return replace(decision.mapping, answers=tuple(sorted(decision.answers.items())))
