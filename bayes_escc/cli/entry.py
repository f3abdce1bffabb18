"""The command line: `bayes-escc run | check | compare | datasets | models | ...`.

Parsing, `--help` and `compare` import neither PyMC nor ArviZ nor matplotlib. Errors are
sentences with an exit code and no traceback, unless `--debug` asks for one.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayes_escc import __version__
from bayes_escc.cli.app import register as register_app
from bayes_escc.cli.design import register as register_design
from bayes_escc.cli.population import register as register_population
from bayes_escc.cli.report import add_report
from bayes_escc.cli.rules import add_monitor
from bayes_escc.cli.sheet import register as register_sheet
from bayes_escc.cli.study import register as register_study
from bayes_escc.cli.validate import add_validate
from bayes_escc.errors import BayesEsccError

if TYPE_CHECKING:
    from pathlib import Path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["main"]

_EXIT_CODES = """exit codes: 0 done; 2 wrong usage or analysis; 3 data refused; 4 diagnostics failed (results are
written and marked NOT CONVERGED), or a validation; 5 a saved record is damaged; 6 the record is locked"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bayes-escc",
        description="Posterior comparisons between regimens for advanced oesophageal squamous cell carcinoma.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bayes-escc {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="fit an analysis and write its results")
    run.add_argument(
        "analysis",
        metavar="ANALYSIS",
        help="a .toml file, a folder of them, or the name of one that ships (see models)",
    )
    run.add_argument("--out", metavar="DIR", help="folder for the results (default: results/<id>)")
    run.add_argument("--seed", type=int, metavar="N")
    run.add_argument("--draws", type=int, metavar="N", help="draws per chain")
    run.add_argument("--tune", type=int, metavar="N", help="tuning steps per chain")
    run.add_argument("--chains", type=int, metavar="N")
    run.add_argument("--sampler", choices=("auto", "exact", "nuts", "laplace"))
    run.add_argument("--no-figures", action="store_true", help="write tables only")
    run.add_argument("--report", action="store_true", help="also write a page to print (see the command report)")
    run.add_argument("--full", action="store_true", help="print every table, not the answer alone")
    run.set_defaults(action=_run)

    check = commands.add_parser("check", help="validate a table and explain what is wrong")
    check.add_argument("table", metavar="TABLE", help="a .csv or .xlsx file")
    check.add_argument("--kind", required=True, choices=("counts", "patients", "medians", "effects"))
    check.add_argument("--sheet", metavar="NAME", help="sheet of a workbook")
    check.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns to leave out")
    check.add_argument("--id", default="patient_id", metavar="COLUMN", help="patients: identifier")
    check.add_argument("--regimen", default="regimen", metavar="COLUMN", help="patients: regimen")
    check.add_argument("--response", metavar="COLUMN", help="patients: best response (default: response)")
    check.add_argument("--time", metavar="COLUMN", help="patients: time to event or censoring")
    check.add_argument("--event", metavar="COLUMN", help="patients: 1 for an event, 0 for censoring")
    check.add_argument("--entry", metavar="COLUMN", help="patients: delayed entry")
    check.add_argument(
        "--interval", nargs=2, metavar=("LAST_FREE", "FIRST_PD"), help="patients: scans before and with progression"
    )
    check.add_argument("--overall", metavar="COLUMN", help="patients: overall survival, to check against")
    check.add_argument(
        "--dates",
        nargs="+",
        default=[],
        metavar="ROLE=COLUMN",
        help="patients: start=, event=, death=, last_contact=COLUMN and cut=YYYY-MM-DD",
    )
    check.add_argument("--time-unit", metavar="UNIT", help="patients: days, weeks, months or years")
    check.set_defaults(action=_check)

    scans = commands.add_parser("scans", help="turn a table of visits into the intervals in which patients progressed")
    scans.add_argument("patients", metavar="PATIENTS", help="one row per patient")
    scans.add_argument("visits", metavar="VISITS", help="one row per visit")
    scans.add_argument("--schedule", type=float, required=True, metavar="T", help="planned time between scans")
    scans.add_argument(
        "--unit", required=True, metavar="UNIT", help="of the schedule and the intervals: days, weeks, ..."
    )
    scans.add_argument("--id", default="patient_id", metavar="COLUMN", help="identifier, in both tables")
    scans.add_argument("--date", default="date", metavar="COLUMN", help="visits: date (default: date)")
    scans.add_argument("--time", metavar="COLUMN", help="visits: time since the start, instead of a date")
    scans.add_argument("--result", default="result", metavar="COLUMN", help="visits: what the scan showed")
    scans.add_argument(
        "--words", nargs="+", default=[], metavar="WORD=MEANING", help="further results: progression, free or unknown"
    )
    scans.add_argument("--start", metavar="COLUMN", help="patients: date of the start of treatment")
    scans.add_argument("--death", metavar="COLUMN", help="patients: date (or time) of death")
    scans.add_argument("--missed", type=int, default=1, metavar="N", help="scans that may be missed before a death")
    scans.add_argument(
        "--death-after-missed",
        choices=("interval", "exact", "censor"),
        default="interval",
        help="a death after more missed scans: event anywhere since the last scan, at death, or censored",
    )
    scans.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns of the patients to leave out")
    scans.add_argument("--out", metavar="FILE", help="write the patient table with its intervals to this CSV file")
    scans.set_defaults(action=_scans)

    compare = commands.add_parser("compare", help="compare response counts at once, in closed form")
    compare.add_argument(
        "arms", nargs="+", metavar="NAME=EVENTS/N", help="two or more arms; the first is the reference"
    )
    compare.add_argument(
        "--prior",
        default="1,1",
        metavar="ALPHA,BETA",
        help="Beta prior of every rate, or uniform, or jeffreys (default: 1,1)",
    )
    compare.add_argument("--scale", choices=("difference", "ratio", "odds_ratio"), default="difference")
    compare.add_argument(
        "--better", choices=("higher", "lower"), default="higher", help="direction of benefit (default: higher)"
    )
    compare.add_argument("--margin", type=float, metavar="M", help="smallest difference that matters")
    compare.add_argument("--rope", nargs=2, type=float, metavar=("LOW", "HIGH"), help="region of practical equivalence")
    compare.add_argument(
        "--ci-prob", type=float, default=0.95, metavar="P", help="probability of the intervals (default: 0.95)"
    )
    compare.add_argument(
        "--bias-sd",
        type=float,
        metavar="SD",
        help="of the bias on the log odds (default: 0.5, for arms not randomised against each other; 0 if they were)",
    )
    compare.add_argument("--bias-mean", type=float, default=0.0, metavar="B", help="of the bias (default: 0)")
    compare.add_argument("--level", type=float, metavar="P", help="probability whose tipping point is wanted")
    compare.set_defaults(action=_compare)

    pool = commands.add_parser("pool", help="pool published effects at once, exactly")
    pool.add_argument(
        "effects",
        nargs="+",
        metavar="NAME=ESTIMATE,LOW,HIGH",
        help="effects as published, for example ESCORT=0.71,0.57,0.87; or one file or dataset of effects",
    )
    pool.add_argument("--measure", default="HR", metavar="M", help="of typed effects: HR, OR, RR, MD ... (default: HR)")
    pool.add_argument("--level", type=float, default=0.95, metavar="P", help="confidence level of typed intervals")
    pool.add_argument("--endpoint", metavar="NAME", help="of a table that has several")
    pool.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=VALUE", help="rows of a table; values joined by |"
    )
    pool.add_argument("--common", action="store_true", help="one effect for all studies, no heterogeneity")
    pool.add_argument(
        "--tau-prior",
        metavar="LAW",
        help="of the heterogeneity (default: HalfNormal(0.5)); or published: Turner(OUTCOME; COMPARISON)",
    )
    pool.add_argument("--effect-prior", metavar="LAW", help="of the effect, on the log scale (default: Normal(0, 1))")
    pool.add_argument("--margin", type=float, metavar="M", help="an effect that matters, for example 0.8")
    pool.add_argument("--ci-prob", type=float, default=0.95, metavar="P", help="of the intervals (default: 0.95)")
    pool.set_defaults(action=_pool)

    datasets = commands.add_parser("datasets", help="list the bundled datasets, or show one")
    datasets.add_argument("name", nargs="?", metavar="NAME")
    datasets.set_defaults(action=_datasets)

    models = commands.add_parser("models", help="list the analyses that ship, or show one")
    models.add_argument("name", nargs="?", metavar="NAME")
    models.add_argument("--copy", metavar="FILE", help="write the analysis NAME to this file, to change it")
    models.set_defaults(action=_models)

    sensitivity = commands.add_parser("sensitivity", help="vary an analysis: priors, model, studies, heterogeneity")
    sensitivity.add_argument("analysis", metavar="ANALYSIS", help="a .toml file, or the name of one that ships")
    sensitivity.add_argument("--out", metavar="DIR", help="also write the table and the figure to this folder")
    sensitivity.set_defaults(action=_sensitivity)

    proportional = commands.add_parser("proportional-hazards", help="check whether one hazard ratio holds over time")
    proportional.add_argument("analysis", metavar="ANALYSIS", help="a .toml file, or the name of one that ships")
    proportional.set_defaults(action=_proportional)

    inconsistent = commands.add_parser("inconsistency", help="direct against indirect evidence in a network")
    inconsistent.add_argument("analysis", metavar="ANALYSIS", help="a .toml file, or the name of one that ships")
    inconsistent.set_defaults(action=_inconsistency)

    warmup = commands.add_parser("warmup", help="compile the bundled models once, so that later runs start quickly")
    warmup.set_defaults(action=_warmup)
    register_study(commands)
    register_population(commands)
    sheet = (*register_sheet(commands), *register_app(commands))
    register_design(commands)
    monitor = add_monitor(commands)
    report = add_report(commands)
    validate = add_validate(commands)
    for command in (compare, pool):
        command.add_argument("--full", action="store_true", help="print every table, not the answer alone")
    for command in (
        run,
        check,
        scans,
        compare,
        pool,
        datasets,
        models,
        sensitivity,
        proportional,
        inconsistent,
        warmup,
        report,
        validate,
        *monitor,
        *sheet,
    ):
        command.add_argument("--json", action="store_true", help="print JSON on standard output")
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; `sys.argv` if not given.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else arguments
    # a blank before a negative number keeps argparse from taking it for an option
    options = _parser().parse_args([f" {a}" if re.match(r"-\.?\d", a) else a for a in given])
    try:
        code = int(options.action(options))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BayesEsccError as error:
        if options.debug:
            raise
        print(f"bayes-escc: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("bayes-escc: interrupted; nothing half written was left behind.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe went away; that is its right
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if options.debug or error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print("bayes-escc: the output could not be written: no space is left.", file=sys.stderr)
        return 2


def _print_json(value: Any) -> None:
    from bayes_escc.report.result import to_json

    sys.stdout.write(to_json(value))


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.cli.sheet import analyses_in, refuse_raw_sheet

    refuse_raw_sheet(options.analysis)
    together = analyses_in(options.analysis)
    if together is None:
        code, result = _run_one(options, options.analysis, Path(options.out) if options.out else None)
        results = [result]
    else:
        out = Path(options.out) if options.out else Path(options.analysis) / "results"
        ran = [_run_one(options, str(path), out / path.stem) for path in together]
        code, results = max(c for c, _ in ran), [r for _, r in ran]
    if options.json:
        _print_json(results[0] if together is None else results)
    return code


def _run_one(options: argparse.Namespace, name: str, out: Path | None) -> tuple[int, dict[str, Any]]:
    """Run one analysis and write its results; returns the exit code and the result."""
    from pathlib import Path

    from bayes_escc.analysis.analysis import find_analysis

    analysis = find_analysis(name).with_sampling(
        seed=options.seed, draws=options.draws, tune=options.tune, chains=options.chains, sampler=options.sampler
    )
    from bayes_escc.runs.run import run_analysis

    out = out or Path("results") / analysis.id
    unread = False  # the reader of a pipe may leave; the results are written all the same

    def show(result: Mapping[str, Any]) -> None:
        nonlocal unread
        try:
            if not options.json:
                print(_answer(result, analysis.question, out, full=options.full), flush=True)
        except BrokenPipeError:
            unread = True

    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("default")
        posterior, result, _ = run_analysis(analysis, out, figures=not options.no_figures, when_known=show)
    for message in dict.fromkeys(str(w.message) for w in noted):
        print(f"bayes-escc: {message}", file=sys.stderr)
    if options.report:
        from bayes_escc.runs.report import write_report

        for path in write_report([out]):
            print(f"The page is in {path}", file=sys.stderr if options.json else sys.stdout)
    if unread:
        raise BrokenPipeError
    if not posterior.diagnostics.converged:
        print("bayes-escc: NOT CONVERGED: " + " ".join(posterior.diagnostics.messages), file=sys.stderr)
        return 4, result
    return 0, result


def _answer(result: Mapping[str, Any], question: str, out: Path, *, full: bool) -> str:
    """What a run prints: the answer, or with `full` every table, and where the results are."""
    where = f"Results are in {out}"
    if full:
        return f"{_printed(result, full=True)}\n\n{where}"
    return _printed(result, question, f"{where}; every table: --full; a page to print: bayes-escc report {out}")


def _printed(result: Mapping[str, Any], question: str = "", *where: str, full: bool = False) -> str:
    """A result for a terminal: the answer, or with `full` every table."""
    if full:
        from bayes_escc.report.text import result_text

        return result_text(result)
    from bayes_escc.report.answer import answer_text

    return answer_text(result, question, where=where)


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Arguments of the form KEY=VALUE."""
    from bayes_escc.errors import AnalysisError

    wrong = [g for g in given if "=" not in g]
    if wrong:
        raise AnalysisError(f"{option}: write KEY=VALUE, not {', '.join(wrong)}.")
    return dict(g.split("=", 1) for g in given)


def _stated_data(options: argparse.Namespace) -> dict[str, Any]:
    """The options of ``check`` as `[data]` of an analysis states them."""
    from bayes_escc.evidence.kinds import KINDS
    from bayes_escc.settings.setting import settings_of

    stated: dict[str, Any] = {"kind": options.kind}
    for key in [s.name for s in settings_of(KINDS[options.kind].settings)]:
        value = getattr(options, key, None)
        if value:
            stated[key] = _pairs(value, "--dates") if key == "dates" else value
    if options.kind == "patients" and not stated.keys() & {"response", "time", "interval", "dates"}:
        stated["response"] = "response"
    return stated


def _check(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.data import read_data
    from bayes_escc.errors import DataError
    from bayes_escc.evidence import PatientTable
    from bayes_escc.evidence.kinds import KINDS
    from bayes_escc.settings.reader import Reader, raise_problems

    wrong: list[str] = []
    data = read_data(Reader(_stated_data(options), "", wrong))
    raise_problems("these options cannot be used", wrong)
    try:
        table: Any = data.read(options.table)
    except DataError as error:
        if not options.json:
            raise
        problems = [p.to_dict() for p in error.problems]
        _print_json({"ok": False, "message": str(error), "problems": problems, "warnings": []})
        return error.exit_code
    if options.json:
        warnings = [w.to_dict() for w in table.warnings]
        _print_json({"ok": True, "sha256": table.digest, "rows": len(table), "problems": [], "warnings": warnings})
        return 0
    print(repr(table))
    if not isinstance(table, PatientTable):
        columns = [c for c in KINDS[options.kind].shown if c in table.frame]
        from bayes_escc.report.text import aligned

        shorter = [
            ["" if v != v else f"{v:.4g}" if isinstance(v, float) else str(v) for v in r]
            for r in table.frame[columns].itertuples(index=False)
        ]
        print(aligned(columns, shorter))
    elif table.time_unit is not None:
        from bayes_escc.names import format_number
        from bayes_escc.report.text import aligned

        summary = table.follow_up_summary()
        cells = [[v if isinstance(v, str | int) else format_number(v) for v in r] for r in summary.to_numpy().tolist()]
        print(aligned([str(c).replace("_", " ") for c in summary], [[str(v) for v in r] for r in cells]))
    for warning in table.warnings:
        print(f"Note: {warning}")
    print(f"No problems; {len(table.warnings)} notes. SHA-256 {table.digest}")
    return 0


def _scans(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.evidence.visits import ScanSettings, joined

    settings = ScanSettings(
        options.schedule,
        options.unit,
        options.id,
        None if options.time else options.date,
        options.time,
        options.result,
        _pairs(options.words, "--words"),
        options.start,
        options.death,
        options.missed,
        options.death_after_missed,
    )
    frame, notes = joined(options.patients, options.visits, settings, patient_id=options.id, drop=options.drop)
    if options.out:
        from bayes_escc.files import write_atomic

        write_atomic(Path(options.out), frame.to_csv(index=False))
    if options.json:
        rows = json.loads(frame.replace(float("inf"), None).to_json(orient="records"))
        _print_json({"ok": True, "unit": options.unit, "rows": rows, "warnings": [n.to_dict() for n in notes]})
        return 0
    from bayes_escc.names import format_number
    from bayes_escc.report.text import aligned

    columns = [options.id, "last_free", "first_progression", "scan_rule"]
    cells = [
        [c if isinstance(c, str) else "none" if c == float("inf") else format_number(c) for c in row]
        for row in frame[[c for c in columns if c in frame]].itertuples(index=False, name=None)
    ]
    print(aligned([c for c in columns if c in frame], cells))
    for note in notes:
        print(f"Note: {note}")
    if options.out:
        print(f'Written to {options.out}; read it with interval = ["last_free", "first_progression"].')
    return 0


def _compare(options: argparse.Namespace) -> int:
    from bayes_escc.population.tipping import LEVELS
    from bayes_escc.runs.prompt_counts import compare_counts

    result = compare_counts(
        options.arms,
        prior=options.prior,
        scale=options.scale,
        better=options.better,
        margin=options.margin,
        rope=options.rope,
        ci_prob=options.ci_prob,
        bias_sd=options.bias_sd,
        bias_mean=options.bias_mean,
        levels=LEVELS if options.level is None else (options.level,),
    )
    if options.json:
        _print_json(result)
    else:
        print(_printed(result, full=options.full))
        if result.get("bias") and not options.full:
            from bayes_escc.report.text import tipping_text

            print(f"\n{tipping_text(result['bias'])}")
    return 0


def _pool(options: argparse.Namespace) -> int:
    from bayes_escc.runs.prompt_effects import pool_effects

    result = pool_effects(
        options.effects,
        measure=options.measure,
        level=options.level,
        endpoint=options.endpoint,
        where=options.where,
        common=options.common,
        tau_prior=options.tau_prior,
        effect_prior=options.effect_prior,
        margin=options.margin,
        ci_prob=options.ci_prob,
    )
    if options.json:
        _print_json(result)
    else:
        print(_printed(result, full=options.full))
    return 0


def _datasets(options: argparse.Namespace) -> int:
    from bayes_escc.evidence import DATASETS, load_dataset
    from bayes_escc.evidence.datasets import raw_dataset

    if options.name is None:
        if options.json:
            _print_json([{"name": d.name, "kind": d.kind, "title": d.title} for d in DATASETS.values()])
        else:
            for d in DATASETS.values():
                print(f"{d.name} ({d.kind})\n  {d.title}")
        return 0
    flawed = options.name in DATASETS and DATASETS[options.name].flawed
    digest = None
    if flawed:
        records = [dict(row) for row in raw_dataset(options.name).rows]
    else:
        table = load_dataset(options.name)
        records, digest = json.loads(table.frame.to_json(orient="records")), table.digest
    if options.json:
        _print_json({"name": options.name, "sha256": digest, "rows": records})
        return 0
    from bayes_escc.report.text import aligned

    hidden = {"source", "notes", "verification", "certainty", "y", "se", "registration", "year"}
    columns = [c for c in records[0] if c not in hidden]
    print(aligned(columns, [[str(r[c]) for c in columns] for r in records]))
    print("\nSources:")
    for source in dict.fromkeys((r["study"], r["source"]) for r in records):
        print(f"  {source[0]}: {source[1]}")
    if flawed:
        path = DATASETS[options.name].path
        print(f"\nKept as printed, with its flaws: bayes-escc check --kind effects {path} lists them.")
    return 0


def _file_of(name: str) -> Path:
    """The file of a bundled analysis, or of a path."""
    from pathlib import Path

    from bayes_escc.analysis.analysis import bundled_analyses

    return Path(bundled_analyses().get(name, name))


def _copy_model(options: argparse.Namespace) -> int:
    """Write a bundled analysis to a file of the user's own."""
    import shlex
    from pathlib import Path

    from bayes_escc.analysis.analysis import find_analysis
    from bayes_escc.errors import AnalysisError
    from bayes_escc.files import write_atomic

    if options.name is None:
        raise AnalysisError("--copy needs the name of an analysis: bayes-escc models NAME --copy FILE.")
    find_analysis(options.name)
    target = Path(options.copy)
    if target.exists():
        raise AnalysisError(f"{target} exists already; name another file.")
    write_atomic(target, _file_of(options.name).read_text(encoding="utf-8"))
    print(f"Written to {target}; run it with: bayes-escc run {shlex.quote(str(target))}")
    return 0


def _models(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.analysis import bundled_analyses, find_analysis

    if options.copy is not None:
        return _copy_model(options)
    if options.name is not None:
        analysis = find_analysis(options.name)
        if options.json:
            _print_json({"id": analysis.id, "sha256": analysis.sha256, **json.loads(analysis.content)})
        else:
            sys.stdout.write(_file_of(options.name).read_text(encoding="utf-8"))
        return 0
    found = [find_analysis(name) for name in bundled_analyses()]
    if options.json:
        _print_json([{"id": a.id, "title": a.title, "question": a.question, "sha256": a.sha256} for a in found])
    else:
        for a in found:
            print(f"{a.id}\n  {a.title}\n  {a.question}")
    return 0


def _sensitivity(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.analysis.analysis import find_analysis
    from bayes_escc.checks import sensitivity

    found = sensitivity(find_analysis(options.analysis))
    if options.out:
        from bayes_escc.files import write_atomic
        from bayes_escc.plots.style import save_figure
        from bayes_escc.report.result import to_json

        out = Path(options.out)
        write_atomic(out / "sensitivity.json", to_json(found.to_dict()))
        save_figure(found.plot(), out / "sensitivity")
    if options.json:
        _print_json(found.to_dict())
        return 0
    from bayes_escc.report.text import prior_sensitivity_text, sensitivity_text

    told = found.to_dict()
    print(prior_sensitivity_text(told) if "estimand" in told else sensitivity_text(told))
    return 0


def _proportional(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.analysis import find_analysis
    from bayes_escc.checks import check_proportional_hazards

    found = check_proportional_hazards(find_analysis(options.analysis))
    if options.json:
        _print_json(found.to_dict())
    else:
        print(found)
    return 0


def _inconsistency(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.analysis import find_analysis
    from bayes_escc.checks import inconsistency

    found = inconsistency(find_analysis(options.analysis))
    if options.json:
        _print_json(found.to_dict())
    else:
        from bayes_escc.report.text import inconsistency_text

        print(inconsistency_text(found.to_dict()))
    return 0 if found.converged else 4


def _warmup(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.analysis import bundled_analyses, find_analysis
    from bayes_escc.runs.run import fit_analysis

    timings = {}
    for name in bundled_analyses():
        analysis = find_analysis(name).with_sampling(sampler="nuts", draws=50, tune=50, chains=2)
        timings[name] = fit_analysis(analysis).seconds["compile"]
        if not options.json:
            print(f"{name}: compiled in {timings[name]:.1f} s")
    if options.json:
        _print_json({"seconds": timings})
    return 0
