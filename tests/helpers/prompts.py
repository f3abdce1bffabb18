"""What is typed at the prompt: a message and an exit code, or a note."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

ARMS = ("A=10/29", "B=12/35")
ESCORT = ("ESCORT=0.71,0.57,0.87",)


@dataclass(frozen=True)
class Typed:
    """A command and its options, and what must come of them: a message and an exit code, or a note."""

    command: str
    words: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    code: int = 2
    noted: str = ""

    def line(self) -> list[str]:
        """As it is typed."""
        given: list[str] = []
        for name, value in self.options.items():
            name = {"levels": "level"}.get(name, name)
            values = value if isinstance(value, tuple) else (value,)
            given += [f"--{name.replace('_', '-')}", *([] if value is True else map(str, values))]
        return [self.command, *self.words, *given, "--json"]


ROWS = {
    "margin in per cent": Typed("compare", ARMS, {"margin": 35.0}, "Did you mean 0.35?"),
    "margin of 10": Typed("compare", ARMS, {"margin": 10.0}, "Did you mean 0.1?"),
    "margin that is no number": Typed("compare", ARMS, {"margin": math.nan}, "finite number"),
    "endless margin": Typed("compare", ARMS, {"margin": math.inf}, "finite number"),
    "rope that is no number": Typed("compare", ARMS, {"rope": (math.nan, math.nan)}, "finite number"),
    "rope upside down": Typed("compare", ARMS, {"rope": (0.2, 0.1)}, "lower limit first"),
    "rope in per cent": Typed("compare", ARMS, {"rope": (-5.0, 5.0)}, "Did you mean"),
    "margin of a ratio below 0": Typed("compare", ARMS, {"scale": "ratio", "margin": -1.0}, "margin"),
    "interval of no width": Typed("compare", ARMS, {"ci_prob": 0.0}, "between 0.5 and 1"),
    "interval in per cent": Typed("compare", ARMS, {"ci_prob": 95.0}, "0.5 and 1, not 95 (did you mean 0.95?)"),
    "bias that is no number": Typed("compare", ARMS, {"bias_sd": math.nan}, "at least 0"),
    "prior without end": Typed("compare", ARMS, {"prior": "1e-300,1e300"}, "between 1e-05 and 1e+15"),
    "prior of digits without end": Typed("compare", ARMS, {"prior": f"1,1{'0' * 400}"}, "greater than 0"),
    "prior below 0": Typed("compare", ARMS, {"prior": "-1,1"}, "greater than 0"),
    "prior in words": Typed("compare", ARMS, {"prior": "flat"}, "uniform, jeffreys"),
    "prior without a reason": Typed("compare", ARMS, {"prior": "3,7"}, noted="no_rationale"),
    "prior with a reason": Typed("compare", ARMS, {"prior": "3,7", "rationale": "Two earlier trials."}),
    "prior with a name": Typed("compare", ARMS, {"prior": "jeffreys"}),
    "fewer responses are better": Typed("compare", ARMS, {"better": "lower"}, noted="unusual_direction"),
    "more events than patients": Typed("compare", ("A=30/29", "B=12/35"), {}, "between 0 and 29", 3),
    "nobody": Typed("compare", ("A=0/0", "B=12/35"), {}, "at least 1", 3),
    "underscore": Typed("compare", ("A=1_0/29", "B=12/35"), {}, "is not NAME=EVENTS/N"),
    "digits without end": Typed("compare", (f"A=1/{'9' * 5000}", "B=12/35"), {}, "is not NAME=EVENTS/N"),
    "one name in two widths": Typed("compare", ("A=10/29", "Ａ=12/35"), {}, "used twice"),
    "full-width numbers": Typed("compare", ("A＝１０／２９", "B=12/35")),
    "escape in a name": Typed("compare", ("A\x1b[31m=10/29", "B=12/35"), {}, "cannot be seen or printed"),
    "escape in the name of an effect": Typed("pool", ("A\x1b[31m=0.7,0.5,0.9",), {}, "cannot be seen or printed"),
    "one arm": Typed("compare", ("A=10/29",), {}, "at least two arms"),
    "mid-dots": Typed("pool", ("ESCORT=0·71,0·57,0·87",)),
    "as printed": Typed("pool", ("ESCORT=0.71 (0.57–0.87)",)),
    "as printed in words and brackets": Typed("pool", ("ESCORT=0·71 [0·57 to 0·87]",)),
    "as printed with full-width brackets": Typed("pool", ("ESCORT＝0.71（0.57，0.87）",)),
    "upper limit not reached": Typed("pool", ("S=0.7,0.5,NE",), noted="upper_limit_not_reached"),
    "limits run together": Typed("pool", ("S=0.7 0.5 0.9",), {}, "is not NAME=ESTIMATE,LOW,HIGH"),
    "limits upside down": Typed("pool", ("S=0.7,0.9,0.5",), {}, "not below", 3),
    "no number": Typed("pool", ("S=0.7,nan,0.9",), {}, "not a number", 3),
    "pool: margin that is no number": Typed("pool", ESCORT, {"margin": math.nan}, "finite number"),
    "pool: margin below 0": Typed("pool", ESCORT, {"margin": -1.0}, "greater than 0"),
    "pool: difference of risks in per cent": Typed(
        "pool", ("S=0.1,0.02,0.18",), {"measure": "RD", "margin": 35.0}, "Did you mean 0.35?"),
    "pool: level in per cent": Typed("pool", ESCORT, {"level": 95.0}, "0.95", 3),
    "pool: unknown measure": Typed("pool", ESCORT, {"measure": "XX"}, "is not a measure"),
    "pool: prior without a reason": Typed("pool", ESCORT, {"tau_prior": "HalfNormal(0.3)"}, noted="no_rationale"),
    "pool: prior with a reason": Typed(
        "pool", ESCORT, {"tau_prior": "HalfNormal(0.3)", "rationale": "Earlier trials of the class."}),
    "pool: prior that is no law": Typed("pool", ESCORT, {"tau_prior": "HalfNormal"}, "HalfNormal(0.25)"),
    "pool: prior without parameters": Typed("pool", ESCORT, {"tau_prior": "HalfCauchy()"}, "needs (beta)"),
    "pool: prior of no width": Typed("pool", ESCORT, {"tau_prior": "HalfNormal(1e-300)"}, "between 1e-08 and 1e+12"),
    "pool: prior without end": Typed("pool", ESCORT, {"effect_prior": "Normal(0,1e300)"}, "between 1e-08 and 1e+12"),
    "pool: prior far away": Typed("pool", ESCORT, {"effect_prior": "Normal(1e300,1)"}, "between -1e+12 and 1e+12"),
    "pool: logarithm far away": Typed("pool", ESCORT, {"tau_prior": "LogNormal(1000,1)"}, "between -300 and 300"),
    "prior that decides everything": Typed("compare", ARMS, {"prior": "1e6,1e6"}, noted="no_rationale"),
    "tipping point of a level without bias": Typed("compare", ARMS, {"bias_sd": 0.0, "levels": (0.8,)}),
    "level in per cent": Typed("compare", ARMS, {"levels": (80.0,)}, "--level must lie between 0 and 1, not 80 (did"),
    "ratio below 1": Typed("compare", ARMS, {"scale": "ratio", "margin": 0.5}, "--margin must be at least 1"),
    "law of log odds that is half a law": Typed("compare", ARMS, {"prior": "log_odds=HalfNormal(1)"}, "- --prior: "),
    "law of a log risk above 0": Typed("compare", ARMS, {"prior": "log_risk=Normal(5, 1)"}, "--prior: Normal(5, 1)"),
    "law of a contrast that favours one": Typed(
        "compare", ARMS, {"contrast_prior": "log_odds_ratio=Normal(5, 1)"}, "it needs --against-reference"),
    "law of a contrast that not all pairs can have": Typed(
        "compare", (*ARMS, "C=1/3"), {"contrast_prior": "risk_difference=Uniform(-0.5, 0.5)"}, "--against-reference"),
    "pool: one name twice": Typed("pool", ("A=0.7,0.5,0.9", "A=0.8,0.6,1.1"), {}, "the name 'A' is used twice"),
    "pool: a logarithm": Typed("pool", ("A=-0.7,-0.9,-0.5",), {}, "change --measure, for example", 3),
    "pool: an estimate beside its interval": Typed("pool", ("A=0.7,0.8,0.9",), {}, "what was typed was refused", 3),
    "pool: differences beyond the default priors": Typed(
        "pool", ("A=12,5,19", "B=25,20,30"), {"measure": "MD"}, "--effect-prior and --tau-prior: the defaults are"),
    "pool: one default prior of differences": Typed(
        "pool", ("A=12,5,19",), {"measure": "MD", "effect_prior": "Normal(0, 100)"}, "--tau-prior: the defaults are"),
    "pool: differences within the default priors": Typed(
        "pool", ("A=1.2,0.5,1.9",), {"measure": "MD"}, noted="default_prior"),
    "pool: a baseline of what is no risk": Typed(
        "pool", ("A=0.7,0.5,0.9",), {"measure": "SMD", "baseline": "0.3"}, "--baseline: effects measured as SMD"),
    "pool: nobody knows which is better": Typed(
        "pool", ("A=0.7,0.5,0.9",), {"measure": "OR", "baseline": "0.3"}, noted="unknown_direction"),
    "pool: it is known which is better": Typed("pool", ESCORT, {"baseline": "0.3"}),
    "pool: too many parameters": Typed(
        "pool", ESCORT, {"tau_prior": "HalfNormal(1, 2)"}, "--tau-prior: HalfNormal takes (sigma), not 2 numbers"),
    "pool: no such law": Typed("pool", ESCORT, {"tau_prior": "HalfNormall(2)"}, "--tau-prior: unknown distribution"),
    "pool: no such published law": Typed("pool", ESCORT, {"tau_prior": "Turner(x; y)"}, "--tau-prior: Turner outcome"),
    "pool: a value that no row has": Typed(
        "pool", ("pd1_trials_effects",), {"where": ("line=third",)}, "has line = 'third'; it has first, second."),
    "pool: one value of two that no row has": Typed(
        "pool", ("pd1_trials_effects",), {"where": ("line=first|thrid",)}, "has line = 'thrid'; it has"),
    "pool: a column that is not there": Typed(
        "pool", ("pd1_trials_effects",), {"where": ("lines=first",)}, "Did you mean 'line'?"),
    "pool: an endpoint that no row has": Typed(
        "pool", ("pd1_trials_effects",), {"endpoint": "ORR"}, "--endpoint: pd1_trials_effects.csv has no 'ORR'"),
    "bias beyond every ratio": Typed("compare", ARMS, {"bias_sd": 1e6}, "--bias-sd must be a number of at least 0 and"),
    "mean of a bias beyond every ratio": Typed("compare", ARMS, {"bias_mean": 1e6}, "from -100 to 100, not 1e+06"),
    "widest bias": Typed("compare", ARMS, {"bias_sd": 20.0, "bias_mean": -100.0}),
    "pool: wide prior of the effect": Typed("pool", ESCORT, {"effect_prior": "Normal(0,1e6)"}, noted="no_rationale"),
}  # fmt: skip
