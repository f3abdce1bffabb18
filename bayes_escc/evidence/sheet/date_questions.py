"""Questions about the dates of a whole column: which of day and month comes first, and from when numbers count."""

from __future__ import annotations

import datetime as dt
from typing import Final

from bayes_escc.evidence.sheet.applied import Record, Recorder
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["SERIAL_EPOCHS", "ask_date"]

SERIAL_EPOCHS: Final = {"windows": dt.date(1899, 12, 30), "mac": dt.date(1904, 1, 1)}
"""Day zero of Excel's numbers of days, by the answer to the question."""


def ask_date(recorder: Recorder, record: Record, role: str, header: str, what: str) -> None:
    """Ask of a column what one answer settles: `what` is ``ambiguous`` or ``serial``."""
    if what == "ambiguous":
        recorder.ask(
            f"order.{role}",
            Text(f"Does the day or the month come first in {header!r}?", f"“{header}”中日在前还是月在前？"),
            (Candidate("dmy", Text("day first", "日/月/年")), Candidate("mdy", Text("month first", "月/日/年"))),
            record,
        )
    else:
        recorder.ask(
            f"epoch.{role}",
            Text(
                f"Dates of {header!r} are numbers of days. From which Excel?",
                f"“{header}”中的日期是天数，来自哪种Excel？",
            ),
            (
                Candidate("windows", Text("Windows, or any of the last ten years", "Windows版或近十年的版本")),
                Candidate("mac", Text("old Excel for the Mac (1904)", "旧Mac版(1904)")),
            ),
            record,
        )
