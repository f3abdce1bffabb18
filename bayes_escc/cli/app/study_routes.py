"""Routes of a study: its start, a new data cut in two steps, and its story."""

from __future__ import annotations

import io
import re
import secrets
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, redirect, request

from bayes_escc.cli.app.pages import studies_page
from bayes_escc.cli.app.session import Page, uploaded
from bayes_escc.cli.app.workspace import Workspace
from bayes_escc.errors import BayesEsccError
from bayes_escc.report.change_words import change_in_chinese
from bayes_escc.report.quantities import Language
from bayes_escc.study.changes import Change

__all__ = ["study_routes"]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


def _begin_study(file: Path, analysis: Path, sheet: Path) -> None:
    """A study that begins with its first table, or not at all."""
    from bayes_escc.study.study import Study

    made = Study.create(file, analysis)
    try:
        with made:
            made.update(sheet)
    except BayesEsccError:
        file.unlink()
        raise


def study_routes(app: Flask, page: Page) -> None:
    """The pages of studies."""
    work = page.workspace

    @app.get("/study")
    def study() -> Any:
        return _study(page)

    @app.post("/study/begin")
    def study_begin() -> Any:
        name, analysis = request.form.get("name", ""), request.form.get("analysis", "")
        if not _NAME.fullmatch(name) or analysis not in page.files() or work.sheet is None:
            return _study(page, "A study has a name of letters, digits, _ and -, and an analysis of this sheet.")
        folder = work.folder / "studies"
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            _begin_study(folder / f"{name}.db", work.analyses / analysis, work.sheet)
        except BayesEsccError as error:
            return _study(page, str(error))
        return redirect("/study")

    @app.post("/study/<name>/compare")
    def compare(name: str) -> Any:
        from bayes_escc.study.study import Study

        path = _study_path(work, name)
        try:
            sheet, given = uploaded(work)
            with Study.open(path, read_only=True) as found:
                changes = found.diff(sheet)
        except BayesEsccError as error:
            return _study(page, str(error))
        ticket = secrets.token_urlsafe(12)
        page.offered[ticket] = (sheet, given)
        shown = [_change(c, work.language) for c in changes]
        return page.show(
            "changes.html",
            "/study",
            "study_changes",
            study=name,
            sheet=ticket,
            changes=shown,
            shown_name=Path(given.replace("\\", "/")).name,
        )

    @app.post("/study/<name>/record")
    def record(name: str) -> Any:
        from bayes_escc.study.study import Study

        path = _study_path(work, name)
        ticket = request.form.get("sheet", "")
        sheet = page.offered.get(ticket)
        if sheet is None:
            return _study(page, "Choose the sheet again.")
        try:
            with Study.open(path) as found:
                found.update(sheet[0], acknowledge=request.form.getlist("acknowledge"), why=request.form.get("why", ""))
        except BayesEsccError as error:  # the sheet stays, so that the answers can be completed
            return _study(page, str(error))
        del page.offered[ticket]
        return redirect("/study")

    @app.get("/study/<name>/probability.svg")
    def figure(name: str) -> Any:
        from bayes_escc.study.study import Study

        with Study.open(_study_path(work, name), read_only=True) as found:
            figures = found.figures(work.language)
            chosen = next((f for n, f in figures.items() if "probability" in n), None)
            stream = io.BytesIO()
            if chosen is not None:
                chosen.savefig(stream, format="svg")
            _close(figures)
        if chosen is None:
            abort(404)
        return Response(stream.getvalue(), mimetype="image/svg+xml")


def _change(change: Change, language: Language) -> dict[str, str]:
    """One change of a patient, and what acknowledges it if it rewrites a past fact."""
    unit, text = change.unit, f"{change.kind}: {change.detail}" if change.detail else change.kind
    if language == "zh":
        text = change_in_chinese("", change.kind, change.detail).removeprefix("：")
        unit = change_in_chinese(change.unit, change.kind, change.detail).removesuffix(f"：{text}")
    return {"unit": unit, "text": text, "acknowledgement": "" if change.harmless else change.acknowledgement}


def _close(figures: Any) -> None:
    from matplotlib import pyplot

    for figure in figures.values():
        pyplot.close(figure)


def _study_path(work: Workspace, name: str) -> Path:
    if name not in {p.stem for p in work.studies}:
        abort(404)
    return work.folder / "studies" / f"{name}.db"


def _study(page: Page, problem: str = "") -> Any:
    shown = studies_page(page.workspace.studies, page.workspace.language)
    files = page.files() if page.workspace.sheet is not None else []
    return page.show(
        "study.html", "/study", "study", problem=problem, status=400 if problem else 200, files=files, studies=shown
    )
