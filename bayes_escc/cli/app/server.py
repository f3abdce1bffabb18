"""The routes of the page, and the server that answers on this computer alone."""

from __future__ import annotations

import io
import re
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from flask import Flask, Request, Response, abort, redirect, render_template, request, send_file

from bayes_escc.cli.app.guard import Guard
from bayes_escc.cli.app.job import Job
from bayes_escc.cli.app.pages import columns_page, results_page, studies_page
from bayes_escc.cli.app.words import WORDS
from bayes_escc.cli.app.workspace import MAX_UPLOAD, Workspace
from bayes_escc.cli.command import number
from bayes_escc.errors import AnalysisError, BayesEsccError
from bayes_escc.evidence.sheet.template import TEMPLATES, write_template
from bayes_escc.names import Direction, Plain
from bayes_escc.report.change_words import change_in_chinese
from bayes_escc.report.quantities import Language
from bayes_escc.report.refusals import refusal_in_chinese
from bayes_escc.runs.report import Drawn, folder_source
from bayes_escc.study.changes import Change

__all__ = ["Page", "create_app"]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FILES: Final = {
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


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
    for add in (_sheet_routes, _run_routes, _study_routes, _typed_routes):
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


def _sheet_routes(app: Flask, page: Page) -> None:
    work = page.workspace

    @app.get("/")
    def home() -> Any:
        return page.show("home.html", "/", "title")

    @app.post("/sheet")
    def sheet() -> Any:
        try:
            path, name = _uploaded(work)
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


def _uploaded(work: Workspace) -> tuple[Path, str]:
    """The sheet of a form, stored; its own name is only shown."""
    given = request.files.get("sheet")
    name = given.filename or "" if given is not None else ""
    return work.take(name, given.read() if given is not None else b""), name


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


def _run_routes(app: Flask, page: Page) -> None:
    work = page.workspace

    @app.get("/run")
    def run() -> Any:
        job, files = page.job, page.files()
        running = job is not None and job.running
        done = sorted(p.parent.name for p in work.results.glob("*/result.json"))
        if job is not None and not running and job.code == 0 and done:
            page.job = None
            return redirect("/result")
        failed = "" if job is None or running or job.cancelled or job.code == 0 else job.output()[-4000:]
        command = (
            f"bayes-escc start SHEET --out {work.analyses} ...\nbayes-escc run {work.analyses} --out {work.results}"
        )
        return page.show(
            "run.html",
            "/run",
            "run",
            running=running,
            refresh=running,
            files=files,
            done=done,
            failed=failed,
            seconds=job.seconds if job else 0,
            stopped=job is not None and job.cancelled,
            command=command,
        )

    @app.post("/run")
    def begin() -> Any:
        if not page.files():
            return redirect("/columns")
        if page.job is None or not page.job.running:  # one at a time
            command = ["run", str(work.analyses), "--out", str(work.results), "--language", work.language]
            page.job = Job(command, work.folder / "run.log")
        return redirect("/run")

    @app.post("/cancel")
    def cancel() -> Any:
        page.stop()
        return redirect("/run")

    @app.get("/result")
    def result() -> Any:
        return page.show(
            "result.html",
            "/result",
            "result",
            results=results_page(work.results, work.language),
            pages=_pages(work.results),
        )

    @app.post("/report")
    def report() -> Any:
        from bayes_escc.runs.report import write_report

        folders = sorted(p.parent for p in work.results.glob("*/result.json"))
        if folders:
            write_report(folders, work.results / "report", language=work.language, word=True)
        return redirect("/result")

    @app.get("/file/<folder>/<name>")
    def file(folder: str, name: str) -> Any:
        return _result_file(page, folder, name)

    @app.get("/download.zip")
    def download() -> Any:
        return send_file(io.BytesIO(work.archive()), as_attachment=True, download_name="bayes_escc.zip")


def _pages(results: Path) -> list[str]:
    """Names of the pages to print and the Word files of all results together."""
    return sorted(p.name for p in (results / "report").glob("*") if p.suffix in {".html", ".docx"})


def _result_file(page: Page, folder: str, name: str) -> Any:
    """One file of a result, of the kinds a page shows; nothing else and from nowhere else."""
    results = page.workspace.results
    path = results / folder / name
    known = {p.name for p in results.iterdir() if p.is_dir()} if results.is_dir() else set()
    if folder not in known or path.suffix not in _FILES or name not in {p.name for p in path.parent.iterdir()}:
        abort(404)
    content = page.figures(path.parent)[path.stem][".svg"] if path.suffix == ".svg" else path.read_bytes()
    answer = send_file(
        io.BytesIO(content),
        mimetype=_FILES[path.suffix],
        as_attachment=path.suffix == ".docx",
        download_name=name,
    )
    # a report and a figure carry styles of their own, and nothing else
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    )
    return answer


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


def _study_routes(app: Flask, page: Page) -> None:
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
            sheet, given = _uploaded(work)
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
        from bayes_escc.plots.chinese import with_chinese_texts
        from bayes_escc.study.story import naming_of
        from bayes_escc.study.study import Study

        with Study.open(_study_path(work, name), read_only=True) as found:
            figures = found.figures()
            chosen = next((f for n, f in figures.items() if "probability" in n), None)
            stream = io.BytesIO()
            if chosen is not None:
                if work.language == "zh":
                    stands = found.status()
                    with_chinese_texts(chosen, own=naming_of(stands["title"], stands["fit"], "zh").own)
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


def _typed_routes(app: Flask, page: Page) -> None:
    def typed(path: str, heading: str, compute: Callable[[list[str]], tuple[Any, str]]) -> Any:
        from bayes_escc.report.text import result_text

        lines = request.form.get("lines", "") if request.method == "POST" else ""
        values: Plain = {
            "lines": lines,
            "text": "",
            "command": "",
            "help": WORDS[f"{heading}_help"].said(page.workspace.language),
        }
        values |= {
            "better": request.form.get("better", "higher"),
            "margin": request.form.get("margin", ""),
            "measure": request.form.get("measure", "HR"),
        }
        problem = ""
        if request.method == "POST":
            try:
                result, command = compute([line.strip() for line in lines.splitlines() if line.strip()])
                values |= {"text": result_text(result, page.workspace.language), "command": command}
            except (BayesEsccError, ValueError) as error:
                problem = re.sub(r"(?<!\S)--(?=[a-z])", "", str(error))  # a page has fields, and no options
        return page.show("typed.html", path, heading, problem=problem, status=400 if problem else 200, **values)

    @app.route("/counts", methods=["GET", "POST"])
    def counts() -> Any:
        def compute(arms: list[str]) -> tuple[Any, str]:
            from bayes_escc.runs.prompt_counts import compare_counts

            better: Direction = "lower" if request.form.get("better") == "lower" else "higher"
            typed = request.form.get("margin", "").strip()
            try:
                margin = number(typed) if typed else None
            except ValueError:
                raise AnalysisError(f"the margin is a number, such as 0.1 or 10%, not {typed!r}.") from None
            shown = (
                " ".join(f'"{a}"' for a in arms) + f" --better {better}" + (f" --margin {margin:g}" if typed else "")
            )
            return compare_counts(arms, better=better, margin=margin), f"bayes-escc compare {shown}"

        return typed("/counts", "counts", compute)

    @app.route("/effects", methods=["GET", "POST"])
    def effects() -> Any:
        def compute(lines: list[str]) -> tuple[Any, str]:
            from bayes_escc.runs.prompt_effects import pool_effects

            measure = request.form.get("measure", "HR")
            shown = " ".join(f'"{line}"' for line in lines)
            return pool_effects(lines, measure=measure), f"bayes-escc pool {shown} --measure {measure}"

        return typed("/effects", "effects", compute)
