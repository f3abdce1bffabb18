"""`bayes-escc monitor table | oc | calibrate`: decision rules for a protocol, exactly.

A rule comes from an analysis, or is typed: its kind, and its keys as in `[[monitoring]]`. NumPy alone, so that it
answers at once.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayes_escc.cli.command import Commands, add_command, number, print_json
from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain

if TYPE_CHECKING:
    from bayes_escc.rules import BoundaryTable, OperatingCharacteristics, Rule, Scenario

__all__ = ["register", "rules_of"]

_EVALUABLE = (
    "Looks count evaluable patients: who has not yet been assessed is waited for, and is neither a response nor a "
    "failure."
)
_EXAMPLES = """examples:
  bayes-escc monitor table thall_simon standard=34,124 go_above=0.95 stop_below=0.05 looks=10,20,30
  bayes-escc monitor oc posterior_probability reference=control go_above=0.95 looks=10,20,40 --rates 0.3/0.3 0.5/0.3
  bayes-escc monitor calibrate bop2 rate=0.2 alternative_rate=0.4 patients=40 looks=10,20,30 --false-alarm 0.10
  bayes-escc monitor table second_line_response_monitored --rule deaths"""


def register(commands: Commands) -> None:
    """Add the command `monitor` to the parser of `bayes-escc`."""
    monitor = commands.add_parser(
        "monitor",
        help="boundaries and error rates of decision rules, for a protocol",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = monitor.add_subparsers(dest="part", required=True, metavar="table | oc | calibrate")
    table = add_command(parts, "table", _table, "the counts that stop or go at each look")
    oc = add_command(parts, "oc", _oc, "false-alarm rate, power and expected patients, by enumeration")
    calibrate = add_command(parts, "calibrate", _calibrate, "thresholds that keep a false-alarm rate")
    for part in (table, oc, calibrate):
        part.add_argument("source", metavar="SOURCE", help="an analysis with [[monitoring]], or a kind of rule")
        part.add_argument("keys", nargs="*", metavar="KEY=VALUE", help="keys of a rule that is typed")
        part.add_argument("--rule", metavar="NAME", help="one rule of the analysis")
        part.add_argument("--looks", metavar="N,N,...", help="evaluable patients at each look; N/M for two arms")
    table.add_argument("--csv", action="store_true", help="print the table as CSV")
    table.add_argument("--figure", metavar="PATH", help="also draw the boundaries (PATH.svg and PATH.png)")
    oc.add_argument("--rates", nargs="+", metavar="RATE", help="true rates; REGIMEN/REFERENCE, or one per endpoint")
    calibrate.add_argument("--false-alarm", type=number, required=True, metavar="P", help="largest rate allowed")


def rules_of(source: str, keys: Sequence[str], name: str | None = None) -> tuple[Rule, ...]:
    """The rules of an analysis, or the one that is typed.

    Parameters
    ----------
    source : str
        A kind of rule, or the name or path of an analysis.
    keys : sequence of str
        ``KEY=VALUE`` of a typed rule: values as in TOML; ``10,20,30`` is a list, ``10/12`` a pair.
    name : str, optional
        One rule of the analysis.

    Raises
    ------
    AnalysisError
    """
    from bayes_escc.rules import KINDS, read_rule
    from bayes_escc.settings.reader import Reader, nearest, raise_problems

    if source in KINDS:
        if name is not None:
            raise AnalysisError("--rule chooses among the rules of an analysis; a kind of rule is one already.")
        problems: list[str] = []
        typed = {"kind": source, **_typed(keys, problems)}
        rule = read_rule(Reader(typed, "", problems))
        raise_problems(f"this {source} rule cannot be used", [p.removeprefix(": ") for p in problems])
        return () if rule is None else (rule,)
    from bayes_escc.analysis.analysis import bundled_analyses, find_analysis

    if keys:
        kinds = ", ".join(KINDS)
        raise AnalysisError(f"KEY=VALUE belongs to a kind of rule ({kinds}), not to the analysis {source!r}.")
    if not source.endswith(".toml") and nearest(source, KINDS) and source not in bundled_analyses():
        raise AnalysisError(f"{source!r} is no analysis and no kind of rule.{nearest(source, KINDS)}")
    analysis = find_analysis(source)
    rules = [r for r in analysis.rules if name in (None, r.name)]
    if not rules:
        known = [r.name for r in analysis.rules]
        has = f"has {', '.join(known)}.{nearest(name or '', known)}" if known else "has no [[monitoring]] rules."
        raise AnalysisError(f"{analysis.id} {has}")
    return tuple(rules)


def _typed(keys: Sequence[str], problems: list[str]) -> Plain:
    """Typed keys as TOML would give them."""
    found: Plain = {}
    for text in keys:
        key, sign, value = text.partition("=")
        if not sign or not re.fullmatch(r"\w+", key.strip()):
            problems.append(f"{text!r} is not KEY=VALUE")
            continue
        found[key.strip()] = _value(key.strip(), value.strip())
    return found


def _value(key: str, text: str) -> Any:
    if re.fullmatch(r"[\d.,/ ]+", text) and ("," in text or "/" in text):
        parts = [[_number(n) for n in part.split("/")] for part in text.split(",")]
        flat = [p[0] if len(p) == 1 else p for p in parts]
        if key in ("prior", "reference_prior", "standard") and len(flat) == 2:
            return {"alpha": flat[0], "beta": flat[1]}
        return flat[0] if key == "patients" and len(flat) == 1 else flat
    number = _number(text)
    if not isinstance(number, str):
        return [number] if key == "looks" else number
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def _looks(options: argparse.Namespace) -> Any:
    return None if options.looks is None else _value("looks", options.looks)


def _rates(options: argparse.Namespace) -> list[Any] | None:
    if options.rates is None:
        return None
    found = []
    for text in options.rates:
        numbers = [_number(n) for n in text.split("/")]
        found.append(tuple(numbers) if len(numbers) > 1 else numbers[0])
    return found


def _split(rules: Sequence[Rule]) -> tuple[list[Rule], list[str]]:
    """Rules that can be enumerated, and a line on each that cannot."""
    exact = [r for r in rules if not r.not_exact]
    others = [f"{r.name}: {r.sentence} Not tabulated: {r.not_exact}." for r in rules if r.not_exact]
    if not exact:
        raise AnalysisError(" ".join(others))
    return exact, others


def _table(options: argparse.Namespace) -> int:
    from bayes_escc.rules import boundaries

    rules, others = _split(rules_of(options.source, options.keys, options.rule))
    looks = _looks(options)
    tables = [boundaries(rule, looks) for rule in rules]
    behaviours = [_behaviour(rule, looks) for rule in rules]
    if options.figure:
        from pathlib import Path

        from bayes_escc.plots import boundaries as boundaries_figure
        from bayes_escc.plots.style import save_figure
        from bayes_escc.runs.figures import file_part, unused

        stems: list[str] = []
        for rule in rules:
            stem = options.figure if len(rules) == 1 else f"{options.figure}_{file_part(rule.name)}"
            stems.append(unused(stem, stems))
            save_figure(boundaries_figure(rule, looks), Path(stems[-1]))
    if options.json:
        found = [
            {**table.to_dict(), "operating_characteristics": None if b is None else b.to_dict()}
            for table, b in zip(tables, behaviours, strict=True)
        ]
        print_json({"rules": found, "not_tabulated": others})
    elif options.csv:
        sys.stdout.write(tables[0].csv() if len(tables) == 1 else _tables_csv(tables))
        for line in others:  # beside the table, whose rows are all of one kind
            print(f"bayes-escc: {line}", file=sys.stderr)
    else:
        print("\n\n".join([*map(_table_text, tables, behaviours), *others]))
    return 0


def _tables_csv(tables: Sequence[BoundaryTable]) -> str:
    """The boundaries of several rules as one table, whose first column names the rule of the row."""
    from bayes_escc.report.tables import rows_csv

    columns = list(dict.fromkeys(("rule", *(name for table in tables for name in table.header))))
    rows = [
        {**dict.fromkeys(columns), "rule": table.rule.name, **dict(zip(table.header, cells, strict=True))}
        for table in tables
        for cells in table.cells
    ]
    return rows_csv(rows, columns)


def _oc(options: argparse.Namespace) -> int:
    from bayes_escc.rules import operating_characteristics

    rules, others = _split(rules_of(options.source, options.keys, options.rule))
    if options.rates and len({rule.rates_needed for rule in rules}) > 1:
        raise AnalysisError(f"--rates is for one rule: add --rule, one of {', '.join(r.name for r in rules)}.")
    if options.rates is None and len(rules) > 1:  # one rule alone is told what it lacks
        others += [f"{r.name}: names no true rates; give --rates, with --rule." for r in rules if not r.scenarios]
        rules = [r for r in rules if r.scenarios]
    found = [operating_characteristics(rule, _looks(options), _rates(options)) for rule in rules]
    if options.json:
        print_json({"rules": [b.to_dict() for b in found], "not_tabulated": others})
    else:
        print("\n\n".join([*map(_oc_text, found), *others]))
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    from bayes_escc.rules import boundaries, calibrate
    from bayes_escc.rules.calibrate import TUNED

    given = [key.partition("=")[0] for key in options.keys]
    tuned = {"bop2": ("lambda", "gamma"), **{kind: (key,) for kind, key in TUNED.items()}}.get(options.source, ())
    start = [f"{key}=0.9" for key in tuned if key not in given]  # replaced by what is found
    rules, others = _split(rules_of(options.source, [*options.keys, *start], options.rule))
    found = [calibrate(rule, options.false_alarm, looks=_looks(options)) for rule in rules]
    tables = [boundaries(c.rule, _looks(options)) for c in found]
    if options.json:
        print_json(
            {
                "rules": [
                    {**t.to_dict(), "operating_characteristics": c.operating_characteristics.to_dict()}
                    for c, t in zip(found, tables, strict=True)
                ],
                "not_tabulated": others,
            }
        )
    else:
        texts = [_table_text(t, c.operating_characteristics) for c, t in zip(found, tables, strict=True)]
        print("\n\n".join([*texts, *others]))
    return 0


def _behaviour(rule: Rule, looks: Any) -> OperatingCharacteristics | None:
    from bayes_escc.rules import operating_characteristics

    if not rule.scenarios:
        return None
    return operating_characteristics(rule, looks)


def _heading(rule: Rule) -> list[str]:
    from bayes_escc.report.layout import display_width
    from bayes_escc.rules.common import law_in_words

    lines = [rule.name, "=" * min(78, display_width(rule.name)), rule.sentence]
    priors = {"prior": getattr(rule, "prior", None), "prior of the reference": getattr(rule, "reference_prior", None)}
    said = [f"{k} {law_in_words(v)}" for k, v in priors.items() if v is not None]
    lines += [f"{'; '.join(said)[:1].upper()}{'; '.join(said)[1:]}."] if said else []
    lines += [rule.rationale] if rule.rationale else []
    return [*lines, _EVALUABLE]


def _table_text(table: BoundaryTable, behaviour: OperatingCharacteristics | None) -> str:
    from bayes_escc.report.layout import aligned

    lines = [*_heading(table.rule), "", aligned(table.header, table.cells)]
    claim = getattr(table.rule, "claim", None)
    if len(getattr(table.rule, "criteria", ())) == 2:
        both = "both endpoints fail" if claim == "either" else "either endpoint fails"
        lines.append(f"Stop when {both}; at the last look, success otherwise.")
    if behaviour is not None:
        lines += ["", _error_rates(behaviour)]
    elif table.rule.arms == 2:
        lines += ["", "State null_rate (the rate both arms share) to have the false-alarm rate."]
    return "\n".join(lines)


def _error_rates(behaviour: OperatingCharacteristics) -> str:
    """A line on each scenario the rule names: false alarm, power, and what lies between."""
    from bayes_escc.names import format_probability

    def early(s: Scenario) -> str:
        if len(behaviour.looks) == 1:
            return ""
        chance = format_probability(s.probability_early, 0.0)
        return f", ends before the last look with {chance}, and takes {s.expected_patients:.1f} patients on average"

    rule, said = behaviour.rule, []
    verb = "goes" if rule.act == "go" else "stops"
    for s in behaviour.scenarios:
        how = {rule.false_alarm_rates: " (a false alarm)", rule.power_rates: " (power)"}.get(s.rates, "")
        said.append(
            f"If the true rate is {'/'.join(f'{r:.3g}' for r in s.rates)}, it {verb} with probability "
            f"{format_probability(s.acts(rule.act), 0.0)}{how}{early(s)}."
        )
    return "\n".join(["By enumeration:", *said])


def _oc_text(behaviour: OperatingCharacteristics) -> str:
    from bayes_escc.names import format_probability
    from bayes_escc.report.layout import aligned

    def shown(p: float) -> str:
        return "-" if p == 0.0 else format_probability(p, 0.0)  # what cannot happen is no small probability

    header = [
        f"true {' / '.join(behaviour.rule.rates_needed)}",
        "P(go)",
        "P(stop)",
        "P(neither)",
        "P(early end)",
        "expected patients" + (", both arms" if behaviour.rule.arms == 2 else ""),
    ]
    rows = [
        [
            "/".join(f"{r:g}" for r in s.rates),
            shown(s.probability_go),
            shown(s.probability_stop),
            shown(s.probability_undecided),
            shown(s.probability_early),
            f"{s.expected_patients:.2f}",
        ]
        for s in behaviour.scenarios
    ]
    at = ["/".join(map(str, dict.fromkeys(look) if len(set(look)) == 1 else look)) for look in behaviour.looks]
    by_look = [
        [label, decision, *map(shown, values)]
        for s in behaviour.scenarios
        for label, decision, values in (
            ("/".join(f"{r:g}" for r in s.rates), "go", s.go),
            ("/".join(f"{r:g}" for r in s.rates), "stop", s.stop),
        )
        if any(values)
    ]
    blocks = [
        *_heading(behaviour.rule),
        "",
        aligned(header, rows),
        "",
        "First decision, by look (evaluable patients):",
        aligned(["true rate", "", *at], by_look),
    ]
    return "\n".join([*blocks, "", "Exact: every path of counts is followed."])
