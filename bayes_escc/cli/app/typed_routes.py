"""Routes of counts and effects that are typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, request

from bayes_escc.cli.app.session import Page
from bayes_escc.cli.app.words import WORDS
from bayes_escc.cli.command import number
from bayes_escc.errors import AnalysisError, BayesEsccError
from bayes_escc.names import Direction, Plain

__all__ = ["typed_routes"]


def typed_routes(app: Flask, page: Page) -> None:
    """The pages of counts and effects that are typed."""

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
