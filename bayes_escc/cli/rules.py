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

from bayes_escc.cli.command import Commands, add_command, add_language, language_of, number, print_json
from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain

if TYPE_CHECKING:
    from bayes_escc.report.quantities import Language
    from bayes_escc.rules import BoundaryTable, OperatingCharacteristics, Rule

__all__ = ["register", "rules_of"]

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
        add_language(part, stated=True)
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
    from bayes_escc.analysis.bundled import bundled_analyses, find_analysis

    if keys:
        kinds = ", ".join(KINDS)
        raise AnalysisError(f"KEY=VALUE belongs to a kind of rule ({kinds}), not to the analysis {source!r}.")
    if not source.endswith(".toml") and nearest(source, KINDS) and source not in bundled_analyses():
        raise AnalysisError(f"{source!r} is no analysis and no kind of rule.{nearest(source, KINDS)}")
    analysis = find_analysis(source)
    rules = [r for r in analysis.rules if name in (None, r.name)]
    if not rules:
        known = [r.name for r in analysis.rules]
        if not known:
            raise AnalysisError(f"{analysis.id} has no [[monitoring]] rules.")
        raise AnalysisError(f"the rules of {analysis.id} are {', '.join(known)}.{nearest(name or '', known)}")
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
    from bayes_escc.evidence.numbers import number_in, whole_in

    whole, real = whole_in(text), number_in(text)
    return whole if whole is not None else text if real is None else real


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


def _asked(options: argparse.Namespace, keys: Sequence[str]) -> tuple[tuple[Rule, ...], Language]:
    """The rules that were asked about, and the language of the answer: as asked for, else as their analysis states."""
    from bayes_escc.rules import KINDS

    language = language_of(options)  # of refusals too, which come before an analysis is known
    rules = rules_of(options.source, keys, options.rule)
    if options.source in KINDS:
        return rules, language
    from bayes_escc.analysis.bundled import find_analysis

    return rules, language_of(options, find_analysis(options.source))


def _split(rules: Sequence[Rule], language: Language) -> tuple[list[Rule], list[Rule]]:
    """Rules that can be enumerated, and those that cannot."""
    from bayes_escc.report.rule_text import not_tabulated

    exact, others = [r for r in rules if not r.not_exact], [r for r in rules if r.not_exact]
    if not exact:
        raise AnalysisError(("" if language == "zh" else " ").join(not_tabulated(r, language) for r in others))
    return exact, others


def _table(options: argparse.Namespace) -> int:
    from bayes_escc.report.rule_text import boundary_text, not_tabulated
    from bayes_escc.rules import boundaries

    asked, language = _asked(options, options.keys)
    (rules, others), looks = _split(asked, language), _looks(options)
    tables = [boundaries(rule, looks) for rule in rules]
    behaviours = [_behaviour(rule, looks) for rule in rules]
    if options.figure:
        _draw(rules, options.figure, looks, language)
    if options.json:
        found = [
            {**table.to_dict(), "operating_characteristics": None if b is None else b.to_dict()}
            for table, b in zip(tables, behaviours, strict=True)
        ]
        print_json({"rules": found, "not_tabulated": [not_tabulated(r) for r in others]})
        return 0
    lines = [not_tabulated(r, language) for r in others]
    if options.csv:
        sys.stdout.write(tables[0].csv() if len(tables) == 1 else _tables_csv(tables))
        for line in lines:  # beside the table, whose rows are all of one kind
            print(f"bayes-escc: {line}", file=sys.stderr)
    else:
        texts = [boundary_text(t, b, language) for t, b in zip(tables, behaviours, strict=True)]
        print("\n\n".join([*texts, *lines]))
    return 0


def _draw(rules: Sequence[Rule], path: str, looks: Any, language: Language) -> None:
    """The boundaries of every rule, each in figures of its own."""
    from pathlib import Path

    from bayes_escc.plots import boundaries as boundaries_figure
    from bayes_escc.plots.chinese import with_chinese_texts
    from bayes_escc.plots.style import save_figure
    from bayes_escc.report.rule_text import names_of_rules, rule_sentence
    from bayes_escc.runs.figures import file_part, unused

    stems: list[str] = []
    for rule in rules:
        stem = path if len(rules) == 1 else f"{path}_{file_part(rule.name)}"
        stems.append(unused(stem, stems))
        figure = boundaries_figure(rule, looks)
        if language == "zh":
            known = {rule.sentence: rule_sentence(rule, language)}
            with_chinese_texts(figure, own=names_of_rules([rule]), known=known)
        save_figure(figure, Path(stems[-1]))


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
    from bayes_escc.report.rule_text import characteristics_text, not_tabulated, without_rates
    from bayes_escc.rules import operating_characteristics

    asked, language = _asked(options, options.keys)
    rules, others = _split(asked, language)
    if options.rates and len({rule.rates_needed for rule in rules}) > 1:
        raise AnalysisError(f"--rates is for one rule: add --rule, one of {', '.join(r.name for r in rules)}.")
    unknown: list[Rule] = []
    if options.rates is None and len(rules) > 1:  # one rule alone is told what it lacks
        unknown, rules = [r for r in rules if not r.scenarios], [r for r in rules if r.scenarios]
    found = [operating_characteristics(rule, _looks(options), _rates(options)) for rule in rules]

    def left_out(said_in: Language) -> list[str]:
        return [*(not_tabulated(r, said_in) for r in others), *(without_rates(r, said_in) for r in unknown)]

    if options.json:
        print_json({"rules": [b.to_dict() for b in found], "not_tabulated": left_out("en")})
    else:
        print("\n\n".join([*(characteristics_text(b, language) for b in found), *left_out(language)]))
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    from bayes_escc.report.rule_text import boundary_text, not_tabulated
    from bayes_escc.rules import boundaries, calibrate
    from bayes_escc.rules.calibrate import TUNED

    given = [key.partition("=")[0] for key in options.keys]
    tuned = {"bop2": ("lambda", "gamma"), **{kind: (key,) for kind, key in TUNED.items()}}.get(options.source, ())
    start = [f"{key}=0.9" for key in tuned if key not in given]  # replaced by what is found
    asked, language = _asked(options, [*options.keys, *start])
    rules, others = _split(asked, language)
    found = [calibrate(rule, options.false_alarm, looks=_looks(options)) for rule in rules]
    tables = [boundaries(c.rule, _looks(options)) for c in found]
    if options.json:
        print_json(
            {
                "rules": [
                    {**t.to_dict(), "operating_characteristics": c.operating_characteristics.to_dict()}
                    for c, t in zip(found, tables, strict=True)
                ],
                "not_tabulated": [not_tabulated(r) for r in others],
            }
        )
    else:
        texts = [boundary_text(t, c.operating_characteristics, language) for c, t in zip(found, tables, strict=True)]
        print("\n\n".join([*texts, *(not_tabulated(r, language) for r in others)]))
    return 0


def _behaviour(rule: Rule, looks: Any) -> OperatingCharacteristics | None:
    from bayes_escc.rules import operating_characteristics

    if not rule.scenarios:
        return None
    return operating_characteristics(rule, looks)
