"""The commands of comparisons that are not randomised: `bayes-escc tipping`, `reconstruct` and `overlap`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from bayes_escc.cli.command import (
    Commands,
    add_command,
    add_language,
    code_of_fit,
    language_of,
    number,
    print_json,
    told,
    whole,
)
from bayes_escc.errors import AnalysisError
from bayes_escc.names import normalise

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    tipping = add_command(
        commands,
        "tipping",
        _tipping,
        "how large a bias would change the answer of a comparison",
        description="P(better) as a function of the bias between arms that were not randomised against each other; "
        "the bias that brings it to a level; what kind of unmeasured factor that would take. Nothing is fitted again: "
        "draws of an earlier run are used if they are there.",
    )
    tipping.add_argument(
        "source",
        nargs="+",
        metavar="ANALYSIS",
        help="a .toml file or the name of one that ships; or counts, such as A=10/29 B=12/35, the first the reference",
    )
    tipping.add_argument("--level", type=number, metavar="P", help="probability whose tipping point is wanted")
    tipping.add_argument("--margin", type=number, metavar="M", help="smallest difference (or ratio) that matters")
    tipping.add_argument("--estimand", metavar="NAME", help="choose among the comparisons, for example rmst")
    tipping.add_argument("--regimen", metavar="NAME")
    tipping.add_argument("--reference", metavar="NAME")
    tipping.add_argument("--scale", choices=("difference", "ratio", "odds_ratio"))
    tipping.add_argument("--better", choices=("higher", "lower"))
    tipping.add_argument("--bias-sd", type=number, metavar="SD", help="instead of the one stated, or the default")
    tipping.add_argument("--bias-mean", type=number, metavar="B")
    add_language(tipping)
    tipping.add_argument("--results", metavar="DIR", help="folder of an earlier run (default: results/<id>)")
    tipping.add_argument("--out", metavar="DIR", help="write figures of the curve and the surface to this folder")
    read = add_command(
        commands,
        "reconstruct",
        _reconstruct,
        "read patients back from a published survival curve",
        description="Times and events of patients whose Kaplan-Meier curve and numbers at risk are those printed. "
        "Prints how closely the figure is reproduced; refuses a curve without numbers at risk (or n and events).",
    )
    read.add_argument(
        "curves", metavar="CURVES", help="points: columns time, survival, and regimen if there are several"
    )
    add_language(read)
    read.add_argument("--at-risk", metavar="FILE", help="numbers at risk: columns time, n, and the same regimen")
    read.add_argument("--arm", metavar="NAME", help="whose curve, where there are several")
    read.add_argument("--n", type=whole, metavar="N", help="number of patients, where there are no numbers at risk")
    read.add_argument("--events", type=whole, metavar="N", help="printed total of events")
    read.add_argument("--median", type=number, metavar="T", help="printed median, to compare with")
    read.add_argument("--censored", nargs="+", type=number, metavar="T", help="times of the censoring ticks")
    read.add_argument("--scale", choices=("percent", "proportion"), help="of survival, where it is not plain")
    read.add_argument("--precision", type=number, metavar="P", help="how exactly survival was read, as a proportion")
    read.add_argument("--versions", type=whole, default=20, metavar="M", help="versions that fit as well (default: 20)")
    read.add_argument("--seed", type=whole, default=1, metavar="N")
    read.add_argument("--study", default="", metavar="NAME", help="for the table of patients")
    read.add_argument(
        "--unit", choices=("days", "weeks", "months", "years"), help="of time, for the axis of the overlay"
    )
    read.add_argument("--out", metavar="FILE", help="write the patients to this CSV file, and the overlay beside it")
    overlap = add_command(
        commands,
        "overlap",
        _overlap,
        "whether patients are alike enough to be compared",
        description="Balance of every covariate and the state of overlap: of own patients with every published arm, by "
        "matching weights; or of own patients on several regimens, by a propensity score. Nothing is fitted. Exit 3 "
        "where patients do not overlap, unless they were randomised.",
    )
    overlap.add_argument("analysis", metavar="ANALYSIS", help="a .toml file with patients, or one that ships")
    add_language(overlap, stated=True)
    overlap.add_argument("--out", metavar="DIR", help="write the figure of balance, or of scores, to this folder")


def _counts(source: list[str]) -> dict[str, tuple[int, int]] | None:
    """Counts typed at the prompt, or None where an analysis is named."""
    if len(source) == 1 and (Path(source[0]).exists() or "=" not in normalise(source[0])):
        return None
    if not any("=" in normalise(text) for text in source):
        raise AnalysisError(f"name one analysis, or arms as NAME=EVENTS/N, not {' '.join(source)}.")
    from bayes_escc.runs.prompt_counts import read_typed_arms

    return {name: (events, n) for name, events, n in read_typed_arms(source)}


def _tipping(options: argparse.Namespace) -> int:
    from bayes_escc.evidence.population.tipping import LEVELS
    from bayes_escc.runs.tipping import tipping

    counts = _counts(options.source)
    found = tipping(
        counts if counts is not None else options.source[0],
        estimand=options.estimand,
        regimen=options.regimen,
        reference=options.reference,
        scale=options.scale,
        better=options.better,
        margin=options.margin,
        bias_sd=options.bias_sd,
        bias_mean=options.bias_mean,
        results=options.results,
    )
    levels = LEVELS if options.level is None else (options.level,)
    rows = [{**t.to_dict(levels), "course": t.course()} for t in found]
    fit = found[0]  # one fit is behind all of them
    if options.json:
        print_json({"bias": rows, "diagnostics": {"converged": fit.converged, "messages": list(fit.messages)}})
    else:
        from bayes_escc.report.bias_text import bias_text, course_text
        from bayes_escc.report.naming import Naming

        names = {str(row[who]) for row in rows for who in ("regimen", "reference")}
        naming = replace(Naming.of_names(names, options.language), endpoint=_endpoint(options.source[0], counts))
        if not fit.converged:
            print(naming.say("not_converged", text=naming.said(" ".join(fit.messages))), end="\n\n")
        print(bias_text(rows, naming))
        for row in rows if len(rows) <= 3 else []:
            print(f"\n{course_text(row, naming)}")
    if options.out:
        from bayes_escc.plots import tipping as draw
        from bayes_escc.plots.chinese import with_endpoint_texts
        from bayes_escc.plots.style import save_figure

        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(found):
            figure = with_endpoint_texts(draw(one), _endpoint(options.source[0], counts))
            save_figure(figure, out / (f"tipping_{number + 1}" if len(found) > 1 else "tipping"))
        word = "图保存于" if options.language == "zh" else "Figures are in "
        print(f"\n{word}{out}", file=sys.stderr)
    return code_of_fit(fit.converged, fit.messages, options.language)


def _endpoint(source: str, counts: object) -> str:
    """The endpoint of an analysis that is named, in whose words it is told; blank for counts."""
    if counts is not None:
        return ""
    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.report.endpoint_words import endpoint_of

    return endpoint_of(json.loads(find_analysis(source).content))


def _reconstruct(options: argparse.Namespace) -> int:
    from bayes_escc.evidence.population.reconstruct import reconstruct

    read = reconstruct(
        options.curves,
        at_risk=options.at_risk,
        arm=options.arm,
        n=options.n,
        events=options.events,
        median=options.median,
        censored=options.censored,
        scale=options.scale,
        precision=options.precision,
        versions=options.versions,
        seed=options.seed,
    )
    report = read.report()
    if options.out:
        from bayes_escc.files import write_atomic
        from bayes_escc.plots import reconstruction
        from bayes_escc.plots.style import save_figure

        out = Path(options.out)
        table = read.table(study=options.study, regimen=options.arm or "")
        write_atomic(out, table.to_csv(index=False))
        save_figure(reconstruction(read, unit=options.unit or ""), out.with_suffix(""))
    if options.json:
        print_json(report)
        return 0
    from bayes_escc.report.check_text import reconstruction_text
    from bayes_escc.report.naming import Naming

    naming = Naming.of_names((), options.language)
    print(reconstruction_text(report, naming))
    if options.out:
        print("\n" + naming.say("patients_are_in", path=options.out))
    return 0


def _overlap(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.evidence.population.overlap import Overlap
    from bayes_escc.evidence.population.propensity import RegimenOverlap
    from bayes_escc.plots import balance, propensity
    from bayes_escc.report.bias_text import overlap_text
    from bayes_escc.report.naming import Naming
    from bayes_escc.report.overlap_text import regimen_overlap_text
    from bayes_escc.report.result import stated_words
    from bayes_escc.runs.overlap import overlap

    analysis = find_analysis(options.analysis)
    language, found = language_of(options, analysis), overlap(analysis)
    between = [o for o in found if isinstance(o, RegimenOverlap)]
    beside = [o for o in found if isinstance(o, Overlap)]
    names = {o.study for o in beside}.union(*({o.regimen, o.reference} for o in between))
    naming = Naming.of_names(names, language, stated_words(analysis))
    if options.json:
        print_json({"overlap": [o.to_dict() for o in found]})
    else:
        texts = [*(overlap_text(o.to_dict(), naming) for o in beside)]
        print("\n\n".join([*texts, *(regimen_overlap_text(o.to_dict(), naming) for o in between)]))
    if options.out:
        from bayes_escc.plots.chinese import with_chinese_texts
        from bayes_escc.plots.style import save_figure

        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        figure = balance(beside, naming.stated) if beside else propensity(between)
        name = "balance" if beside else "propensity"
        save_figure(with_chinese_texts(figure, own=naming.own) if language == "zh" else figure, out / name)
    apart = [f"{o.study}: no overlap. {o.ways_out()}" for o in beside if o.state == "none"]
    apart += [
        f"{o.regimen} against {o.reference}: no overlap. {o.ways_out()}"
        for o in between
        if o.state == "none" and o.warned
    ]
    if apart:
        print(f"bayes-escc: {told(apart[0], language)}", file=sys.stderr)
    return 3 if apart else 0
