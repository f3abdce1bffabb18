"""What was borrowed from earlier trials, as plain text."""

from __future__ import annotations

from bayes_escc.names import PlainMapping, format_probability
from bayes_escc.report.layout import aligned
from bayes_escc.report.naming import Naming
from bayes_escc.report.quantities import interval_text
from bayes_escc.report.sentences import contrast_text

__all__ = ["borrowing_text"]


def _rate(row: PlainMapping, naming: Naming) -> str:
    return _interval(row, "proportion", naming)


def _interval(row: PlainMapping, unit: str, naming: Naming) -> str:
    middle, span = interval_text(row["lower"], row["median"], row["upper"], unit, naming.language)
    return f"{middle} ({span})"


def borrowing_text(found: PlainMapping, naming: Naming) -> str:
    """Who borrows from whom, the historical prior, and the answers for every robust weight."""
    historical = found["historical"]
    patients = sum(h["n"] for h in historical)
    name = naming.say("map_prior" if found["method"] == "map" else "power_prior")
    distinct: dict[str, list[PlainMapping]] = {}
    for prior in found["map_priors"]:
        distinct.setdefault(str(prior["components"]), []).append(prior)
    lines = [naming.say("borrowed", k=len(historical), n=patients, who=naming.joined(found["borrows"]))]
    for alike in distinct.values():
        who = naming.joined(p["regimen"] for p in alike)
        of = naming.say("prior_of", name=name, who=who) if len(distinct) > 1 else name
        lines += _borrowed_prior_text(alike[0], of, naming)
    separator = naming.say("separator")
    laws = separator.join(f"{naming.said(k)} {v}" for k, v in found["priors"].items())
    lines.append(naming.say("history_priors", text=laws))
    lines += [naming.say("own_weight"), _borrowing_answers(found, naming)]
    tails = {r["regimen"]: r["predictive_tail"] for r in found["answers"]}
    conflict = separator.join(f"{who} {format_probability(p, 0.0)}" for who, p in tails.items())
    lines.append(naming.say("borrow_conflict", name=name, text=conflict))
    return "\n".join([*lines, naming.said(found["caution"])])


def _borrowed_prior_text(prior: PlainMapping, name: str, naming: Naming) -> list[str]:
    """The historical prior in words, and the hierarchy behind it."""
    shown = prior["components"][:8]
    parts = [f"{c['weight']:.3f} Beta({c['alpha']:.3g}, {c['beta']:.3g})" for c in shown]
    more = len(prior["components"]) - len(shown)
    parts += [naming.say("more_parts", n=more)] if more else []
    size = naming.say("no_elir") if prior["ess_elir"] is None else naming.say("by_elir", n=f"{prior['ess_elir']:.0f}")
    size += naming.say("by_moments", n=f"{prior['ess_moment']:.0f}")
    size += "" if prior["ess_morita"] is None else naming.say("by_morita", n=f"{prior['ess_morita']:.0f}")
    lines = [
        f"{name} {' + '.join(parts)}{naming.say('comma')}",
        naming.say("worth", rate=_rate(prior, naming), size=size),
    ]
    if prior["mixture_miss"] > 1e-3:
        lines.append(naming.say("mixture_miss", miss=f"{prior['mixture_miss']:.4f}"))
    if prior["tau"] is not None:
        tau, centre = _interval(prior["tau"], "", naming), _rate(prior["mean_rate"], naming)
        lines.append(naming.say("between_arms", tau=tau, rate=centre))
        rows = [
            [
                r["study"],
                f"{r['events']}/{r['n']}",
                f"{100 * r['events'] / r['n']:.1f} %" if r["n"] else "",
                _rate(r, naming),
            ]
            for r in prior["study_rates"]
        ]
        header = [naming.say(k) for k in ("historical_arm", "events_column", "observed", "shrunken")]
        lines.append(aligned(header, rows))
    return lines


def _borrowing_answers(found: PlainMapping, naming: Naming) -> str:
    """Rates, and P(better) where regimens are compared, for every robust weight."""
    prob = f"{100 * found['map_prior']['ci_prob']:g}"
    ci = f"{prob}%CrI" if naming.language == "zh" else f"{prob} % CrI"
    limits = list(dict.fromkeys((t["side"], t["value"]) for r in found["answers"] for t in r["thresholds"]))
    header = [naming.say(k) for k in ("borrowing", "robust_weight", "prior_ess")] + [naming.say("median_ci", ci=ci)]
    header += [f"P({'>' if side == 'above' else '<'} {value:g})" for side, value in limits]
    header.append(naming.say("weight_after"))
    rows = []
    for r in found["answers"]:
        said = {(t["side"], t["value"]): format_probability(t["probability"], 0.0) for t in r["thresholds"]}
        rows.append(
            [
                naming.joined((r["regimen"], f"{r['events']}/{r['n']}")),
                _weight(r, naming),
                naming.say("none_exists") if r["ess_elir"] is None else f"{r['ess_elir']:.0f}",
                _rate(r, naming),
                *(said.get(limit, "") for limit in limits),
                format_probability(r["robust_weight_after"], 0.0) if 0 < r["robust_weight"] < 1 else "",
            ]
        )
    tables = [aligned(header, rows)]
    if found["comparisons"]:
        rows = [
            [
                naming.pair(r),
                _weight(r, naming),
                naming.say(r["scale"]),
                contrast_text(r, "proportion", naming.language),
                format_probability(r["probability_better"], r["mcse_probability"]),
            ]
            for r in found["comparisons"]
        ]
        header = [naming.say(k) for k in ("compared", "robust_weight", "scale", "median_cri", "better")]
        tables.append(aligned(header, rows))
    return "\n".join(tables)


def _weight(row: PlainMapping, naming: Naming) -> str:
    if row["robust_weight"] == 1:
        return naming.say("weight_none")
    return f"{row['robust_weight']:.3g}{' *' if row['primary'] else ''}"
