"""Results as plain text for a terminal: aligned tables, no more digits than are known."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bayes_escc.answers.league import league_groups, league_order, mirrored
from bayes_escc.names import format_number, format_probability
from bayes_escc.report.quantities import estimate_text, is_log_ratio, name_of, per_step
from bayes_escc.report.sentences import contrast_text, margin_text

__all__ = [
    "aligned",
    "bias_text",
    "course_text",
    "display_width",
    "inconsistency_text",
    "overlap_text",
    "population_text",
    "proportional_hazards_text",
    "reconstruction_text",
    "result_text",
    "tipping_text",
    "wrapped",
]

MAX_LEAGUE: Final = 9
"""Most regimens whose league table is shown in a terminal."""


_ENGINES = {"nuts": "NUTS", "laplace": "Laplace and importance sampling"}


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with columns padded to their widest cell; numbers to the right."""
    table = [list(header), *[list(r) for r in rows]]
    widths = [max(display_width(line[i]) for line in table) for i in range(len(header))]
    numeric = [all(r[i][:1] in "-0123456789<>" or not r[i] for r in rows) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            " " * (w - display_width(c)) + c if right else c + " " * (w - display_width(c))
            for c, w, right in zip(cells, widths, numeric, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), "  ".join("-" * w for w in widths), *map(line, rows)])


def display_width(text: str) -> int:
    """Columns a text takes in a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(label: str, width: int = 26) -> str:
    """A label broken into lines by the width it takes, so that nothing is cut off."""
    lines, line = [], ""
    for word in label.split():
        candidate = f"{line} {word}".strip()
        if display_width(candidate) <= width:
            line = candidate
            continue
        lines += [line] if line else []
        line = word
        while display_width(line) > width:  # a word without blanks breaks after / or -, or, as in Chinese, anywhere
            fits = next(i for i in range(len(line), 0, -1) if display_width(line[:i]) <= width)
            cut = max(line.rfind(mark, 0, fits) for mark in "/-") + 1 or fits
            lines.append(line[:cut])
            line = line[cut:]
    return "\n".join([*lines, line])


def _interval(row: Mapping[str, Any]) -> str:
    return f"{format_number(row['lower'])} to {format_number(row['upper'])}"


def _label(row: Mapping[str, Any], several_endpoints: bool) -> str:
    parts = [row.get("study"), row.get("regimen"), row.get("covariate")]
    if row.get("time") is not None:
        parts.append(f"at {row['time']:.4g}")
    if several_endpoints or not any(parts):
        parts.append(row.get("endpoint"))
    return ", ".join(str(p) for p in parts if p)


def result_text(result: Mapping[str, Any]) -> str:
    """The main tables of a result."""
    analysis, data, diagnostics = result["analysis"], result["data"], result["diagnostics"]
    blocks = [analysis["title"], "=" * min(78, display_width(analysis["title"]))]
    if analysis["family"] == "synthesis":
        how = _ENGINES.get(analysis["sampler"], "quadrature over the heterogeneity")
        known = f", {data['patients']} patients known" if data["patients"] else ""
        size = f"{data['rows']} contrasts{known}"
    else:
        how = _ENGINES.get(analysis["sampler"], "closed form")
        size = ", ".join(f"{data[k]} {k if data[k] != 1 else k.removesuffix('s')}" for k in ("patients", "events"))
    blocks.append(f"{size}; {how}, seed {analysis['seed']}.")
    if diagnostics["log_evidence"] is not None:
        blocks.append(f"Log evidence of the data under this model and its priors: {diagnostics['log_evidence']:.3f}.")
    if not diagnostics["converged"]:
        blocks.append("NOT CONVERGED: " + " ".join(diagnostics["messages"]))
    for warning in data["warnings"]:
        place = f"row {warning['row']}: " if warning["row"] else ""
        blocks.append(f"Note: {place}{warning['message']}")
    several = len({r["endpoint"] for r in result["estimates"] if r["endpoint"]}) > 1
    estimates = result["estimates"]
    ci = f"{100 * estimates[0]['ci_prob']:g} % CrI" if estimates else ""
    blocks += ["", _estimate_table(estimates, several)]
    units = {r["estimand"]: str(r["unit"]) for r in estimates}
    time_unit = units.get("median", units.get("rmst", ""))
    if result["comparisons"]:
        blocks += ["", _comparison_table(result["comparisons"], units)]
    if result.get("bias"):
        blocks += ["", bias_text(result["bias"], several)]
    if result.get("population"):
        blocks += ["", population_text(result["population"])]
    if result.get("detecting_scan"):
        blocks += ["", _dating_text(result, several)]
    if result["ranking"]:
        rows = [
            [
                r["estimand"],
                _label(r, several),
                format_probability(r["probability_best"], r["mcse_probability_best"]),
                f"{r['mean_rank']:.2f}",
                f"{r['median_rank']} ({r['lower_rank']} to {r['upper_rank']})",
                f"{r['sucra']:.2f}",
            ]
            for r in result["ranking"]
        ]
        header = ["ranking", "", "P(best)", "mean rank", f"median rank ({ci})", "SUCRA"]
        blocks += ["", aligned(header, rows), *_rank_table(result["ranking"], several)]
    if result.get("league"):
        blocks += ["", _league_text(result["league"])]
    if result.get("borrowing"):
        blocks += ["", _borrowing_text(result["borrowing"])]
    if result.get("thresholds"):
        rows = [
            [
                _label(r, several),
                f"{name_of(r, units.get(r['estimand'], ''), time_unit)} {'>' if r['side'] == 'above' else '<'} "
                f"{r['value']:g}",
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
            f"Next {row['patients']} patients, {_label(row, several)}: {row['median']} events "
            f"({100 * row['ci_prob']:g} % interval {row['lower']} to {row['upper']})"
            + (f"; {reached}" if reached else "")
        )
    if result.get("monitoring"):
        blocks += ["", "Monitoring:", *[f"  {row['sentence']}" for row in result["monitoring"]]]
    if analysis["priors"]:
        blocks += ["", "Priors:", *[f"  {line}" for line in analysis["priors"]]]
    return "\n".join(blocks)


def _rank_table(rows: Sequence[Mapping[str, Any]], several: bool) -> list[str]:
    """The probability of every rank, where there are more than two."""
    most = max(len(r.get("rank_probabilities", ())) for r in rows)
    if most <= 2:
        return []
    if most > MAX_LEAGUE:
        return ["", "The probability of every rank is in ranking.csv."]
    error = [r["mcse_probability_best"] for r in rows]
    lines = [
        [r["estimand"], _label(r, several), *(format_probability(p, e) for p in r["rank_probabilities"])]
        for r, e in zip(rows, error, strict=True)
    ]
    lines = [line + [""] * (most + 2 - len(line)) for line in lines]
    return ["", aligned(["probability of rank", "", *map(str, range(1, most + 1))], lines)]


def _league_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The league table: estimates above the diagonal, P(better) below, each the row against the column."""
    blocks = []
    for group in league_groups(rows):
        order = league_order(group)
        first = group[0]
        what = f"{first['estimand']}, {first['scale']}, median ({100 * first['ci_prob']:g} % CrI)"
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
                    r = above[row, column]
                    line.append(f"{format_number(r['median'])} ({_interval(r)})")
                else:
                    r = mirrored(above[column, row])
                    line.append(f"P {format_probability(r['probability_better'], r['mcse_probability'])}")
            cells.append(line)
        title = (
            f"League table, row against column, the best ranked first. Above the diagonal: {what}; below: P(better)."
        )
        blocks += [title, aligned(["", *(f"({i + 1})" for i in range(len(order)))], cells)]
    return "\n".join(blocks)


def bias_text(rows: Sequence[Mapping[str, Any]], several: bool = False) -> str:
    """P(better) under no bias, half of the bias believed, all of it and double, and where the answer tips."""
    lines = []
    for r in rows:
        name = f"{r['estimand']}: {_label(r, several)} against {r['reference']}"
        for margin in [False] if r["margin"] is None else [False, True]:
            value, error = (
                ("probability_better_by_margin", "mcse_probability_by_margin")
                if margin
                else ("probability_better", "mcse_probability")
            )
            cells = [format_probability(a[value], a[error]) for a in r["averaged"]]
            points = [t for t in r["tipping"] if (t["margin"] is not None) == margin]
            shown = ["none" if t["bias"] is None else f"{t['bias']:+.2f} ({t['ratio']:.2f})" for t in points]
            lines.append([f"{name}, by {r['margin']:g}" if margin else name, *cells, *shown])
    first = rows[0]
    alike = len({tuple(a["bias_sd"] for a in r["averaged"]) for r in rows}) == 1
    words = [f"{a['bias_sd']:.3g}" for a in first["averaged"]] if alike else ["0", "half of its own", "own", "double"]
    levels = [f"tips at {t['level']:g}" for t in first["tipping"] if t["margin"] is None]
    scales = {"log_odds": "log odds (odds ratio)", "log_hazard": "log hazard (hazard ratio)"}
    on = " and ".join(dict.fromkeys(scales[r["bias_scale"]] for r in rows))
    blocks = [
        aligned(["P(better) for a bias of sd", *words[: len(first["averaged"])], *levels], lines),
        f"Biases are on the {on}: what is observed is the regimen's own plus the bias.",
    ]
    return "\n".join([*blocks, *(first["sentences"] if len(rows) == 1 else [])])


def tipping_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Where the answer tips and what that would take, under a verdict that has the probabilities already."""
    table = bias_text([{**row, "sentences": []} for row in rows])
    further = rows[0]["sentences"][1:] if len(rows) == 1 else []
    return "\n".join([table, *(textwrap.fill(sentence, 100) for sentence in further)])


def course_text(row: Mapping[str, Any]) -> str:
    """The contrast that is left for each of several biases."""
    margin = row["margin"] is not None
    header = ["bias", "as a ratio", row["scale"].replace("_", " "), "95 % CrI", "P(better)"]
    header += [f"P(better by {row['margin']:g})"] if margin else []
    lines = []
    for r in row["course"]:
        line = [f"{r['bias']:+.2f}", f"{r['ratio']:.2f}", format_number(r["median"])]
        line += ["-" if r["median"] is None else _interval(r), format_probability(r["probability_better"], 0.0)]
        line += [format_probability(r["probability_better_by_margin"], 0.0)] if margin else []
        lines.append(line)
    time = "" if row["time"] is None else f" at {row['time']:g}"
    title = f"{row['estimand']}{time} of {row['regimen']} against {row['reference']} once a bias is taken away"
    return "\n".join([title, aligned(header, lines)])


def overlap_text(found: Mapping[str, Any]) -> str:
    """Balance of own patients with those of a published arm."""
    rows = [
        [
            b["covariate"],
            format_number(b["own_mean"]),
            format_number(b["target_mean"]),
            f"{b['difference']:+.2f}",
            f"{format_number(b['own_low'])} to {format_number(b['own_high'])}",
            f"{100 * b['outside']:.0f} %",
        ]
        for b in found["balance"]
    ]
    header = ["covariate, as modelled", "own", "published", "difference in sd", "own range", "outside it"]
    lines = [f"{found['study']}: overlap is {found['state']}.", *(f"  {reason}." for reason in found["reasons"])]
    lines += [aligned(header, rows)] if rows else []
    weights = f"{found['ess']:.1f} of {found['patients']} own patients count after matching"
    lines.append(f"{weights}; the largest weight is {100 * found['largest_weight']:.0f} %.")
    return "\n".join(lines)


def population_text(found: Mapping[str, Any]) -> str:
    """Answers in every population, with overlap, what every fact contributed, and companions."""
    timed = "estimand" in found
    key, effect = ("rmst", "log_hazard_ratio") if timed else ("rate", "log_odds_ratio")
    rows = [
        [
            r["population"],
            r["regimen"],
            f"{format_number(r[key])} ({_limits(r, key)})",
            "" if r["probability_better"] is None else f"{format_number(r['difference'])} ({_limits(r, 'difference')})",
            format_probability(r["probability_better"], 0.002),
        ]
        for r in found["populations"]
    ]
    lines = [
        aligned(
            ["in the population", "", found.get("estimand", "rate"), "difference from the first", "P(better), no bias"],
            rows,
        )
    ]
    lines.append("Regimens share the coefficients, so P(better) is the same in every population; only sizes differ.")
    for r in found["conditional"]:
        lines.append(
            f"Conditional {effect.replace('_', ' ')}, {r['regimen']} against {r['reference']}: "
            f"{format_number(r[effect])} ({_limits(r, effect)})."
        )
    lines += [
        f"{c['covariate']} is known from its prior alone." for c in found["identification"] if c["from_the_prior"]
    ]
    lines += _ledger_lines(found)
    lines += ["", *(overlap_text(o) for o in found["overlap"]), ""]
    cells = [
        [
            f"{c['method']}, {c['note']}",
            f"{c['regimen']} against {c['reference']}",
            format_number(c["rate"]),
            format_number(c["published_rate"]),
            format_number(c[effect]),
            f"{c['ess']:.1f}",
        ]
        for c in found["companions"]
    ]
    if cells:
        rate = "own events per time" if timed else "own rate"
        lines.append(aligned(["companions", "", rate, "published", effect.replace("_", " "), "patients"], cells))
    change = found["integration"]["change"]
    lines.append(f"Integration over published covariates ({found['integration']['rule']}): {change:.3f} posterior sd.")
    return "\n".join(lines)


def _ledger_lines(found: Mapping[str, Any]) -> list[str]:
    """What every published fact contributed, and what was not used."""
    rows = [
        [
            r["fact"],
            r["route"].replace("_", " "),
            f"{r['regimen']} against {r['reference']}",
            f"{r['sd']:.3f}",
            ("only a refit tells" if r["sd_without"] is None else f"{r['sd_without']:.3f}")
            + (" (the prior)" if r["all_that_is_known"] else ""),
        ]
        for r in found.get("ledger", ())
    ]
    header = ["published fact", "route", "log hazard ratio", "sd", "sd without it"]
    lines = ["", aligned(header, rows)] if rows else []
    if found.get("not_used"):
        lines.append(f"Not used: {'; '.join(found['not_used'])}.")
    return lines


def _limits(row: Mapping[str, Any], name: str) -> str:
    return f"{format_number(row[f'{name}_lower'])} to {format_number(row[f'{name}_upper'])}"


def reconstruction_text(report: Mapping[str, Any]) -> str:
    """How closely patients read from a figure reproduce it."""

    def printed(value: Any) -> str:
        return "not printed" if value is None else f"{value:g} printed"

    lines = [
        f"{report['patients']} patients, {report['events']} events ({printed(report['printed_events'])}), median "
        f"{format_number(report['median'])} ({printed(report['printed_median'])}).",
        f"Difference from the points of the figure: at most {report['largest_error']:.4f}, root mean square "
        f"{report['root_mean_square_error']:.4f}; read to {report['precision']:g}, moved by at most "
        f"{report['largest_correction']:.4f} to make the curve decrease.",
    ]
    if report["at_risk"] is not None:
        rows = [
            [f"{t:g}", str(a), str(b)]
            for t, a, b in zip(report["at_risk_time"], report["at_risk_printed"], report["at_risk"], strict=True)
        ]
        lines += ["", aligned(["time", "at risk, printed", "reproduced"], rows), ""]
    return "\n".join([*lines, *(f"Note: {note}" for note in report["notes"])])


def _dating_text(result: Mapping[str, Any], several: bool) -> str:
    """The interval result beside the one with progression dated at the detecting scan."""
    at_scan = result["detecting_scan"]
    keys = ("estimand", "regimen", "study", "covariate", "endpoint", "time")
    other = {tuple(r[k] for k in keys): r for r in at_scan["estimates"]}
    ci = f"{100 * result['estimates'][0]['ci_prob']:g} % CrI"
    rows = []
    for r in result["estimates"]:
        found = other.get(tuple(r[k] for k in keys))
        if found is not None:
            cells = [f"{format_number(x['median'])} ({_interval(x)})" for x in (r, found)]
            rows.append([r["estimand"], _label(r, several), *cells])
    header = ["dating of progression", "", f"between scans: median ({ci})", f"at the detecting scan: median ({ci})"]
    lines = [aligned(header, rows)]
    pairs = list(zip(result["comparisons"], at_scan["comparisons"], strict=True))
    if pairs:
        rows = [
            [
                f"{a['estimand']}: {_label(a, several)} against {a['reference']}",
                *(format_probability(x["probability_better"], x["mcse_probability"]) for x in (a, b)),
            ]
            for a, b in pairs
        ]
        lines.append(aligned(["P(better)", "between scans", "at the detecting scan"], rows))
    lines.append("Scans find progression late: dated there, hazards seem to rise. The result is the one between scans.")
    return "\n\n".join(lines)


def _borrowing_text(found: Mapping[str, Any]) -> str:
    """Who borrows from whom, the historical prior, and the answers for every robust weight."""
    historical = found["historical"]
    patients = sum(h["n"] for h in historical)
    name = "MAP prior" if found["method"] == "map" else "normalised power prior"
    distinct: dict[str, list[Mapping[str, Any]]] = {}
    for prior in found["map_priors"]:
        distinct.setdefault(str(prior["components"]), []).append(prior)
    who = ", ".join(found["borrows"])
    lines = [f"Borrowed from {len(historical)} historical arms, {patients} patients, for {who} alone."]
    for alike in distinct.values():
        of = f"{name} of {', '.join(p['regimen'] for p in alike)}:" if len(distinct) > 1 else name
        lines += _borrowed_prior_text(alike[0], of)
    lines.append(f"Priors of the history: {'; '.join(f'{k} {v}' for k, v in found['priors'].items())}.")
    lines += ["* the weight of the analysis.", _borrowing_answers(found)]
    tails = {r["regimen"]: r["predictive_tail"] for r in found["answers"]}
    conflict = "; ".join(f"{who} {format_probability(p, 0.0)}" for who, p in tails.items())
    lines.append(f"Conflict, P(a count as improbable under the {name}): {conflict}.")
    return "\n".join([*lines, found["caution"]])


def _borrowed_prior_text(prior: Mapping[str, Any], name: str) -> list[str]:
    """The historical prior in words, and the hierarchy behind it."""
    shown = prior["components"][:8]
    parts = " + ".join(f"{c['weight']:.3f} Beta({c['alpha']:.3g}, {c['beta']:.3g})" for c in shown)
    more = len(prior["components"]) - len(shown)
    parts += f" + {more} more" if more else ""
    elir = "ELIR does not exist" if prior["ess_elir"] is None else f"{prior['ess_elir']:.0f} patients by ELIR"
    morita = "" if prior["ess_morita"] is None else f", {prior['ess_morita']:.0f} by Morita"
    size = f"{elir}, {prior['ess_moment']:.0f} by moments{morita}"
    lines = [f"{name} {parts},", f"median {format_number(prior['median'])} ({_interval(prior)}), worth: {size}."]
    if prior["mixture_miss"] > 1e-3:
        lines.append(
            f"The mixture misses the prior by up to {prior['mixture_miss']:.4f} between its 0.5 and 99.5 % points; the "
            "answers do not use it."
        )
    if prior["tau"] is not None:
        tau, mean = prior["tau"], prior["mean_rate"]
        lines.append(
            f"Between the historical arms: tau {format_number(tau['median'])} ({_interval(tau)}) on the log odds, rate "
            f"at the centre {format_number(mean['median'])} ({_interval(mean)})."
        )
        rows = [
            [
                r["study"],
                f"{r['events']}/{r['n']}",
                format_number(r["events"] / r["n"]) if r["n"] else "",
                format_number(r["median"]),
                _interval(r),
            ]
            for r in prior["study_rates"]
        ]
        lines.append(aligned(["historical arm", "events", "observed", "shrunken", "CrI"], rows))
    return lines


def _borrowing_answers(found: Mapping[str, Any]) -> str:
    """Rates, and P(better) where regimens are compared, for every robust weight."""
    prob = found["map_prior"]["ci_prob"]
    limits = list(dict.fromkeys((t["side"], t["value"]) for r in found["answers"] for t in r["thresholds"]))
    header = ["borrowing", "robust weight", "prior ESS (ELIR)", "median", f"{100 * prob:g} % CrI"]
    header += [f"P({'>' if side == 'above' else '<'} {value:g})" for side, value in limits] + ["weight after the data"]
    rows = []
    for r in found["answers"]:
        said = {(t["side"], t["value"]): format_probability(t["probability"], 0.0) for t in r["thresholds"]}
        rows.append(
            [
                f"{r['regimen']}, {r['events']}/{r['n']}",
                _weight(r),
                "none exists" if r["ess_elir"] is None else f"{r['ess_elir']:.0f}",
                format_number(r["median"]),
                _interval(r),
                *(said.get(limit, "") for limit in limits),
                format_probability(r["robust_weight_after"], 0.0) if 0 < r["robust_weight"] < 1 else "",
            ]
        )
    tables = [aligned(header, rows)]
    if found["comparisons"]:
        rows = [
            [
                f"{r['regimen']} against {r['reference']}",
                _weight(r),
                r["scale"].replace("_", " "),
                format_number(r["median"]),
                _interval(r),
                format_probability(r["probability_better"], r["mcse_probability"]),
            ]
            for r in found["comparisons"]
        ]
        tables.append(aligned(["compared", "robust weight", "scale", "median", "CrI", "P(better)"], rows))
    return "\n".join(tables)


def _weight(row: Mapping[str, Any]) -> str:
    return "1 (none)" if row["robust_weight"] == 1 else f"{row['robust_weight']:.3g}{' *' if row['primary'] else ''}"


def proportional_hazards_text(found: Mapping[str, Any]) -> str:
    """The outcome of the check of proportional hazards, and its table."""
    ci = f"{100 * found['ci_prob']:g} % CrI"
    when = f"{found['early']:.3g} to {found['late']:.3g} {found['unit']}"
    header = ["", f"change of the hazard ratio, {when} ({ci})", "P(rising)", "p-value of replicates"]
    rows = [
        [
            f"{r['regimen']} against {r['reference']}",
            f"times {format_number(r['change'])} ({_interval(r)})",
            format_probability(r["probability_rising"], r["mcse_probability"]),
            format_probability(r["predictive_probability"], 0.01),
        ]
        for r in found["rows"]
    ]
    factor = found["bayes_factor"]
    lines = [
        "Bayes factor for proportional against free hazards: "
        + ("not known (sampled by NUTS)" if factor is None else f"{factor:.3g}"),
        "Leave-one-out, free minus proportional: "
        f"{found['elpd_difference']:.1f} (standard error {found['se_difference']:.1f})",
    ]
    title = f"Proportional hazards. {found['title']}"
    return "\n".join(
        [title, "=" * min(78, display_width(title)), "", found["sentence"], "", aligned(header, rows), "", *lines]
    )


def inconsistency_text(found: Mapping[str, Any]) -> str:
    """The table of direct against indirect evidence."""

    def shown(value: Sequence[float] | None) -> str:
        if value is None:
            return ""
        return f"{format_number(value[0])} ({format_number(value[1])} to {format_number(value[2])})"

    header = ["pair", "trials", "network", "unrelated", "direct", "indirect", "direct against indirect", "P(above)"]
    rows = [
        [
            f"{r['regimen']} against {r['reference']}",
            str(r["trials"]),
            shown(r["network"]),
            shown(r["unrelated"]),
            shown(r["direct"]) or "no indirect evidence",
            shown(r["indirect"]),
            shown(r["difference"]),
            format_probability(r["probability_above"], r["mcse_probability"]),
        ]
        for r in found["rows"]
    ]
    fits = [
        [
            m["model"],
            shown(m["tau"]),
            f"{m['residual_deviance']:.1f}",
            str(m["points"]),
            f"{m['p']:.1f}",
            f"{m['dic']:.1f}",
        ]
        for m in found["models"]
    ]
    fit = aligned(["model", "tau", "residual deviance", "data points", "effective parameters", "DIC"], fits)
    notes = [f"NOT CONVERGED: {' '.join(found['messages'])}"] if found["messages"] else []
    title = f"{found['title']} ({found['unit']}, median and {100 * found['ci_prob']:g} % CrI)"
    return "\n".join([title, "=" * min(78, display_width(title)), "", aligned(header, rows), "", fit, *notes])


def _estimate_table(rows: Sequence[Mapping[str, Any]], several: bool) -> str:
    """Estimates by estimand with their units: ratios for their logarithms, and none of a regimen to itself."""
    ci = f"{100 * rows[0]['ci_prob']:g} % CrI" if rows else "CrI"
    time_unit = next((str(r["unit"]) for r in rows if r["estimand"] in ("median", "rmst")), "")
    lines, before = [], None
    for r in rows:
        unit = str(r["unit"])
        if r["estimand"] in ("log_hazard_ratio", "mu") or ("ratio" in unit and r["lower"] == r["upper"]):
            continue  # the ratio itself stands beside it; a regimen has none to itself
        name = name_of({**r, "time": None, "endpoint": None if several else r["endpoint"]}, unit)
        label = _label({**r, "time": None}, several)
        if is_log_ratio(unit, r["estimand"]):
            step = per_step(unit)[0]
            name = unit.removeprefix("log ").partition(" per ")[0] if r["estimand"] == "coefficient" else name[4:]
            label = f"{label}, {step}" if step and step != label.replace("_", " ") else label
        if r["time"] is not None:
            label += f", {'to' if r['estimand'] == 'rmst' else 'at'} {r['time']:g} {time_unit}".rstrip()
        text = estimate_text(r).replace(f"{ci} ", "")
        lines.append([name if name != before else "", label.removeprefix(", "), text])
        before = name
    return aligned(["", "", f"median ({ci})"], lines)


def _comparison_table(rows: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> str:
    biased = any(r.get("bias_sd") for r in rows)
    header = ["comparison", "", f"median ({100 * rows[0]['ci_prob']:g} % CrI)"]
    time_unit = units.get("median", units.get("rmst", ""))
    header += ["P(better) allowing for bias", "without"] if biased else ["P(better)"]
    margin = any(r["margin"] is not None for r in rows)
    rope = any(r["rope"] is not None for r in rows)
    header += (["P(better by margin)"] if margin else []) + (["P(in ROPE)"] if rope else []) + ["evidence"]
    lines = []
    for r in rows:
        unit = units.get(r["estimand"], "")
        name = f"{r['regimen']} against {r['reference']}"
        asked = name_of(r, unit, time_unit)
        asked = asked if r["scale"].replace("_", " ") in asked else f"{asked}, {r['scale'].replace('_', ' ')}"
        line = [name, asked, contrast_text(r, unit)]
        if biased:
            line.append(format_probability(r["probability_better_with_bias"], r["mcse_probability_with_bias"]))
        line.append(format_probability(r["probability_better"], r["mcse_probability"]))
        if margin:
            p = format_probability(r["probability_better_by_margin"], r["mcse_probability_by_margin"])
            line.append(f"{p} (by {margin_text(r, unit)})" if p else "")
        if rope:
            line.append(format_probability(r["probability_in_rope"], r["mcse_probability_in_rope"]))
        lines.append([*line, r["anchoring"]])
    return aligned(header, lines)
