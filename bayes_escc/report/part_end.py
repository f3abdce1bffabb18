"""The last parts of the page: limitations, paragraphs to copy, how to reproduce it, companions, abbreviations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bayes_escc.families import get_family
from bayes_escc.names import PlainMapping
from bayes_escc.report.blocks import Block, Items, Made, Paragraph, Paste, Section, Table
from bayes_escc.report.model_words import model_sentences
from bayes_escc.report.page_lists import ABBREVIATIONS, LIMITATIONS
from bayes_escc.report.quantities import Language, covariate_words, estimate_text, name_of
from bayes_escc.report.sentences import margin_text, verdict
from bayes_escc.report.view import Facts, View

__all__ = ["abbreviations", "companion", "limitations", "limits", "paste", "reproduce"]


def companion(page: View) -> Made:
    """Frequentist companions, labelled as such."""
    rows = page.facts["companions"]
    if not rows:
        return "not applicable", ()
    said: list[str] = []
    tables: list[Block] = []
    for r in rows:
        if r["kind"] == "kaplan_meier_median":
            said.append(page.say("companion_km", regimen=r["regimen"], value=page.times(r["value"])))
        elif r["kind"] == "log_rank":
            said.append(page.say("companion_log_rank", statistic=f"{r['statistic']:.2f}", p=_p_value(r["p"])))
        elif r["kind"] == "cox":
            tables.append(_cox(page, r))
        else:
            name = name_of({"estimand": "rate", "endpoint": r["endpoint"]}, language=page.language)
            said.append(page.say("companion_fisher", endpoint=name, p=_p_value(r["p"])))
    blocks: list[Block] = [Paragraph(page.say("companion_note"))]
    return "present", [*blocks, *([Items(tuple(said))] if said else []), *tables]


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _cox(page: View, fitted: PlainMapping) -> Table:
    """Cox's regression, with or without the covariates of the model."""
    lines = []
    for r in fitted["rows"]:
        if r["regimen"]:
            name = f"{r['regimen']} / {r['reference']}"
        else:
            name = covariate_words(r["covariate"], r["unit"], page.stated, page.language)
        if fitted["converged"]:
            limits = f"{r['lower']:.2f} {page.say('to')} {r['upper']:.2f}"
            lines.append((name, f"{r['hazard_ratio']:.2f}", limits, _p_value(r["p"])))
        else:
            lines.append((name, page.say("no_estimate"), "-", "-"))
    title = page.say("cox_adjusted" if fitted["adjusted"] else "cox_alone", n=fitted["patients"], d=fitted["events"])
    header = ("", page.say("hazard_ratio_short"), page.say("confidence_interval"), page.say("p_value"))
    return Table(title, header, tuple(lines), page.say("cox_note"))


def limitations(facts: Facts, language: Language) -> list[str]:
    """Limitations written from the facts, in an order that does not depend on them."""
    result, found = facts["result"], []
    followed = get_family(result["analysis"]["family"]).FOLLOWS_PATIENTS
    sizes = {r["regimen"]: r["patients"] for r in facts["follow_up"]}
    sizes = sizes or {f"{c['study']}: {c['regimen']}": c["n"] for c in facts["counts"]}
    anchors = {r["anchoring"] for r in result["comparisons"]}
    stated = facts["analysis"].get("model", {}).get("covariates", ())
    adjusted = {c if isinstance(c, str) else str(c["column"]) for c in stated}  # a name alone is a covariate too
    parameters = len(adjusted) + 3
    codes = {w["code"] for w in _noted(result)}
    counted = facts["data"]["kind"] == "counts" and any(w["code"] == "patients_counted" for w in _noted(result))
    rules = {
        "small": bool(sizes) and min(sizes.values()) < 50,
        "few_events": followed and 0 < result["data"]["events"] < 5 * parameters,
        "not_randomised": any(not a.startswith("randomised") and "not stated" not in a for a in anchors),
        "assignment_not_stated": any("not stated" in a for a in anchors),
        "single_centre": facts["data"]["kind"] == "patients" or 0 < len(facts["data"]["studies"]) < 2,
        "immature": any(_immature(r, result) for r in facts["follow_up"]),
        "missing_values": any(
            sum(r["missing"].values()) > 0.1 * (sum(r["n"].values()) + sum(r["missing"].values()))
            for r in facts["baseline"]
            if r["name"] in adjusted
        ),
        "margin_after": any(c.get("margin") is not None and c.get("fixed") != "before" for c in facts["comparisons"]),
        "scans": "interval_censored" in codes,
        "extrapolated": "beyond_follow_up" in codes,
        "centre_is_regimen": "centres_confounded" in codes,
        "conflict": "prior_conflict" in codes,
        "not_evaluable": any(c["events"] > 0.05 * c["n"] for c in facts["counts"] if c["endpoint"] == "NE"),
        "not_proportional": any(
            r["predictive_probability"] is not None
            and min(r["predictive_probability"], 1 - r["predictive_probability"]) < 0.025
            for r in (facts.get("proportional_hazards") or {}).get("rows", ())
        ),
        "borrowed": _borrows_most(result),
        "published": facts["data"]["kind"] in ("counts", "effects", "medians") and not counted,
        "synthetic": "synthetic" in f"{facts['data']['source']} {result['analysis']['title']}".lower(),
    }
    for name, holds in rules.items():
        if holds:
            found.append(LIMITATIONS[name][language].format(smallest=min(sizes.values(), default=0), **result["data"]))
    return found


def _borrows_most(result: PlainMapping) -> bool:
    """Whether more than half of what is known of a rate comes from earlier patients."""
    answers = (result.get("borrowing") or {}).get("answers", ())
    return any(r["primary"] and (r["ess_elir"] or 0.0) > r["n"] for r in answers)


def _noted(result: PlainMapping) -> Sequence[PlainMapping]:
    found: Sequence[PlainMapping] = result["data"]["warnings"]
    return found


_MEDIANS: Final = ("median", "pfs_median")


def _immature(row: PlainMapping, result: PlainMapping) -> bool:
    medians = [r["median"] for r in result["estimates"] if r["estimand"] in _MEDIANS and r["regimen"] == row["regimen"]]
    followed = row["median_follow_up"]
    return bool(medians) and (followed is None or followed < medians[0])


def limits(page: View) -> Made:
    """Limitations, from the facts."""
    found = limitations(page.facts, page.language)
    return "present", (Items(tuple(found or [page.say("no_limits")])),)


def paste(page: View) -> Made:
    """Methods and results, to copy into a paper."""
    if not page.converged:
        return "missing", ()
    r, results = page.result, " " if page.language == "en" else ""
    analysis, d = r["analysis"], r["diagnostics"]
    engine = page.say(f"engine_{analysis['sampler']}")
    if analysis["sampler"] == "nuts" and d["max_rhat"] is not None:
        engine = page.say(
            "engine_details",
            rhat=f"{d['max_rhat']:.3f}",
            ess=f"{d['min_ess_bulk']:.0f}",
            divergences=d["divergences"],
            **page.facts["sampling"],
        )
    priors = results.join(page.said(p) for p in analysis["priors"]) or page.say("absent")
    v = analysis["versions"]
    methods = page.say(
        "methods",
        model=model_sentences(page.facts, page.language),
        priors=priors,
        engine=engine,
        version=v.get("bayes_escc", ""),
        pymc=v.get("pymc", ""),
        arviz=v.get("arviz", ""),
        seed=analysis["seed"],
    )
    margins = _margins(page)
    methods += (
        f"{results}{page.say('time_methods')}" if page.facts["data"]["kind"] == "patients" and page.followed else ""
    )
    methods += f"{results}{page.say('margin_methods', margins=margins)}" if margins else ""
    said = [*_followed(page), *_responded(page), *verdict(r, page.language)]
    return "present", (Paste(page.say("methods_title"), methods), Paste(page.say("results_title"), results.join(said)))


def _margins(page: View) -> str:
    """Every margin with its unit, what it is of, and whether it was fixed before the data."""
    said = []
    for c in page.facts["comparisons"]:
        if c["margin"] is None:
            continue
        row = next((r for r in page.result["comparisons"] if r["estimand"] == c["estimand"]), None)
        if row is None:
            continue
        fixed = c.get("fixed")
        when = page.say(f"fixed_{fixed}" if fixed in ("before", "after") else "fixed_not_stated")
        size = margin_text({**row, "margin": c["margin"]}, page.units.get(c["estimand"], ""), page.language)
        said.append(
            f"{size} ({page.name(row)}; {when})" if page.language == "en" else f"{size}（{page.name(row)}；{when}）"
        )
    return ("; " if page.language == "en" else "；").join(dict.fromkeys(said))


def _followed(page: View) -> list[str]:
    return [
        page.say(
            "followed",
            regimen=f["regimen"],
            patients=f["patients"],
            events=f["events"],
            median=page.times(f["median_follow_up"]),
        )
        for f in page.facts["follow_up"]
    ]


def _responded(page: View) -> list[str]:
    rates = {(r["regimen"], r["endpoint"]): r for r in page.result["estimates"] if r["estimand"] == "rate"}
    said = []
    for c in page.facts["counts"]:
        rate = rates.get((c["regimen"], c["endpoint"]))
        if rate is not None:
            name = name_of({"estimand": "rate", "endpoint": c["endpoint"]}, language=page.language)
            said.append(
                page.say(
                    "responded",
                    regimen=c["regimen"],
                    events=c["events"],
                    n=c["n"],
                    endpoint=name[:1].upper() + name[1:],
                    estimate=estimate_text(rate, page.language),
                )
            )
    return said


def reproduce(page: View) -> Made:
    """The command, the digests and the seed."""
    a = page.result["analysis"]
    rows = [
        (page.say("command"), f"bayes-escc run {a['id']}.toml"),
        (page.say("digest_analysis"), a["sha256"]),
        (page.say("digest_data"), a["data_sha256"]),
        (page.say("seed"), str(a["seed"])),
        (page.say("platform"), page.facts["platform"]),
    ]
    return "present", (Table(page.say("reproduce_table"), (page.say("attribute"), page.say("value")), tuple(rows)),)


def abbreviations(page: View, made: Sequence[Section]) -> Table:
    """The abbreviations that the page uses, with their meaning."""
    text = str(made)
    rows = tuple((short, meaning[page.language]) for short, meaning in ABBREVIATIONS.items() if _stands_in(short, text))
    return Table(page.say("words_table"), (page.say("short"), page.say("long")), rows)


def _stands_in(short: str, text: str) -> bool:
    """Whether an abbreviation is a word of a text, and not a part of another one, as OR is of ORR."""
    return re.search(rf"(?<![A-Za-z]){re.escape(short)}(?![A-Za-z])", text) is not None
