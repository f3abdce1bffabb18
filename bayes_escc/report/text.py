"""Every table of a result as plain text for a terminal: grouped by question, with units, in one format of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_escc.answers.league import league_groups, league_order, mirrored
from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.bias_text import bias_text, population_text
from bayes_escc.report.borrowing_text import borrowing_text
from bayes_escc.report.layout import aligned, display_width
from bayes_escc.report.quantities import Naming, estimate_text, interval_text, is_log_ratio, of_itself
from bayes_escc.report.sentences import contrast_text, contrast_unit, headline_probability, margin_text, verdict

__all__ = ["result_text"]

MAX_LEAGUE: Final = 9
"""Most regimens whose league table is shown in a terminal."""
_ENGINES: Final = {"nuts": "NUTS", "laplace": "Laplace and importance sampling"}
_ONE_SAID: Final = ("log_hazard_ratio", "mu")
"""Logarithms of what stands beside them."""


def result_text(result: PlainMapping) -> str:
    """The verdict and every table of a result: the answer, estimates, ranks, and what they rest on."""
    naming = Naming.of(result)
    blocks = [*_head(result), "", *verdict(result)]
    if result["comparisons"]:
        blocks += ["", _comparison_table(result["comparisons"], naming)]
    blocks += _thresholds_and_predictions(result, naming)
    blocks += ["", _estimate_table(result["estimates"], naming)]
    if result.get("needed_to_treat"):
        blocks += ["", "Number needed to treat at the stated baseline:"]
        blocks += [f"  {_whom(row)}{row['sentence']}." for row in result["needed_to_treat"]]
    if result.get("weights"):
        blocks += ["", weights_text(result["weights"])]
    if len({r["regimen"] for r in result["ranking"]}) > 2:
        blocks += ["", _ranking_table(result, naming), *_rank_table(result["ranking"], naming)]
    if result.get("league"):
        blocks += ["", _league_text(result["league"], naming)]
    if result.get("bias"):
        blocks += ["", bias_text(result["bias"], naming)]
    if result.get("population"):
        blocks += ["", population_text(result["population"])]
    if result.get("detecting_scan"):
        blocks += ["", _dating_text(result, naming)]
    if result.get("borrowing"):
        blocks += ["", borrowing_text(result["borrowing"])]
    if result.get("monitoring"):
        blocks += ["", "Monitoring:", *[f"  {row['sentence']}" for row in result["monitoring"]]]
    if result["analysis"]["priors"]:
        blocks += ["", "Priors:", *[f"  {line}" for line in result["analysis"]["priors"]]]
    return "\n".join(blocks)


def _head(result: PlainMapping) -> list[str]:
    """Title, size, engine, and what a reader must know."""
    analysis, data, diagnostics = result["analysis"], result["data"], result["diagnostics"]
    lines = [analysis["title"], "=" * min(78, display_width(analysis["title"]))]
    if analysis["family"] == "synthesis":
        how = _ENGINES.get(analysis["sampler"], "quadrature over the heterogeneity")
        known = f", {data['patients']} patients known" if data["patients"] else ""
        size = f"{data['rows']} contrasts{known}"
    else:
        how = _ENGINES.get(analysis["sampler"], "closed form")
        size = ", ".join(f"{data[k]} {k if data[k] != 1 else k.removesuffix('s')}" for k in ("patients", "events"))
    lines.append(f"{size}; {how}, seed {analysis['seed']}.")
    if diagnostics.get("log_evidence") is not None:
        lines.append(f"Log evidence of the data under this model and its priors: {diagnostics['log_evidence']:.3f}.")
    if not diagnostics["converged"]:
        lines.append("NOT CONVERGED: " + " ".join(diagnostics["messages"]))
    for warning in data["warnings"]:
        place = f"row {warning['row']}: " if warning["row"] else ""
        lines.append(f"Note: {place}{warning['message']}")
    return lines


def _thresholds_and_predictions(result: PlainMapping, naming: Naming) -> list[str]:
    """Probabilities of thresholds, and the next patients."""
    blocks = []
    if result.get("thresholds"):
        rows = [
            [
                f"{naming.name(r)} {r['side']} {naming.value(r)}",
                naming.who(r),
                format_probability(r["probability"], r["mcse_probability"]),
            ]
            for r in result["thresholds"]
        ]
        blocks += ["", aligned(["threshold", "", "probability"], rows)]
    for row in result.get("predictions", []):
        reached = "; ".join(
            f"P(at least {k['responders']}) = {format_probability(k['probability'], k['mcse_probability'])}"
            for k in row["at_least"]
        )
        blocks.append(
            f"Next {row['patients']} patients, {naming.who(row)}: {row['median']} events "
            f"({100 * row['ci_prob']:g} % interval {row['lower']} to {row['upper']})"
            + (f"; {reached}" if reached else "")
        )
    return blocks


def _whom(row: PlainMapping) -> str:
    who = ", ".join(str(row[k]) for k in ("regimen", "covariate") if row[k])
    return f"{who}: " if who else ""


def weights_text(rows: Sequence[PlainMapping]) -> str:
    """The weight of every study in the pooled effect, or in that of its subgroup."""
    lines = [
        [
            ", ".join(str(r[k]) for k in ("study", "regimen") if r[k]) or "the prior of the effect",
            r["covariate"] or "",
            f"{100 * r['weight']:.1f} %",
            f"{100 * r['weight_common']:.1f} %",
        ]
        for r in rows
    ]
    table = aligned(["weights", "", "in this model", "common effect"], lines)
    return (
        f"{table}\nShare of each study in the posterior mean of the effect, by 1 / (se² + tau²) averaged over tau; "
        "for a common effect, by 1 / se²."
    )


def _ranking_table(result: PlainMapping, naming: Naming) -> str:
    """Ranks of three regimens or more; of two they say what the comparison says."""
    ci = f"{100 * result['estimates'][0]['ci_prob']:g} % CrI"
    rows = [
        [
            naming.name(r),
            r["regimen"],
            format_probability(r["probability_best"], r["mcse_probability_best"]),
            f"{r['mean_rank']:.2f}",
            f"{r['median_rank']} ({r['lower_rank']} to {r['upper_rank']})",
            f"{r['sucra']:.2f}",
        ]
        for r in result["ranking"]
    ]
    return aligned(["ranking", "", "P(best)", "mean rank", f"median rank ({ci})", "SUCRA"], rows)


def _rank_table(rows: Sequence[PlainMapping], naming: Naming) -> list[str]:
    """The probability of every rank, where there are more than two."""
    most = max(len(r.get("rank_probabilities", ())) for r in rows)
    if most <= 2:
        return []
    if most > MAX_LEAGUE:
        return ["", "The probability of every rank is in ranking.csv."]
    lines = []
    for r in rows:
        shares = [format_probability(p, r["mcse_probability_best"]) for p in r["rank_probabilities"]]
        lines.append([naming.name(r), r["regimen"], *shares, *[""] * (most - len(shares))])
    return ["", aligned(["probability of rank", "", *map(str, range(1, most + 1))], lines)]


def _league_text(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """The league table: estimates above the diagonal, P(better) below, each the row against the column."""
    blocks = []
    for group in league_groups(rows):
        order = league_order(group)
        first = group[0]
        name = naming.name(first)
        scale = "" if first["scale"].replace("_", " ") in name else f", {first['scale'].replace('_', ' ')}"
        what = f"{name}{scale}, median ({100 * first['ci_prob']:g} % CrI)"
        if len(order) > MAX_LEAGUE:
            blocks.append(f"League table of {len(order)} regimens ({len(group)} pairs): see league.csv.")
            continue
        above = {(r["regimen"], r["reference"]): r for r in group}
        cells = []
        for i, row in enumerate(order):
            line = [f"{row} ({i + 1})"]
            for j, column in enumerate(order):
                if i == j:
                    line.append("-")
                elif i < j:
                    line.append(contrast_text(above[row, column], naming.unit(first), with_unit=False))
                else:
                    r = mirrored(above[column, row])
                    line.append(f"P {format_probability(r['probability_better'], r['mcse_probability'])}")
            cells.append(line)
        title = (
            f"League table, row against column, the best ranked first. Above the diagonal: {what}; below: P(better)."
        )
        blocks += [title, aligned(["", *(f"({i + 1})" for i in range(len(order)))], cells)]
    return "\n".join(blocks)


def _dating_text(result: PlainMapping, naming: Naming) -> str:
    """The interval result beside the one with progression dated at the detecting scan."""
    at_scan = result["detecting_scan"]
    keys = ("estimand", "regimen", "study", "covariate", "endpoint", "time")
    other = {tuple(r[k] for k in keys): r for r in at_scan["estimates"]}
    ci = f"{100 * result['estimates'][0]['ci_prob']:g} % CrI"
    rows = []
    for r in _worth_a_line(result["estimates"]):
        found = other.get(tuple(r[k] for k in keys))
        if found is not None:
            name, who = _of_estimate(r, naming)
            rows.append([name, who, *(estimate_text(x).replace(f"{ci} ", "") for x in (r, found))])
    header = ["dating of progression", "", f"between scans: median ({ci})", f"at the detecting scan: median ({ci})"]
    lines = [aligned(header, rows)]
    pairs = list(zip(result["comparisons"], at_scan["comparisons"], strict=True))
    if pairs:
        rows = [
            [
                f"{naming.name(a)}: {a['regimen']} against {a['reference']}",
                *(format_probability(x["probability_better"], x["mcse_probability"]) for x in (a, b)),
            ]
            for a, b in pairs
        ]
        lines.append(aligned(["P(better)", "between scans", "at the detecting scan"], rows))
    lines.append("Scans find progression late: dated there, hazards seem to rise. The result is the one between scans.")
    return "\n\n".join(lines)


def _worth_a_line(rows: Sequence[PlainMapping]) -> list[PlainMapping]:
    """Estimates without those of a regimen against itself, and without logarithms of what stands beside them."""
    return [r for r in rows if r["estimand"] not in _ONE_SAID and not of_itself(r)]


def _of_estimate(row: PlainMapping, naming: Naming) -> tuple[str, str]:
    """What an estimate is of, and of whom; ratios for their logarithms."""
    unit = str(row["unit"])
    if row["estimand"] == "coefficient" and is_log_ratio(unit, str(row["estimand"])):
        name = unit.removeprefix("log ").partition(" per ")[0]
    else:
        name = naming.name({**row, "time": None})
    who = [naming.who({**row, "time": None})]
    if row["time"] is not None:
        who.append(f"{'to' if row['estimand'] == 'rmst' else 'at'} {row['time']:g} {naming.time_unit}".rstrip())
    return name, ", ".join(part for part in who if part)


def _estimate_table(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """Estimates by estimand with their units."""
    ci = f"{100 * rows[0]['ci_prob']:g} % CrI" if rows else "CrI"
    lines, before = [], None
    for r in _worth_a_line(rows):
        name, who = _of_estimate(r, naming)
        lines.append([name if name != before else "", who, estimate_text(r).replace(f"{ci} ", "")])
        before = name
    return aligned(["estimates", "", f"median ({ci})"], lines)


def _comparison_table(rows: Sequence[PlainMapping], naming: Naming) -> str:
    """One row for each comparison, allowing for bias where patients were not assigned at random, and without."""
    biased = any(r.get("bias_sd") for r in rows)
    header = ["comparison", "", f"median ({100 * rows[0]['ci_prob']:g} % CrI)"]
    header += ["P(better) allowing for bias", "without"] if biased else ["P(better)"]
    margin = any(r["margin"] is not None for r in rows)
    rope = any(r["rope"] is not None for r in rows)
    header += (["P(better by margin)"] if margin else []) + (["P(in ROPE)"] if rope else []) + ["evidence"]
    lines = []
    for r in rows:
        unit, asked = naming.unit(r), naming.name(r)
        asked = asked if r["scale"].replace("_", " ") in asked else f"{asked}, {r['scale'].replace('_', ' ')}"
        line = [f"{r['regimen']} against {r['reference']}", asked, contrast_text(r, unit)]
        if biased:
            line.append(format_probability(*headline_probability(r)))
        line.append(format_probability(r["probability_better"], r["mcse_probability"]))
        if margin:
            stated = r["margin"] is not None and r["probability_better_by_margin"] is not None
            p = format_probability(*headline_probability(r, margin=True)) if stated else ""
            line.append(f"{p} (by {margin_text(r, unit)})" if p else "")
        if rope:
            line.append(_in_rope(r, unit))
        lines.append([*line, r["anchoring"]])
    return aligned(header, lines)


def _in_rope(row: PlainMapping, unit: str) -> str:
    """The probability of practical equivalence, with its limits."""
    if row["rope"] is None:
        return ""
    low, high = row["rope"]
    limits = interval_text(low, low, high, contrast_unit(row, unit))[1]
    return f"{format_probability(row['probability_in_rope'], row['mcse_probability_in_rope'])} ({limits})"
