"""The command line of a trial design: `bayes-escc design FILE | check | compare | replay`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bayes_escc.cli.command import Commands, add_command, print_json, told, whole
from bayes_escc.errors import AnalysisError, FitError
from bayes_escc.names import PlainMapping

__all__ = ["register"]

_ADVICE: Final = ("at most", "truth", "rule", "goes", "stops")
_ACTIONS: Final = ("check", "compare", "replay")


def register(commands: Commands) -> None:
    """Add `design` to the parser of `bayes-escc`."""
    parser = add_command(
        commands,
        "design",
        _design,
        "simulate a whole trial: operating characteristics, assurance, sample size",
        description="bayes-escc design FILE simulates a design; design check FILE says it in words; design compare "
        "A B puts two side by side over the same patients; design replay FILE --trial N shows one trial by patients. "
        "With --report the result becomes a page for the protocol, in HTML and with --word in Word.",
    )
    parser.add_argument("words", nargs="+", metavar="FILE", help="[check | compare | replay] and the design file(s)")
    parser.add_argument("--trials", type=whole, metavar="N", help="trials by truth (default: the file's)")
    parser.add_argument("--workers", type=whole, metavar="N", help="processes on this machine")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, used instead of processes")
    parser.add_argument("--trial", type=whole, default=0, metavar="N", help="replay: number of the trial, from 0")
    parser.add_argument("--truth", metavar="NAME", help="replay: under which truth (default: the first)")
    parser.add_argument("--out", metavar="DIR", help="folder for the result and the trials that were finished")
    parser.add_argument("--report", action="store_true", help="also a page to print (with figures) in that folder")
    parser.add_argument("--word", action="store_true", help="the page as a Word file too; implies --report")
    parser.add_argument(
        "--language", choices=("en", "zh", "both"), default="en", help="of answer and page (default: en)"
    )


def _design(options: argparse.Namespace) -> int:
    action, files = "simulate", list(options.words)
    if files[0] in _ACTIONS:
        action = files.pop(0)
    wanted = 2 if action == "compare" else 1
    if len(files) != wanted:
        raise AnalysisError(f"design {action} takes {wanted} file{'s' * (wanted > 1)}, not {len(files)}.")
    for name in ("trials", "workers"):
        value = getattr(options, name)
        if value is not None and not 1 <= value <= 10_000_000:
            raise AnalysisError(f"--{name} must be a whole number from 1, not {value}.")
    actions: PlainMapping = {"simulate": _simulate, "check": _check, "compare": _compare, "replay": _replay}
    code: int = actions[action](options, files)
    return code


def _print(options: argparse.Namespace, data: Any, text: str) -> None:
    if options.json:
        print_json(data)
    else:
        print(text)


def _simulate(options: argparse.Namespace, files: Sequence[str]) -> int:
    from bayes_escc.files import write_atomic
    from bayes_escc.report.result import to_json
    from bayes_escc.trials import Design
    from bayes_escc.trials.told import result_in_chinese

    design = Design.bundled(files[0])

    def say(line: str) -> None:
        print(told(line, "zh" if options.language == "zh" else "en"), file=sys.stderr)

    wants_page = options.report or options.word
    out = options.out or (f"results/{design.spec.id}" if wants_page else None)
    result = design.simulate(
        trials=options.trials, workers=options.workers, scheduler=options.scheduler, out=out, say=say
    )
    data = result.to_dict()
    if out:
        write_atomic(Path(out) / "design.json", to_json(data))
        _draw(data, Path(out))
    _print(options, data, result_in_chinese(data) if options.language == "zh" else _result_text(data))
    if wants_page and out:
        from bayes_escc.trials.pages import write_design_page

        for path in write_design_page(data, out, language=options.language, word=options.word):
            say(f"The page is in {path}")
    if not result.trusted:
        say("bayes-escc: NOT CONVERGED: the fast engine and the package's own fit disagree.")
        return FitError.exit_code
    return 0


def _draw(data: PlainMapping, folder: Path) -> None:
    """The figures of a result, those that it has something for."""
    from bayes_escc.plots.style import save_figure
    from bayes_escc.trials.pages import design_drawings

    for name, draw in design_drawings(data).items():
        save_figure(draw(data), folder / "figures" / name)


def _estimate(value: PlainMapping | None, digits: int = 3) -> str:
    if value is None:
        return ""
    if value["value"] is None:
        return f"- ({value['why']})" if value.get("why") else "-"
    if value["exact"]:
        return f"{value['value']:.4f}"
    if value["lower"] is None:
        return f"{value['value']:.{digits}f}"
    return f"{value['value']:.{digits}f} ({value['lower']:.{digits}f} to {value['upper']:.{digits}f})"


def _result_text(data: PlainMapping) -> str:
    from bayes_escc.report.layout import aligned

    title = data["design"]["title"]
    lines = [
        title,
        "=" * len(title),
        f"{data['trials']:,} trials by truth, seed {data['design']['seed']}. {data['engine']}",
    ]
    rows = [
        [
            str(r["most"]),
            r["truth"],
            *(_estimate(r[k]) for k in ("go", "stop", "correct")),
            *(_estimate(r[k], 1) for k in ("patients", "months", "events")),
        ]
        for r in data["scenarios"]
    ]
    header = ["at most", "truth", "P(go)", "P(stop)", "P(right)", "patients", "months", "events"]
    lines += ["", aligned(header, rows), "Intervals are 95 % Monte Carlo intervals; numbers without one are exact."]
    if any(look["go"]["value"] or look["stop"]["value"] for look in data["looks"]):
        shown = [
            [
                str(v["most"]),
                v["truth"],
                v["rule"],
                f"{v['look']}: {v['when']}",
                _estimate(v["go"]),
                _estimate(v["stop"]),
            ]
            for v in data["looks"]
        ]
        lines += ["", aligned(["at most", "truth", "rule", "look", "goes", "stops"], shown)]
    lines += _advice_text(data)
    for row in data["design_prior"]:
        lines += [
            "",
            f"Over the design prior, with at most {row['most']} patients:",
            f"  assurance, P(go)                 {_estimate(row['assurance'])}",
            f"  P(effective)                     {_estimate(row['effective'])}",
            f"  P(effective | go)                {_estimate(row['effective_given_go'])}",
            f"  P(go | ineffective)              {_estimate(row['false_go_where_ineffective'])}",
            f"  P(no go | effective)             {_estimate(row['missed_where_effective'])}",
            *([f"  simulated, since {row['not_exact']}"] if row["not_exact"] else []),
        ]
    lines += _drift_text(data["drift"]) + _size_text(data["sample_size"])
    found = data["calibration"]
    if found:
        fresh = ", ".join(f"{name} {_estimate(found['fresh'][name], 4)}" for name in found["fresh_trials"])
        lines += [
            "",
            f"{found['key']} of {found['rule']} for false alarms of {found['false_alarm']:g}: {found['value']:.4f} "
            f"(95 % Monte Carlo interval {found['interval'][0]:.4f} to {found['interval'][1]:.4f}). False alarms in as "
            f"many fresh trials: {fresh}.",
        ]
    audit = data["audit"]
    if audit:
        word = "agrees" if audit["agrees"] else "DISAGREES"
        lines += [
            "",
            f"Audit: the package's own fit of {audit['trials']} trials {word}; P(better) differs by at most "
            f"{audit['largest']:.4f} ({audit['in_errors']:.1f} MC errors); {audit['changed']} decisions changed. "
            f"{audit['trials'] - audit['near']} were chosen by their share and {audit['near']} of the {audit['found']} "
            f"answers within 0.005 of a threshold, among {audit['searched']:,} searched.",
        ]
    if data["fitted_trials"]:
        lines.append(f"{data['fitted_trials']} trials were answered by the package's own fit.")
    return "\n".join([*lines, *data["notes"]])


def _advice_text(data: PlainMapping) -> list[str]:
    """How each of several rules acted first, and those that only advise."""
    from bayes_escc.report.layout import aligned

    rows = [
        [
            str(row["most"]),
            row["truth"],
            advice["rule"] + ("" if advice["binding"] else " (advises)"),
            _estimate(advice["go"]),
            _estimate(advice["stop"]),
        ]
        for row in data["scenarios"]
        for advice in row["advice"]
    ]
    if all(advice["binding"] for row in data["scenarios"] for advice in row["advice"]):
        return []
    return ["", "First act of each rule, up to the end of the trial:", aligned(_ADVICE, rows)]


def _drift_text(rows: Sequence[PlainMapping]) -> list[str]:
    """P(go) over drift, and the worst of it."""
    from bayes_escc.report.layout import aligned

    if not rows:
        return []
    shown = [
        [str(r["most"]), r["truth"], f"{r['drift']:+g}", _estimate(r["go"]), _estimate(r["patients"], 1)] for r in rows
    ]
    worst = max(rows, key=lambda r: r["go"]["value"])
    said = (
        f"The greatest P(go) is {_estimate(worst['go'])}, where all rates are {worst['drift']:+g} from those of "
        f"{worst['truth']}."
    )
    return ["", aligned(["at most", "truth", "drift of all rates", "P(go)", "patients"], shown), said]


def _size_text(found: PlainMapping | None) -> list[str]:
    """The sample size that was sought, and what each step between sizes adds."""
    from bayes_escc.report.layout import aligned

    if not found:
        return []
    power, patients = found["power"], found["patients"]
    if patients is None:
        said = f"No size from {found['sizes'][0]} to {found['sizes'][-1]} has P(go) of {power:g}"
    elif found["exact"]:
        said = f"P(go) of {power:g} holds from {patients} patients on, the smallest such size of the list (enumerated)"
    elif found["mcse"] is None:
        said = (
            f"P(go) of {power:g} is reached with {patients:.0f} patients (95 % Monte Carlo interval "
            f"{_bound(found, 'lower')} to {_bound(found, 'upper')}), read off between sizes since the shares do not "
            "follow a probit line"
        )
    else:
        said = (
            f"P(go) of {power:g} is reached with {patients:.1f} patients (95 % Monte Carlo interval "
            f"{found['lower']:.1f} to {found['upper']:.1f})"
        )
    rows = [[f"{s['from']} to {s['to']}", _estimate(s["difference"])] for s in found["steps"]]
    header = ["patients", "P(go) gained over the same patients"]
    return ["", f"{said}, if {found['truth']}.", "", aligned(header, rows)]


def _bound(found: PlainMapping, key: str) -> str:
    """A bound of the size, or that it is outside the sizes of the list."""
    if found[key] is not None:
        return f"{found[key]:.0f}"
    return f"below {found['sizes'][0]}" if key == "lower" else f"above {found['sizes'][-1]}"


def _check(options: argparse.Namespace, files: Sequence[str]) -> int:
    from bayes_escc.trials import Design
    from bayes_escc.trials.told import design_in_chinese
    from bayes_escc.trials.words import design_in_words

    design = Design.bundled(files[0])
    described = design_in_words(design) if options.json or options.language != "zh" else design_in_chinese(design)
    _print(options, {"design": described}, "\n".join(described))
    return 0


def _compare(options: argparse.Namespace, files: Sequence[str]) -> int:
    from bayes_escc.report.layout import aligned
    from bayes_escc.trials import Design
    from bayes_escc.trials.comparison import compare_designs
    from bayes_escc.trials.told import comparison_in_chinese

    a, b = (Design.bundled(f) for f in files)
    rows = compare_designs(a, b, options.trials)
    shown = [[r["truth"], r["what"], *(_estimate(r[k], 3) for k in ("first", "second", "difference"))] for r in rows]
    header = ["truth", "", Path(files[0]).stem, Path(files[1]).stem, "second minus first"]
    if options.language == "zh":
        told_rows = [{**r, **{k: _estimate(r[k], 3) for k in ("first", "second", "difference")}} for r in rows]
        _print(options, {"comparison": rows}, comparison_in_chinese(told_rows, *header[2:4]))
        return 0
    text = aligned(header, shown) + (
        "\nBoth designs meet the same patients, so that chance cancels from the difference. Intervals are 95 % Monte "
        "Carlo intervals; numbers without one are exact."
    )
    _print(options, {"comparison": rows}, text)
    return 0


def _replay(options: argparse.Namespace, files: Sequence[str]) -> int:
    from bayes_escc.trials import Design
    from bayes_escc.trials.told import replay_in_chinese

    table = Design.bundled(files[0]).replay(options.trial, truth=options.truth)
    shown = replay_in_chinese(table) if options.language == "zh" else table
    _print(options, {"patients": table.to_dict("records")}, shown.to_string(index=False))
    return 0
