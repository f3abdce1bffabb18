"""What the pages show, as plain values: of a decision, of results, of studies."""

from __future__ import annotations

import json
from pathlib import Path

from bayes_escc.evidence.sheet.analyses import reading_order
from bayes_escc.evidence.sheet.decide import Decision
from bayes_escc.evidence.sheet.roles import ROLES
from bayes_escc.evidence.sheet.summary import summary_of
from bayes_escc.evidence.sheet.wording import masked
from bayes_escc.names import Plain
from bayes_escc.report.blocks import Figure, Table
from bayes_escc.report.page import in_words_of_endpoint
from bayes_escc.report.page_words import WORDS
from bayes_escc.report.part_results import probability
from bayes_escc.report.quantities import Language
from bayes_escc.report.sentences import verdict
from bayes_escc.report.text import result_text
from bayes_escc.report.view import View

__all__ = ["columns_page", "results_page", "studies_page"]

_ROWS = 10


def columns_page(decision: Decision, language: str) -> Plain:
    """Columns, questions, and the first rows of the table; nothing of a column that is not read."""
    applied = decision.applied
    rows = [] if applied is None else [list(row.values()) for row in applied.rows[:_ROWS]]
    return {
        "questions": [
            {
                "code": q.code,
                "text": q.text.said(language),
                "free": q.free,
                "safe": q.safe,
                "rows": q.rows.said(language).strip() if q.rows else "",
                "candidates": [
                    {
                        "value": c.value,
                        "means": c.means.said(language),
                        "effect": c.effect.said(language) if c.effect else "",
                    }
                    for c in q.candidates
                ],
            }
            for q in decision.questions
        ],
        "proposals": [
            {"header": masked(p.header), "role": _role(p.role, language), "reason": p.reason.said(language)}
            for p in decision.proposals
        ],
        "notes": [n.said(language) for n in decision.notes],
        "aside": [f"{a.sheet}{f' {a.row}' if a.row else ''}: {a.why.said(language)}" for a in decision.aside],
        "header": [] if applied is None else list(applied.columns),
        "rows": rows,
        "summary": "" if applied is None else summary_of(applied, decision.mapping).said(language),
    }


def _role(role: str | None, language: str) -> str:
    return f"{ROLES[role].said.said(language)} ({role})" if role else ""


def results_page(folder: Path, language: Language) -> list[Plain]:
    """Every result in a folder: its comparisons, figures and text, and the report where there is one."""
    found = []
    for path in sorted(folder.glob("*/result.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        names = sorted(p.name for p in path.parent.iterdir() if p.is_file())
        report = [n for n in names if n.endswith(".html")]
        found.append(
            {
                "id": path.parent.name,
                "title": result["analysis"]["title"],
                "question": _question(path),
                "converged": result["diagnostics"]["converged"],
                "comparisons": _comparisons(path.parent, language),
                "figures": _figures(
                    path.parent, language, [n.removesuffix(".svg") for n in names if n.endswith(".svg")]
                ),
                "report": report[0] if report else "",
                "word": [n for n in names if n.endswith(".docx")],
                "text": result_text(result, language),
                "verdict": verdict(result, language),
            }
        )
    return sorted(found, key=lambda r: reading_order(r["id"]))


def _question(path: Path) -> str:
    import tomllib

    source = path.parents[2] / "analyses" / f"{path.parent.name}.toml"
    return str(tomllib.loads(source.read_text(encoding="utf-8")).get("question", "")) if source.is_file() else ""


def _facts(folder: Path) -> Plain:
    """What the page of a result is made of."""
    return dict(json.loads((folder / "page.json").read_text(encoding="utf-8")))


def _figures(folder: Path, language: Language, names: list[str]) -> list[Figure]:
    """Every figure with its caption."""
    captions = sorted((k.removeprefix("caption_") for k in WORDS if k.startswith("caption_")), key=len, reverse=True)
    view = View(_facts(folder), language, tuple(names))
    drawn = view.drawn(*captions)
    said = {block.name: in_words_of_endpoint(block, view) for block in drawn if isinstance(block, Figure)}
    return [said.get(name, Figure(name, name.replace("_", " "))) for name in names]


def _comparisons(folder: Path, language: Language) -> Table | None:
    """The table of comparisons as the page to print shows it."""
    view = View(_facts(folder), language, ())
    _, blocks = probability(view)
    table: Table | None = in_words_of_endpoint(next((b for b in blocks if isinstance(b, Table)), None), view)
    return table


def studies_page(paths: list[Path], language: Language) -> list[Plain]:
    """Every study: its name and history."""
    from bayes_escc.study.story import history_text
    from bayes_escc.study.study import Study

    found = []
    for path in paths:
        with Study.open(path, read_only=True) as study:
            history = study.history()
            fitted = sum(bool(entry["fit"]) for entry in history["entries"]) > 1
        found.append({"name": path.stem, "history": history_text(history, language), "figure": fitted})
    return found
