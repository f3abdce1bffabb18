"""The commands `run`, `models` and `warmup`: the analyses that ship, and those of the user."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from bayes_escc.cli.command import (
    Commands,
    add_command,
    add_language,
    code_of_fit,
    language_of,
    print_json,
    printed,
    told,
    whole,
)
from bayes_escc.errors import BayesEsccError
from bayes_escc.names import Plain, PlainMapping

if TYPE_CHECKING:
    from pathlib import Path

    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.evidence import Table
    from bayes_escc.report.quantities import Language

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    run = add_command(commands, "run", _run, "fit an analysis and write its results")
    run.add_argument(
        "analysis",
        metavar="ANALYSIS",
        help="a .toml file, a folder of them, or the name of one that ships (see models)",
    )
    run.add_argument("--out", metavar="DIR", help="folder for the results (default: results/<id>)")
    run.add_argument("--seed", type=whole, metavar="N")
    run.add_argument("--draws", type=whole, metavar="N", help="draws per chain")
    run.add_argument("--tune", type=whole, metavar="N", help="tuning steps per chain")
    run.add_argument("--chains", type=whole, metavar="N")
    run.add_argument("--sampler", choices=("auto", "exact", "nuts", "laplace"))
    run.add_argument("--no-figures", action="store_true", help="write tables only")
    run.add_argument("--report", action="store_true", help="also write a page to print (see the command report)")
    run.add_argument(
        "--with",
        dest="checks",
        action="append",
        default=[],
        choices=("sensitivity", "proportional-hazards"),
        help="checks that become part of the page; with --report, sensitivity of exact results is one anyway",
    )
    run.add_argument("--full", action="store_true", help="print every table, not the answer alone")
    run.add_argument(
        "--language",
        choices=("en", "zh"),
        help="of the answer, the figures and the page (default: [report] language; of answer and figures English "
        "where that is both)",
    )
    models = add_command(commands, "models", _models, "list the analyses that ship, or show one")
    models.add_argument("name", nargs="?", metavar="NAME")
    models.add_argument("--copy", metavar="FILE", help="write the analysis NAME to this file, to change it")
    add_language(models)
    warmup = add_command(
        commands, "warmup", _warmup, "compile the bundled models once, so that later runs start quickly"
    )
    add_language(warmup)


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.cli.sheet import analyses_in, refuse_raw_sheet

    refuse_raw_sheet(options.analysis)
    together = analyses_in(options.analysis)
    if together is None:
        code, result = _run_one(
            options, options.analysis, Path(options.out) if options.out else None, page=options.report
        )
        results = [result]
    else:
        out = Path(options.out) if options.out else Path(options.analysis) / "results"
        ran = [_run_one(options, str(path), out / path.stem) for path in together]
        code, results = max(c for c, _ in ran), [r for _, r in ran]
        if options.report:
            _write_page(options, [out / path.stem for path in together], out)
    if options.json:
        print_json(results[0] if together is None else results)
    return code


def _write_page(options: argparse.Namespace, folders: Sequence[Path], out: Path) -> None:
    """Write the page of one or several results folders, and say where it is."""
    from bayes_escc.runs.report import write_report

    for path in write_report(folders, out, language=options.language):
        word = "报告保存于" if options.told_in == "zh" else "The page is in "
        print(f"{word}{path}", file=sys.stderr if options.json else sys.stdout)


def _checked(options: argparse.Namespace, language: Language, posterior: Posterior, table: Table) -> Plain:
    """The checks that the page reports: those asked for, and what costs nothing."""
    from bayes_escc.checks import check_proportional_hazards, sensitivity

    found: Plain = {}
    asked = dict.fromkeys(options.checks)
    if options.report and posterior.sampler == "exact":
        asked.setdefault("sensitivity")
    for name in asked:
        try:
            check = sensitivity if name == "sensitivity" else check_proportional_hazards
            found[name.replace("-", "_")] = check(posterior.analysis, table).to_dict()
        except BayesEsccError as error:
            if name in options.checks:
                print(f"bayes-escc: {name}: {told(error, language)}", file=sys.stderr)
    return found


def _run_one(options: argparse.Namespace, name: str, out: Path | None, *, page: bool = False) -> tuple[int, Plain]:
    """Run one analysis and write its results; returns the exit code and the result."""
    from pathlib import Path

    from bayes_escc.analysis.bundled import find_analysis

    analysis = find_analysis(name).with_sampling(
        seed=options.seed, draws=options.draws, tune=options.tune, chains=options.chains, sampler=options.sampler
    )
    from bayes_escc.runs.run import run_analysis

    out = out or Path("results") / analysis.id
    language = language_of(options, analysis)
    unread: OSError | None = None  # the reader of a pipe may leave; the results are written all the same
    where = ""

    def say(text: str) -> None:
        nonlocal unread
        try:
            print(text, flush=True)
        except OSError as error:
            unread = error

    def show(result: PlainMapping) -> None:
        nonlocal where
        if not options.json:
            answer, _, where = _answer(result, analysis.question, out, language, full=options.full).rpartition("\n\n")
            say(answer)

    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("default")
        checks = partial(_checked, options, language) if options.checks or options.report else None
        posterior, result, _ = run_analysis(
            analysis, out, figures=not options.no_figures, when_known=show, checks=checks, language=language
        )
    if where and unread is None:  # which is true only now
        say(f"\n{where}")
    for message in dict.fromkeys(str(w.message) for w in noted):
        print(f"bayes-escc: {told(message, language)}", file=sys.stderr)
    if page:
        _write_page(options, [out], out)
    if unread is not None:
        raise unread
    return code_of_fit(posterior.diagnostics.converged, posterior.diagnostics.messages, language), result


def _answer(result: PlainMapping, question: str, out: Path, language: Language, *, full: bool) -> str:
    """What a run prints: the answer, or with `full` every table, and where the results are."""
    where = f"结果保存于{out}" if language == "zh" else f"Results are in {out}"
    if full:
        return f"{printed(result, full=True, language=language)}\n\n{where}"
    if language == "zh":
        rest = (f"{where}；全部表格：--full", f"可打印的报告：bayes-escc report {out} --language zh")
        return printed(result, question, *rest, language=language)
    return printed(result, question, f"{where}; every table: --full; a page to print: bayes-escc report {out}")


def _models(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.bundled import bundled_analyses, find_analysis

    if options.copy is not None:
        return _copy_model(options)
    if options.name is not None:
        analysis = find_analysis(options.name)
        if options.json:
            print_json({"id": analysis.id, "sha256": analysis.sha256, **json.loads(analysis.content)})
        else:
            sys.stdout.write(_file_of(options.name).read_text(encoding="utf-8"))
        return 0
    found = [find_analysis(name) for name in bundled_analyses()]
    if options.json:
        print_json([{"id": a.id, "title": a.title, "question": a.question, "sha256": a.sha256} for a in found])
    else:
        for a in found:
            print(f"{a.id}\n  {a.title}\n  {a.question}")
    return 0


def _copy_model(options: argparse.Namespace) -> int:
    """Write a bundled analysis to a file of the user's own."""
    import shlex
    from pathlib import Path

    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.errors import AnalysisError
    from bayes_escc.files import write_atomic
    from bayes_escc.report.naming import Naming

    if options.name is None:
        raise AnalysisError("--copy needs the name of an analysis: bayes-escc models NAME --copy FILE.")
    find_analysis(options.name)
    target = Path(options.copy)
    if target.exists():
        raise AnalysisError(f"{target} exists already; name another file.")
    write_atomic(target, _file_of(options.name).read_text(encoding="utf-8"))
    if options.json:
        print_json({"file": str(target)})
        return 0
    naming = Naming.of_names((), language_of(options))
    print(naming.say("copied", path=target, command=f"bayes-escc run {shlex.quote(str(target))}"))
    return 0


def _file_of(name: str) -> Path:
    """The file of a bundled analysis, or of a path."""
    from pathlib import Path

    from bayes_escc.analysis.bundled import bundled_analyses

    return Path(bundled_analyses().get(name, name))


def _warmup(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.bundled import bundled_analyses, find_analysis
    from bayes_escc.report.naming import Naming
    from bayes_escc.runs.run import fit_analysis

    timings, naming = {}, Naming.of_names((), language_of(options))
    for name in bundled_analyses():
        analysis = find_analysis(name).with_sampling(sampler="nuts", draws=50, tune=50, chains=2)
        timings[name] = fit_analysis(analysis).seconds["compile"]
        if not options.json:
            print(naming.say("compiled", name=name, seconds=f"{timings[name]:.1f}"))
    if options.json:
        print_json({"seconds": timings})
    return 0
