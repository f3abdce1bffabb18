"""Reading `[[monitoring]]`: every key typed once, because it means the same in every rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.endpoints import endpoint_direction
from bayes_escc.names import Plain, normalise
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import BetaMixture, beta_of_width
from bayes_escc.rules.kinds import KINDS, Bop2, Criterion
from bayes_escc.rules.rule import Rule
from bayes_escc.rules.tails import RatePrior
from bayes_escc.settings.prior import PriorSet
from bayes_escc.settings.reader import Reader

__all__ = ["read_rule", "read_rules", "with_borrowed", "with_direction", "with_prior"]


def read_rules(
    tables: Sequence[Reader], rate_prior: PriorSet | None, endpoints: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """The rules of an analysis, their problems noted in the readers.

    Parameters
    ----------
    tables : sequence of Reader
        The entries of ``[[monitoring]]``.
    rate_prior : PriorSet or None
        Prior of the rates, where the analysis has independent ones; rules that state none take it over.
    endpoints : sequence of str
        Those the analysis names; a single one is that of every rule of rates.
    """
    rules: list[Rule] = []
    for table in tables:
        stated = {key for key in ("prior", "reference_prior") if table.has(key)}
        rule = read_rule(table)
        if rule is None:
            continue
        if rule.of_posterior:
            for key in sorted(stated):
                table.problem(key, "is that of the analysis ([priors.rate]); leave it out")
        try:
            rule = with_direction(with_prior(rule, rate_prior, stated), endpoints)
        except AnalysisError as error:  # what is better is known only now
            table.problem("", str(error))
            continue
        if rule.name in [r.name for r in rules]:
            table.problem("name", f"{rule.name!r} is the name of an earlier rule; give each its own")
        rules.append(rule)
    return tuple(rules)


def read_rule(table: Reader) -> Rule | None:
    """One rule, or None if its problems (noted in the reader) leave none."""
    kind = table.text("kind", choices=tuple(KINDS))
    if kind is None:
        for key in table.left():
            table.take(key)
        return None
    chosen = KINDS[kind]
    noted = len(table.problems)
    values: Plain = {}
    if chosen is Bop2:
        values["criteria"] = _criteria(table)
    for f in fields(chosen):
        key = _SPELLED.get(f.name, f.name)
        if f.name == "criteria" or (key not in _READ):
            continue
        value = _READ[key](table, key)
        if value is not None:
            values[f.name] = value
    table.finish()
    if len(table.problems) > noted:
        return None
    required = [_SPELLED.get(f.name, f.name) for f in fields(chosen) if f.default is MISSING and f.name not in values]
    for key in required:
        table.problem(key, "is required")
    if required:
        return None
    try:
        return chosen(**values)
    except AnalysisError as error:
        for text in str(error).split("; "):
            key, colon, rest = text.partition(": ")
            table.problem(*((key, rest) if colon and key in values else ("", text)))
        return None


def with_prior(rule: Rule, rate_prior: PriorSet | None, stated: set[str]) -> Rule:
    """The rule with the analysis's prior, where it follows the analysis's rates or states none of its own."""
    if "prior" not in rule.keys:
        return rule
    own, other = _prior_of(rate_prior, rule.regimen), _prior_of(rate_prior, rule.reference)
    if rule.of_posterior:
        if rule.timed:
            return rule
        changes: Plain = {"prior": own, "reference_prior": None if rule.reference is None else other}
        return replace(rule, **changes, taken_over=tuple(k for k, v in changes.items() if v is not None))
    changes = {} if "prior" in stated or own is None else {"prior": own}
    if rule.reference is not None and "reference_prior" not in stated and other is not None:
        changes["reference_prior"] = other
    return replace(rule, **changes, taken_over=tuple(changes))


def with_borrowed(rule: Rule, priors: Mapping[str, BetaMixture]) -> Rule:
    """The rule with the borrowed priors of its regimens, where it took the analysis's over.

    Parameters
    ----------
    rule : Rule
        Complete: its regimen named.
    priors : mapping of str to BetaMixture
        By regimen that borrows.
    """
    named = {"prior": rule.regimen, "reference_prior": rule.reference}
    changes: Plain = {
        key: priors[regimen]
        for key, regimen in named.items()
        if key in rule.taken_over and regimen is not None and regimen in priors
    }
    return replace(rule, **changes) if changes else rule


def with_direction(rule: Rule, endpoints: Sequence[str]) -> Rule:
    """The rule with the better direction of its endpoint, where it states none and the endpoint is known."""
    if "better" not in rule.keys or rule.better is not None or rule.timed:
        return rule
    endpoint = rule.endpoint or (endpoints[0] if len(endpoints) == 1 else None)
    if endpoint is None:
        return rule
    changes: Plain = {"better": endpoint_direction(endpoint)}
    return replace(rule, **changes)


def _prior_of(rate_prior: PriorSet | None, regimen: str | None) -> Beta | None:
    if rate_prior is None:
        return None
    prior = dict(rate_prior.overrides).get(regimen or "", rate_prior.default)
    shape = prior.beta_shape()
    return None if shape is None else Beta(*shape)


def _label(table: Reader, key: str) -> str | None:
    value = table.text(key, None)
    return None if value is None else normalise(value)


def _text(table: Reader, key: str) -> str | None:
    value: str | None = table.text(key, None)
    return value


def _number(table: Reader, key: str) -> float | None:
    value: float | None = table.number(key, None)
    return value


def _whole(table: Reader, key: str) -> int | None:
    value: int | None = table.number(key, None, above=0, integer=True)
    return value


def _any(table: Reader, key: str) -> Any:
    return table.take(key, None)


def _responses(table: Reader, key: str) -> Any:
    """Responses of patients: a text such as "1/10", or a list of texts or of pairs."""
    value = table.take(key, None)
    listed = value if isinstance(value, list | tuple) else [value]
    pairs = [v for v in listed if isinstance(v, list | tuple) and all(type(n) is int for n in v)]
    if value is None or all(isinstance(v, str) or v in pairs for v in listed):
        return value
    table.problem(key, f'must be responses of patients, such as "1/10", or a list of them, not {value!r}')
    return None


def _efficacy(table: Reader, key: str) -> str | float | None:
    """The word for an efficacy boundary, or eta."""
    value: Any = table.take(key, None)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    table.problem(key, f'must be "obrien_fleming", or eta as a number, not {value!r}')
    return None


def _choice(*choices: str) -> Callable[[Reader, str], Any]:
    return lambda table, key: table.text(key, None, choices)


def _flag(table: Reader, key: str) -> bool:
    return table.flag(key, False)


def _beta(table: Reader, key: str) -> RatePrior | None:
    if not table.has(key):
        table.take(key, None)
        return None
    inner = table.table(key)
    found: RatePrior | None = None
    if inner.has("components"):
        found = _mixture(inner)
    elif inner.has("mean"):
        found = _by_width(inner)
    else:
        alpha, beta = inner.number("alpha", above=0), inner.number("beta", above=0)
        found = None if alpha is None or beta is None else Beta(alpha, beta)
    inner.finish()
    return found


def _mixture(table: Reader) -> BetaMixture | None:
    """A mixture of Betas; its weights are made to sum to one."""
    parts = []
    for one in table.tables("components"):
        numbers = [one.number(name, above=0) for name in ("weight", "alpha", "beta")]
        one.finish()
        parts.append(numbers)
    if not parts or any(v is None for numbers in parts for v in numbers):
        return None
    total = sum(w for w, _, _ in parts)
    if abs(total - 1.0) > 0.01:
        table.problem("components", f"weights sum to 1, not {total:g}")
    return BetaMixture(tuple(w / total for w, _, _ in parts), tuple(Beta(a, b) for _, a, b in parts))


def _by_width(table: Reader) -> Beta | None:
    """A Beta with a mean and the width of its central interval, of 90 % if nothing else is said."""
    mean, width = table.number("mean", above=0, below=1), table.number("width", above=0, below=1)
    prob = table.number("prob", 0.9, above=0, below=1)
    if mean is None or width is None or prob is None:
        return None
    try:
        return beta_of_width(mean, width, prob)
    except AnalysisError as error:
        table.problem("width", str(error))
        return None


def _criteria(table: Reader) -> tuple[Criterion, ...]:
    """The endpoints of a BOP2 rule: listed, or one whose keys stand in the rule itself."""
    if table.has("criteria"):
        found = [_criterion(c) for c in table.tables("criteria")]
        return tuple(c for c in found if c is not None)
    endpoint = table.text("endpoint", None)
    rate = table.number("rate")
    values = Criterion(
        rate or 0.5,
        table.number("alternative_rate", None),
        endpoint,
        table.text("better", None, ("higher", "lower")) or "higher",
        _beta(table, "prior"),
    )
    return (values,)


def _criterion(table: Reader) -> Criterion | None:
    rate, hoped = table.number("rate"), table.number("alternative_rate", None)
    endpoint = table.text("endpoint", None)
    better, prior = table.text("better", None, ("higher", "lower")), _beta(table, "prior")
    table.finish()
    return None if rate is None else Criterion(rate, hoped, endpoint, better or "higher", prior)


_SPELLED: Final = {"cut": "lambda", "power": "gamma"}
"""Keys spelled otherwise than in Python."""

_READ: Final[dict[str, Callable[[Reader, str], Any]]] = {
    **dict.fromkeys(("name", "regimen", "reference"), _label),
    **dict.fromkeys(("endpoint", "rationale", "estimand"), _text),
    **dict.fromkeys(
        (
            "time",
            "value",
            "futility_value",
            "margin",
            "go_above",
            "stop_below",
            "stop_above",
            "success",
            "null_rate",
            "alternative_rate",
            "acceptable_rate",
            "limit",
            "width",
            "ci_prob",
            "lambda",
            "gamma",
            "follow_up",
            "accrual",
            "drop_out",
        ),
        _number,
    ),
    **dict.fromkeys(("looks", "patients"), _any),
    **dict.fromkeys(("stop_at_most", "go_at_least"), _responses),
    **dict.fromkeys(("prior", "reference_prior", "standard", "final_prior", "final_reference_prior"), _beta),
    "better": _choice("higher", "lower"),
    "scale": _choice("difference", "ratio", "odds_ratio"),
    "claim": _choice("either", "both"),
    "nested": _flag,
    "final": _choice("logrank", "exponential"),
    "events": _whole,
    "efficacy": _efficacy,
}
