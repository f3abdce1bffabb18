"""One session of the page: its guard, its folder, its job, and how a template is filled in."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from flask import render_template, request

from bayes_escc.cli.app.guard import Guard
from bayes_escc.cli.app.job import Job
from bayes_escc.cli.app.words import WORDS
from bayes_escc.cli.app.workspace import Workspace
from bayes_escc.report.refusals import refusal_in_chinese
from bayes_escc.runs.report import Drawn, folder_source

__all__ = ["Page", "uploaded"]


class Page:
    """What the routes share: the folder in work, the run, and the checks of requests.

    Parameters
    ----------
    workspace : Workspace
    guard : Guard
    """

    def __init__(self, workspace: Workspace, guard: Guard) -> None:
        self.workspace, self.guard = workspace, guard
        self.job: Job | None = None
        self.offered: dict[str, tuple[Path, str]] = {}
        self._drawn: dict[tuple[Path, str, int], Drawn] = {}
        self._drawing = threading.Lock()

    def show(
        self, template: str, here: str, heading: str, *, problem: str = "", status: int = 200, **values: Any
    ) -> Any:
        """One page in the language chosen."""
        language = self.workspace.language
        words = {code: text.said(language) for code, text in WORDS.items()}
        body = render_template(
            template,
            w=words,
            language=language,
            here=here,
            heading=words.get(heading, heading),
            problem=refusal_in_chinese(problem) if language == "zh" else problem,
            secret=self.guard.form_secret,
            name=self.workspace.name,
            folder=str(self.workspace.folder),
            **values,
        )
        return body, status

    def files(self) -> list[str]:
        """Names of the analyses in the folder."""
        return sorted(p.name for p in self.workspace.analyses.glob("*.toml") if p.name != "mapping.toml")

    def figures(self, folder: Path) -> Drawn:
        """The figures of a results folder in the language chosen, drawn again where the run drew another."""
        language = self.workspace.language
        key = (folder, language, (folder / "result.json").stat().st_mtime_ns)
        with self._drawing:  # the style of figures is one for the whole process
            if key not in self._drawn:
                self._drawn = {k: v for k, v in self._drawn.items() if k[:2] != key[:2]}
                self._drawn[key] = folder_source(folder).figures(language)
            return self._drawn[key]

    def stop(self) -> None:
        """End a run that is under way."""
        if self.job is not None:
            self.job.cancel()


def uploaded(work: Workspace) -> tuple[Path, str]:
    """The sheet of a form, stored; its own name is only shown."""
    given = request.files.get("sheet")
    name = given.filename or "" if given is not None else ""
    return work.take(name, given.read() if given is not None else b""), name
