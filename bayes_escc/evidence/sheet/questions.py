"""What only a person can decide: one question, its candidates, and what each of them would change."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bayes_escc.errors import DataError
from bayes_escc.evidence.sheet.wording import Text

__all__ = ["Candidate", "OpenQuestionsError", "Question", "flag_of", "is_role_question"]


@dataclass(frozen=True)
class Candidate:
    """One possible answer.

    Parameters
    ----------
    value : str
        What is typed.
    means : Text
        What it stands for.
    effect : Text or None
        Patients, events and median if it is chosen.
    """

    value: str
    means: Text
    effect: Text | None = None


@dataclass(frozen=True)
class Question:
    """Something the sheet does not decide.

    Parameters
    ----------
    code : str
        Stable name, with which it is answered: ``reference``, ``word.status.复发``, ``use.progression``.
    text : Text
    candidates : tuple of Candidate
    free : {"", "number", "text"}
        Whether another value than the candidates is taken.
    safe : str or None
        The answer that ``--yes`` takes; None where a person must answer.
    rows : Text or None
        Which rows it is about; printed, but not stored with the answer.
    """

    code: str
    text: Text
    candidates: tuple[Candidate, ...] = ()
    free: str = ""
    safe: str | None = None
    rows: Text | None = None

    def accepts(self, answer: str) -> str | None:
        """The answer as it is stored, or None where it is not one."""
        folded = answer.strip()
        for candidate in self.candidates:
            if folded.casefold() == candidate.value.casefold():
                return candidate.value
        if self.free == "number" and re.fullmatch(r"\d+(\.\d+)?", folded) and float(folded) > 0:
            return f"{float(folded):g}"
        return folded if self.free == "text" and folded else None

    def flag(self) -> str:
        """The option that answers it on the command line, with the first candidate as example."""
        example = self.candidates[0].value if self.candidates else "..."
        return flag_of(self.code, example)

    def with_effects(self, effects: Mapping[str, Text]) -> Question:
        """The same question saying what each candidate changes."""
        told = tuple(replace(c, effect=effects.get(c.value, c.effect)) for c in self.candidates)
        return replace(self, candidates=told)

    def lines(self, language: str) -> list[str]:
        """The question and its candidates, one line each."""
        lines = [self.text.said(language) + (self.rows.said(language) if self.rows else "")]
        for number, c in enumerate(self.candidates, start=1):
            means = c.means.said(language)
            said = c.value if not means or means == c.value else f"{c.value}: {means}"
            mark = "  " if self.free == "number" else f"  {number}. "  # a number typed is the answer itself
            lines.append(f"{mark}{said}" + (f"  [{c.effect.said(language)}]" if c.effect else ""))
        return lines


def is_role_question(code: str) -> bool:
    """Whether a question is answered with ``--use ROLE=HEADER``."""
    return code.startswith("use.")


def flag_of(code: str, answer: str) -> str:
    """The option that gives an answer."""
    if is_role_question(code):
        return f"--use {shlex.quote(f'{code.removeprefix("use.")}={answer}')}"
    return f"--answer {shlex.quote(f'{code}={answer}')}"


def _in_python(question: Question) -> str:
    example = question.candidates[0].value if question.candidates else "..."
    return f"answers={{{question.code!r}: {example!r}}}"


class OpenQuestionsError(DataError):
    """The sheet leaves questions open (exit code 3); the message lists them with the options that answer them."""

    def __init__(
        self, questions: Sequence[Question], lead: Text, language: str = "en", *, python: bool = False
    ) -> None:
        self.questions = tuple(questions)
        heading = lead.said(language)
        blocks = ["\n".join([*q.lines(language), f"     {_in_python(q) if python else q.flag()}"]) for q in questions]
        super().__init__("\n\n".join([heading, *blocks]))
