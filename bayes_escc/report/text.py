"""Every table of a result as plain text for a terminal: grouped by question, with units, in one format of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_escc.answers.league import league_groups, league_order, mirrored
from bayes_escc.families import get_family
from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.bias_text import bias_text, population_text
from bayes_escc.report.borrowing_text import borrowing_text
from bayes_escc.report.endpoint_words import of_result
from bayes_escc.report.layout import aligned, display_width
from bayes_escc.report.monitoring_words import position_sentence
from bayes_escc.report.naming import Naming, title_of
from bayes_escc.report.overlap_text import regimen_overlap_text
from bayes_escc.report.quantities import (
    Language,
    estimate_text,
    interval_text,
    is_log_ratio,
    is_until,
    name_of,
    of_itself,
)
from bayes_escc.report.sentences import contrast_text, contrast_unit, headline_probability, margin_text, verdict

__all__ = ["result_text"]

MAX_LEAGUE: Final = 9
"""Most regimens whose league table is shown in a terminal."""
_ONE_SAID: Final = ("log_hazard_ratio", "mu")
"""Logarithms of what stands beside them."""


_LEAST_WEIGHT: Final = 0.0005
"""Weights of studies that would be printed as nothing are left out."""


def result_text(result: PlainMapping, language: Language = "en") -> str:
    """The verdict and every table of a result: the answer, estimates, ranks, and what they rest on.

    Parameters
    ----------
    result : mapping
        The content of `result.json`.
    language : {"en", "zh"}
        Names that a person gave stay as they are.
    """
    naming = Naming.of(result, language)
    blocks = [*_head(result, naming), "", *verdict(result, language)]
    if result["comparisons"]:
        blocks += ["", _comparison_table(result["comparisons"], naming)]
    if result.get("joint"):
        blocks += ["", _joint_table(result["joint"], naming, any(r.get("bias_sd") for r in result["comparisons"]))]
    blocks += _thresholds_and_predictions(result, naming)
    blocks += ["", _estimate_table(result["estimates"], naming)]
    if result.get("needed_to_treat"):
        blocks += ["", naming.say("needed")]
        stop = naming.say("full_stop")
        blocks += [f"  {_whom(row, naming)}{naming.said(row['sentence'])}{stop}" for row in result["needed_to_treat"]]
    if result.get("weights"):
        blocks += ["", _weights_text(result["weights"], naming)]
    if len({r["regimen"] for r in result["ranking"]}) > 2:
        blocks += ["", _ranking_table(result, naming), *_rank_table(result["ranking"], naming)]
    if result.get("league"):
        blocks += ["", _league_text(result["league"], naming)]
    if result.get("bias"):
        blocks += ["", bias_text(result["bias"], naming)]
    if result.get("population"):
        blocks += ["", population_text(result["population"], naming)]
    for found in result.get("overlap") or ():
        blocks += ["", regimen_overlap_text(found, naming)]
    if result.get("detecting_scan"):
        blocks += ["", _dating_text(result, naming)]
    if result.get("borrowing"):
        blocks += ["", borrowing_text(result["borrowing"], naming)]
    if result.get("monitoring"):
        blocks += ["", naming.say("monitoring")]
        blocks += [f"  {position_sentence(row, language, naming.own)}" for row in result["monitoring"]]
    if result["analysis"]["priors"]:
        blocks += ["", naming.say("priors"), *[f"  {naming.said(line)}" for line in result["analysis"]["priors"]]]
    return of_result("\n".join(blocks), result, naming.own)


def _head(result: PlainMapping, naming: Naming) -> list[str]:
    """Title, size, engine, and what a reader must know."""
    analysis, data, diagnostics = result["analysis"], result["data"], result["diagnostics"]
    title = title_of(result, naming.language)
    lines = [title, "=" * min(78, display_width(title))]
    pooled = get_family(analysis["family"]).POOLS_STUDIES
    if pooled:
        size = naming.say("contrasts", n=data["rows"])
        size += naming.say("known", n=data["patients"]) if data["patients"] else ""
    else:
        counted = {k: k if data[k] != 1 else k.removesuffix("s") for k in ("patients", "events")}
        size = naming.say("size", **{k: naming.say(word, n=data[k]) for k, word in counted.items()})
    engine = analysis["sampler"] if analysis["sampler"] in ("nuts", "laplace") else "quadrature" if pooled else "exact"
    lines.append(naming.say("how", size=size, engine=naming.say(engine), seed=analysis["seed"]))
    if diagnostics.get("log_evidence") is not None:
        lines.append(naming.say("evidence", value=f"{diagnostics['log_evidence']:.3f}"))
    if not diagnostics["converged"]:
        lines.append(naming.say("not_converged", text=naming.said(" ".join(diagnostics["messages"]))))
    for warning in data["warnings"]:
        place = naming.say("row", row=warning["row"]) if warning["row"] else ""
        lines.append(naming.say("note", text=f"{place}{naming.said(warning['message'])}"))
    return lines


def _thresholds_and_predictions(result: PlainMapping, naming: Naming) -> list[str]:
    """Probabilities of thresholds, and the next patients."""
    blocks = []
    if result.get("thresholds"):
        rows = [
            [
                naming.say(r["side"], name=naming.name(r), value=naming.value(r)),
                naming.who(r),
                format_probability(r["probability"], r["mcse_probability"]),
            ]
            for r in result["thresholds"]
        ]
        blocks += ["", aligned([naming.say("threshold"), "", naming.say("probability")], rows)]
    for row in result.get("predictions", []):
        said = [
            naming.say(
                "next",
                n=row["patients"],
                who=naming.who(row),
                events=row["median"],
                ci=f"{100 * row['ci_prob']:g}",
                low=row["lower"],
                high=row["upper"],
            )
        ]
        said += [
            naming.say("at_least", n=k["responders"], p=format_probability(k["probability"], k["mcse_probability"]))
            for k in row["at_least"]
        ]
        blocks.append(naming.say("separator").join(said))
    return blocks


def _whom(row: PlainMapping, naming: Naming) -> str:
    who = naming.joined(str(row[k]) for k in ("regimen", "covariate") if row[k])
    return f"{who}{naming.say('colon')}" if who else ""


def _made(label: str, naming: Naming) -> str:
    """A label in the language of the rows where the package made it, such as "A against B"; a person's own as it is."""
    return naming.said(label) if " against " in label or label.startswith("slope on ") else label


def _weights_text(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """The weight of every study that has one in the pooled effect, or in that of its subgroup or contrast."""
    lines = [
        [
            naming.joined(str(r[k]) for k in ("study", "regimen") if r[k]) or naming.say("prior_of_effect"),
            _made(str(r["covariate"] or ""), naming),
            f"{100 * r['weight']:.1f} %",
            f"{100 * r['weight_common']:.1f} %",
        ]
        for r in rows
        if not r["study"] or max(r["weight"], r["weight_common"]) >= _LEAST_WEIGHT
    ]
    table = aligned([naming.say("weights"), "", naming.say("in_this_model"), naming.say("common_effect")], lines)
    return f"{table}\n{naming.say('weights_note')}"


def _ranking_table(result: PlainMapping, naming: Naming) -> str:
    """Ranks of three regimens or more; of two they say what the comparison says."""
    rows = [
        [
            naming.name(r),
            r["regimen"],
            format_probability(r["probability_best"], r["mcse_probability_best"]),
            f"{r['mean_rank']:.2f}",
            naming.say("interval", middle=r["median_rank"], low=r["lower_rank"], high=r["upper_rank"]),
            f"{r['sucra']:.2f}",
        ]
        for r in result["ranking"]
    ]
    median = naming.say("median_rank", ci=naming.interval(result["estimates"][0]))
    return aligned([naming.say("ranking"), "", naming.say("best"), naming.say("mean_rank"), median, "SUCRA"], rows)


def _rank_table(rows: Sequence[PlainMapping], naming: Naming) -> list[str]:
    """The probability of every rank, where there are more than two."""
    most = max(len(r.get("rank_probabilities", ())) for r in rows)
    if most <= 2:
        return []
    if most > MAX_LEAGUE:
        return ["", naming.say("ranks_in_file")]
    lines = []
    for r in rows:
        shares = [format_probability(p, r["mcse_probability_best"]) for p in r["rank_probabilities"]]
        lines.append([naming.name(r), r["regimen"], *shares, *[""] * (most - len(shares))])
    return ["", aligned([naming.say("rank_of"), "", *map(str, range(1, most + 1))], lines)]


def _scaled(row: PlainMapping, naming: Naming) -> str:
    """What a comparison is of, with its scale where the name does not say it."""
    name, scale = naming.name(row), naming.say(str(row["scale"]))
    return name if row["scale"].replace("_", " ") in name or scale in name else naming.joined((name, scale))


def _league_text(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """The league table: estimates above the diagonal, P(better) below, each the row against the column."""
    blocks = []
    for group in league_groups(rows):
        order = league_order(group)
        first = group[0]
        if len(order) > MAX_LEAGUE:
            blocks.append(naming.say("league_in_file", k=len(order), n=len(group)))
            continue
        above = {(r["regimen"], r["reference"]): r for r in group}
        cells = []
        for i, row in enumerate(order):
            line = [f"{row} ({i + 1})"]
            for j, column in enumerate(order):
                if i == j:
                    line.append("-")
                elif i < j:
                    line.append(contrast_text(above[row, column], naming.unit(first), naming.language, with_unit=False))
                else:
                    r = mirrored(above[column, row])
                    line.append(f"P {format_probability(r['probability_better'], r['mcse_probability'])}")
            cells.append(line)
        what = naming.say("league_what", name=_scaled(first, naming), ci=naming.interval(first))
        blocks += [
            naming.say("league", what=what),
            aligned(["", *(f"({i + 1})" for i in range(len(order)))], cells),
        ]
    return "\n".join(blocks)


def _dating_text(result: PlainMapping, naming: Naming) -> str:
    """The interval result beside the one with progression dated at the detecting scan."""
    at_scan = result["detecting_scan"]
    keys = ("estimand", "regimen", "study", "covariate", "endpoint", "time")
    other = {tuple(r[k] for k in keys): r for r in at_scan["estimates"]}
    ci = naming.interval(result["estimates"][0])
    rows = []
    for r in _worth_a_line(result["estimates"]):
        found = other.get(tuple(r[k] for k in keys))
        if found is not None:
            name, who = _of_estimate(r, naming)
            rows.append([name, who, *(_estimated(x, naming) for x in (r, found))])
    ways = [naming.say("between_scans"), naming.say("at_scan")]
    median = naming.say("median_ci", ci=ci)
    header = [naming.say("dating"), "", *(f"{way}{naming.say('colon')}{median}" for way in ways)]
    lines = [aligned(header, rows)]
    pairs = list(zip(result["comparisons"], at_scan["comparisons"], strict=True))
    if pairs:
        rows = [
            [
                f"{naming.name(a)}{naming.say('colon')}{naming.pair(a)}",
                *(format_probability(x["probability_better"], x["mcse_probability"]) for x in (a, b)),
            ]
            for a, b in pairs
        ]
        lines.append(aligned([naming.say("better"), *ways], rows))
    lines.append(naming.say("dating_note"))
    return "\n\n".join(lines)


def _worth_a_line(rows: Sequence[PlainMapping]) -> list[PlainMapping]:
    """Estimates without those of a regimen against itself, and without logarithms of what stands beside them."""
    return [r for r in rows if r["estimand"] not in _ONE_SAID and not of_itself(r)]


def _estimated(row: PlainMapping, naming: Naming) -> str:
    """Median and interval, without the name of the interval, which stands in the heading."""
    return estimate_text(row, naming.language).replace(f"{naming.interval(row)} ", "")


def _of_estimate(row: PlainMapping, naming: Naming) -> tuple[str, str]:
    """What an estimate is of, and of whom; ratios for their logarithms."""
    unit = str(row["unit"])
    if row["estimand"] == "coefficient" and is_log_ratio(unit, str(row["estimand"])):
        ratio = unit.removeprefix("log ").partition(" per ")[0].replace(" ", "_")
        name = name_of({"estimand": ratio, "time": None}, language=naming.language)
    else:
        name = naming.name({**row, "time": None})
    who = [naming.who({**row, "time": None})]
    if row["time"] is not None:
        who.append(naming.say("to" if is_until(str(row["estimand"])) else "at", time=naming.time(row["time"])))
    return name, naming.joined(who)


def _estimate_table(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """Estimates by estimand with their units."""
    ci = naming.interval(rows[0]) if rows else "CrI"
    lines, before = [], None
    for r in _worth_a_line(rows):
        name, who = _of_estimate(r, naming)
        lines.append([name if name != before else "", who, _estimated(r, naming)])
        before = name
    return aligned([naming.say("estimates"), "", naming.say("median_ci", ci=ci)], lines)


def _comparison_table(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """One row for each comparison, allowing for bias where patients were not assigned at random, and without."""
    biased = any(r.get("bias_sd") for r in rows)
    margin = any(r["margin"] is not None for r in rows)
    rope = any(r["rope"] is not None for r in rows)
    keys = ["with_bias", "without"] if biased else ["better"]
    keys += (["by_margin"] if margin else []) + (["in_rope"] if rope else []) + ["assignment"]
    header = [naming.say("comparison"), "", naming.say("median_ci", ci=naming.interval(rows[0]))]
    header += [naming.say(key) for key in keys]
    lines = []
    for r in rows:
        unit = naming.unit(r)
        line = [naming.pair(r), _scaled(r, naming), contrast_text(r, unit, naming.language)]
        if biased:
            line.append(format_probability(*headline_probability(r)))
        line.append(format_probability(r["probability_better"], r["mcse_probability"]))
        if margin:
            stated = r["margin"] is not None and r["probability_better_by_margin"] is not None
            p = format_probability(*headline_probability(r, margin=True)) if stated else ""
            line.append(naming.say("by", p=p, size=margin_text(r, unit, naming.language)) if p else "")
        if rope:
            line.append(_in_rope(r, unit, naming.language))
        lines.append([*line, naming.said(r["anchoring"])])
    return aligned(header, lines)


def _joint_table(rows: Sequence[PlainMapping], naming: Naming, biased: bool) -> str:
    """Better in both of two estimands, in one of them, in neither; none of it allows for a bias."""
    cases = ("both", "first_only", "second_only", "neither")
    header = [
        naming.say("joint_unbiased" if biased else "joint"),
        "",
        *(naming.say(f"joint_{case}") for case in cases),
        naming.say("correlation"),
    ]
    lines = []
    for r in rows:
        names = [naming.name({"estimand": r[k], "time": r["time"]}) for k in ("first", "second")]
        shares = [format_probability(r[f"probability_{case}"], r[f"mcse_{case}"]) for case in cases]
        correlation = "-" if r["correlation"] is None else f"{r['correlation']:.2f}"
        lines.append([naming.pair(r), " / ".join(names), *shares, correlation])
    return aligned(header, lines)


def _in_rope(row: PlainMapping, unit: str, language: Language) -> str:
    """The probability of practical equivalence, with its limits."""
    if row["rope"] is None:
        return ""
    low, high = row["rope"]
    limits = interval_text(low, low, high, contrast_unit(row, unit), language)[1]
    return f"{format_probability(row['probability_in_rope'], row['mcse_probability_in_rope'])} ({limits})"
