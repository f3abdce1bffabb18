"""Questions put while a sheet is understood, and where their answers come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingType
from collections.abc import Sequence

from bayes_escc.errors import DataError
from bayes_escc.evidence.sheet.grids import Grid
from bayes_escc.evidence.sheet.questions import Question
from bayes_escc.evidence.sheet.roles import same_header
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["Asking"]


class Asking:
    """Questions and the answers given to them; what has a safe answer may take it."""

    def __init__(
        self,
        grids: Sequence[Grid],
        answers: MappingType[str, str],
        *,
        yes: bool,
        key: bytes,
        today: dt.date | None,
        tentative: bool = False,
    ) -> None:
        self.grids, self.given, self.yes, self.key, self.today = grids, dict(answers), yes, key, today
        self.tentative = tentative
        self.earlier: frozenset[str] = frozenset()
        self.questions: dict[str, Question] = {}
        self.used: dict[str, tuple[Question, str]] = {}
        self.notes: list[Text] = []
        self.settings: dict[str, str] = {}
        self.joining, self.joined = "", False
        self.overall = False

    def ask(self, question: Question) -> str | None:
        """The answer to a question if there is one; else it stays open."""
        stated = self.given.get(question.code, self.settings.get(question.code))
        if stated is not None:
            answer = question.accepts(stated)
            if answer is not None:
                self.used[question.code] = (question, answer)
                return answer
            offered = ", ".join(c.value for c in question.candidates) or "a number"
            if question.code in self.given and question.code not in self.earlier:
                raise DataError(
                    f"{stated!r} does not answer {question.code!r}: {question.text.en} Possible are {offered}."
                )
        if question.safe is not None and self.yes:
            self.used[question.code] = (question, question.safe)
            return question.safe
        if self.tentative and question.code.startswith("word."):
            return None  # a word that is not answered yet stands for nothing, whatever another question is answered
        if self.tentative:
            return question.candidates[0].value if question.candidates else None
        self.questions[question.code] = question
        return None

    def uses_answers(self) -> dict[str, str]:
        """Columns that were named, by flag or in answer to a question."""
        headers = [h for g in self.grids for row in g.rows for h in row]
        found = {
            c: a
            for c, a in self.given.items()
            if c.startswith("use.")
            and (c not in self.earlier or a == "none" or any(same_header(h, a) for h in headers if h))
        }
        return found | {c: a for c, (_, a) in self.used.items() if c.startswith("use.")}
