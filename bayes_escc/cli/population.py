"""The commands of comparisons that are not randomised: `bayes-escc tipping`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from bayes_escc.errors import AnalysisError

__all__ = ["register"]


def register(commands: Any) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    tipping = commands.add_parser(
        "tipping",
        help="how large a bias would change the answer of a comparison",
        description="P(better) as a function of the bias between arms that were not randomised against each other; "
        "the bias that brings it to a level; what kind of unmeasured factor that would take. Nothing is fitted again: "
        "draws of an earlier run are used if they are there.",
    )
    tipping.add_argument(
        "source", nargs="+", metavar="ANALYSIS",
        help="a .toml file or the name of one that ships; or counts, such as A=10/29 B=12/35, the first the reference",
    )  # fmt: skip
    tipping.add_argument("--level", type=float, metavar="P", help="probability whose tipping point is wanted")
    tipping.add_argument("--margin", type=float, metavar="M", help="smallest difference (or ratio) that matters")
    tipping.add_argument("--estimand", metavar="NAME", help="choose among the comparisons, for example rmst")
    tipping.add_argument("--regimen", metavar="NAME")
    tipping.add_argument("--reference", metavar="NAME")
    tipping.add_argument("--scale", choices=("difference", "ratio", "odds_ratio"))
    tipping.add_argument("--better", choices=("higher", "lower"))
    tipping.add_argument("--bias-sd", type=float, metavar="SD", help="instead of the one stated, or the default")
    tipping.add_argument("--bias-mean", type=float, metavar="B")
    tipping.add_argument("--results", metavar="DIR", help="folder of an earlier run (default: results/<id>)")
    tipping.add_argument("--out", metavar="DIR", help="write figures of the curve and the surface to this folder")
    _finish(tipping, _tipping)


def _finish(parser: argparse.ArgumentParser, action: Any) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(action=action)


def _counts(source: list[str]) -> dict[str, tuple[int, int]] | None:
    """Counts typed at the prompt, or None where an analysis is named."""
    matches = [re.fullmatch(r"\s*(.+?)\s*=\s*(\d+)\s*/\s*(\d+)\s*", text) for text in source]
    if not any(matches):
        if len(source) > 1:
            raise AnalysisError(f"name one analysis, or arms as NAME=EVENTS/N, not {' '.join(source)}.")
        return None
    wrong = [text for text, m in zip(source, matches, strict=True) if m is None]
    if wrong:
        raise AnalysisError(f"{', '.join(wrong)}: write every arm as NAME=EVENTS/N.")
    return {m[1]: (int(m[2]), int(m[3])) for m in matches if m}


def _tipping(options: argparse.Namespace) -> int:
    from bayes_escc.population.tipping import LEVELS
    from bayes_escc.runs.tipping import tipping

    counts = _counts(options.source)
    found = tipping(
        counts if counts is not None else options.source[0], estimand=options.estimand, regimen=options.regimen,
        reference=options.reference, scale=options.scale, better=options.better, margin=options.margin,
        bias_sd=options.bias_sd, bias_mean=options.bias_mean, results=options.results,
    )  # fmt: skip
    levels = LEVELS if options.level is None else (options.level,)
    rows = [{**t.to_dict(levels), "course": t.course()} for t in found]
    if options.json:
        from bayes_escc.report.result import to_json

        sys.stdout.write(to_json({"bias": rows}))
    else:
        from bayes_escc.report.text import bias_text, course_text

        print(bias_text(rows))
        for row in rows if len(rows) <= 3 else []:
            print(f"\n{course_text(row)}")
    if options.out:
        from bayes_escc.plots import tipping as draw
        from bayes_escc.plots.style import save_figure

        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(found):
            save_figure(draw(one), out / (f"tipping_{number + 1}" if len(found) > 1 else "tipping"))
        print(f"\nFigures are in {out}", file=sys.stderr)
    return 0
