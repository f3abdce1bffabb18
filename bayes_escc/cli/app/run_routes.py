"""Routes of a run: its progress, its result and the files of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from flask import Flask, abort, redirect, send_file

from bayes_escc.cli.app.job import Job
from bayes_escc.cli.app.pages import results_page
from bayes_escc.cli.app.session import Page

__all__ = ["run_routes"]

_FILES: Final = {
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def run_routes(app: Flask, page: Page) -> None:
    """The run of a page, from its button to its files."""
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
