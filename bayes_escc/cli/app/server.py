"""The routes of the page, and the server that answers on this computer alone."""

from __future__ import annotations

import io
from typing import IO, Any

from flask import Flask, Request, Response, redirect, render_template, request

from bayes_escc.cli.app.run_routes import run_routes
from bayes_escc.cli.app.session import Page
from bayes_escc.cli.app.sheet_routes import sheet_routes
from bayes_escc.cli.app.study_routes import study_routes
from bayes_escc.cli.app.typed_routes import typed_routes
from bayes_escc.cli.app.words import WORDS
from bayes_escc.cli.app.workspace import MAX_UPLOAD
from bayes_escc.errors import BayesEsccError

__all__ = ["create_app"]


class _Request(Request):
    """A request whose uploads stay in memory, so that no sheet is ever in a folder nobody chose."""

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        return io.BytesIO()


def create_app(page: Page) -> Flask:
    """The application of one session.

    Parameters
    ----------
    page : Page
    """
    app = Flask("bayes_escc.cli.app", static_folder=None)
    app.request_class = _Request
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD + 100_000
    app.config["MAX_FORM_MEMORY_SIZE"] = 1_000_000
    page.guard.watch(app)
    for add in (sheet_routes, run_routes, study_routes, typed_routes):
        add(app, page)

    @app.errorhandler(BayesEsccError)
    def refused(error: BayesEsccError) -> Any:
        return page.show("base.html", "", "problem", problem=str(error), status=400)

    @app.errorhandler(500)
    def unforeseen(_: Exception) -> Any:
        return page.show(
            "base.html", "", "problem", problem=WORDS["unforeseen"].said(page.workspace.language), status=500
        )

    @app.errorhandler(403)
    @app.errorhandler(404)
    @app.errorhandler(405)
    @app.errorhandler(413)
    def not_served(error: Any) -> Any:
        word = WORDS.get({413: "too_large", 404: "no_page"}.get(error.code, ""))
        text = word.said(page.workspace.language).format(size=MAX_UPLOAD // 1_000_000) if word else error.description
        return Response(text, error.code, mimetype="text/plain")

    @app.get("/style.css")
    def style() -> Response:
        return Response(render_template("style.css"), mimetype="text/css")

    @app.post("/language")
    def language() -> Any:
        page.workspace.language = "en" if page.workspace.language == "zh" else "zh"
        back = request.form.get("back", "/")
        return redirect(back if back in {"/", "/columns", "/run", "/result", "/study", "/counts", "/effects"} else "/")

    return app
