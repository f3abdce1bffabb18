"""What was borrowed from earlier trials, as plain text."""

from __future__ import annotations

from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.layout import aligned
from bayes_escc.report.quantities import interval_text
from bayes_escc.report.sentences import contrast_text

__all__ = ["borrowing_text"]


def _rate(row: PlainMapping) -> str:
    middle, span = interval_text(row["lower"], row["median"], row["upper"], "proportion")
    return f"{middle} ({span})"


def _plain(row: PlainMapping) -> str:
    middle, span = interval_text(row["lower"], row["median"], row["upper"], "")
    return f"{middle} ({span})"


def borrowing_text(found: PlainMapping) -> str:
    """Who borrows from whom, the historical prior, and the answers for every robust weight."""
    historical = found["historical"]
    patients = sum(h["n"] for h in historical)
    name = "MAP prior" if found["method"] == "map" else "normalised power prior"
    distinct: dict[str, list[PlainMapping]] = {}
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


def _borrowed_prior_text(prior: PlainMapping, name: str) -> list[str]:
    """The historical prior in words, and the hierarchy behind it."""
    shown = prior["components"][:8]
    parts = " + ".join(f"{c['weight']:.3f} Beta({c['alpha']:.3g}, {c['beta']:.3g})" for c in shown)
    more = len(prior["components"]) - len(shown)
    parts += f" + {more} more" if more else ""
    elir = "ELIR does not exist" if prior["ess_elir"] is None else f"{prior['ess_elir']:.0f} patients by ELIR"
    morita = "" if prior["ess_morita"] is None else f", {prior['ess_morita']:.0f} by Morita"
    size = f"{elir}, {prior['ess_moment']:.0f} by moments{morita}"
    lines = [f"{name} {parts},", f"median {_rate(prior)}, worth: {size}."]
    if prior["mixture_miss"] > 1e-3:
        lines.append(
            f"The mixture misses the prior by up to {prior['mixture_miss']:.4f} between its 0.5 and 99.5 % points; the "
            "answers do not use it."
        )
    if prior["tau"] is not None:
        tau, mean = prior["tau"], prior["mean_rate"]
        lines.append(
            f"Between the historical arms: tau {_plain(tau)} on the log odds, rate at the centre {_rate(mean)}."
        )
        rows = [
            [
                r["study"],
                f"{r['events']}/{r['n']}",
                f"{100 * r['events'] / r['n']:.1f} %" if r["n"] else "",
                _rate(r),
            ]
            for r in prior["study_rates"]
        ]
        lines.append(aligned(["historical arm", "events", "observed", "shrunken (CrI)"], rows))
    return lines


def _borrowing_answers(found: PlainMapping) -> str:
    """Rates, and P(better) where regimens are compared, for every robust weight."""
    prob = found["map_prior"]["ci_prob"]
    limits = list(dict.fromkeys((t["side"], t["value"]) for r in found["answers"] for t in r["thresholds"]))
    header = ["borrowing", "robust weight", "prior ESS (ELIR)", f"median ({100 * prob:g} % CrI)"]
    header += [f"P({'>' if side == 'above' else '<'} {value:g})" for side, value in limits] + ["weight after the data"]
    rows = []
    for r in found["answers"]:
        said = {(t["side"], t["value"]): format_probability(t["probability"], 0.0) for t in r["thresholds"]}
        rows.append(
            [
                f"{r['regimen']}, {r['events']}/{r['n']}",
                _weight(r),
                "none exists" if r["ess_elir"] is None else f"{r['ess_elir']:.0f}",
                _rate(r),
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
                contrast_text(r, "proportion"),
                format_probability(r["probability_better"], r["mcse_probability"]),
            ]
            for r in found["comparisons"]
        ]
        tables.append(aligned(["compared", "robust weight", "scale", "median (CrI)", "P(better)"], rows))
    return "\n".join(tables)


def _weight(row: PlainMapping) -> str:
    return "1 (none)" if row["robust_weight"] == 1 else f"{row['robust_weight']:.3g}{' *' if row['primary'] else ''}"
