"""Routes of a sheet: brought, understood, asked about."""

from __future__ import annotations

import io
from typing import Any

from flask import Flask, abort, redirect, request, send_file

from bayes_escc.cli.app.pages import columns_page
from bayes_escc.cli.app.session import Page, uploaded
from bayes_escc.errors import BayesEsccError
from bayes_escc.evidence.sheet.template import TEMPLATES, write_template

__all__ = ["sheet_routes"]


def sheet_routes(app: Flask, page: Page) -> None:
    """The pages of a sheet, from bringing it to the columns that are understood."""
    work = page.workspace

    @app.get("/")
    def home() -> Any:
        return page.show("home.html", "/", "title")

    @app.post("/sheet")
    def sheet() -> Any:
        try:
            path, name = uploaded(work)
            page.stop()
            page.job = None  # it was of another sheet
            work.use(path, name)
            work.decide()
        except BayesEsccError as error:
            return page.show("home.html", "/", "title", problem=str(error), status=400)
        return redirect("/columns")

    @app.get("/columns")
    def columns() -> Any:
        return _columns(page)

    @app.post("/columns")
    def answers() -> Any:
        given = {k.removeprefix("answer."): v for k, v in request.form.items() if k.startswith("answer.")}
        given |= {k.removeprefix("free."): v for k, v in request.form.items() if k.startswith("free.") and v.strip()}
        problem = work.answer(given)
        return _columns(page, problem) if problem else redirect("/columns")

    @app.post("/again")
    def again() -> Any:
        work.answers = {}
        work.save()
        return redirect("/columns")

    @app.post("/write")
    def write() -> Any:
        page.stop()
        try:
            work.write()
        except BayesEsccError as error:
            return _columns(page, str(error))
        return redirect("/run")

    @app.post("/erase")
    def erase() -> Any:
        page.stop()
        page.job = None
        work.erase()
        return redirect("/")

    @app.get("/template/<kind>.xlsx")
    def template(kind: str) -> Any:
        if kind not in TEMPLATES:
            abort(404)
        path = write_template(kind, work.folder / "template.xlsx", language=work.language)
        content = path.read_bytes()
        path.unlink()
        return send_file(io.BytesIO(content), as_attachment=True, download_name=f"{kind}.xlsx")


def _columns(page: Page, problem: str = "") -> Any:
    if page.workspace.sheet is None:
        return redirect("/")
    decision, _ = page.workspace.decide()
    shown = columns_page(decision, page.workspace.language)
    status = 400 if problem else 200
    return page.show(
        "columns.html",
        "/columns",
        "columns",
        problem=problem,
        status=status,
        answered=bool(page.workspace.answers),
        **shown,
    )
