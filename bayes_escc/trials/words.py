"""A design in words, as a protocol could print it, with the dates at which looks fall on average."""

from __future__ import annotations

from bayes_escc.trials.design import Design
from bayes_escc.trials.exact import why_not_exact
from bayes_escc.trials.facts import look_dates
from bayes_escc.trials.priors_apart import prior_notes, priors_apart

__all__ = ["design_in_words"]


def design_in_words(design: Design) -> list[str]:
    """Sentences that say what a design file says; a few hundred trials give the dates of the looks."""
    spec = design.spec
    shares = ":".join(str(s) for s in spec.allocation)
    arms = (
        f"{' and '.join(spec.arms)}, allocated {shares} in blocks of {spec.block}"
        if len(spec.arms) > 1
        else spec.arms[0]
    )
    sizes = " or ".join(str(n) for n in spec.patients)
    lines = [spec.title, f"Arms: {arms}. At most {sizes} patients."]
    rates = ", then ".join(f"{rate:g} a month from month {month:g}" for month, rate in spec.accrual.rate)
    lines.append(f"Accrual: {rates} ({spec.accrual.pattern}).")
    if any(spec.accrual.drop_out):
        by_arm = zip(spec.arms, spec.accrual.drop_out, strict=True)
        hazards = {f"{hazard:g} a month" for hazard in spec.accrual.drop_out}
        said = hazards.pop() if len(hazards) == 1 else ", ".join(f"{h:g} a month ({arm})" for arm, h in by_arm)
        lines.append(f"Patients leave follow-up at a hazard of {said}.")
    lines += [f"{name} is assessed {after:g} months after entry." for name, after in spec.binary.items()]
    if spec.pfs is not None:
        seen = "at once" if spec.pfs.visits is None else f"at the next visit, every {spec.pfs.visits:g} months"
        lines.append(f"{spec.pfs.name}: an event is seen {seen}.")
    for planned in spec.rules:
        varies = any(len(set(v)) > 1 for v in (planned.go_above, planned.stop_below, planned.stop_above))
        said = f"{planned.rule.statistic}, with thresholds by look." if varies else planned.rule.sentence
        lines.append(f"{planned.name}: {said}{'' if planned.binding else ' It advises and ends nothing.'}")
        for i, plan in enumerate(planned.looks):
            held = {k: getattr(planned, k)[i] for k in ("go_above", "stop_below", "stop_above")}
            said = ", ".join(f"{k} {v:g}" for k, v in held.items() if v is not None)
            dates = []
            for truth in spec.truths:
                low, middle, high = look_dates(spec, truth, planned, plan)
                dates.append(f"month {middle:.0f} ({low:.0f} to {high:.0f}) if {truth.name}")
            lines.append(f"  look {i + 1} at {plan}{': ' + said if said else ''}: {'; '.join(dates)}.")
    found = priors_apart(spec, design.analysis)
    if found["analysis"]:
        lines.append("Prior of the analysis: " + "; ".join(f"{name} ~ {law}" for name, law in found["analysis"]) + ".")
    lines += prior_notes(spec, design.analysis)
    lines.append(design.engine)
    reason = why_not_exact(spec, design.model)
    lines.append(
        f"Simulated, since {reason}." if reason else "Enumerated exactly; the simulation gives months and events."
    )
    return lines
