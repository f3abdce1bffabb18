"""The commands `compare` and `pool`: answers from numbers that are typed, at once."""

from __future__ import annotations

import argparse

from bayes_escc.cli.command import Commands, add_command, add_language, code_of_fit, number, print_json, printed

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    compare = add_command(commands, "compare", _compare, "compare response counts at once, in closed form")
    compare.add_argument(
        "arms", nargs="+", metavar="NAME=EVENTS/N", help="two or more arms; the first is the reference"
    )
    compare.add_argument(
        "--prior",
        default="1,1",
        metavar="ALPHA,BETA",
        help="Beta prior of every rate, or uniform, or jeffreys (default: 1,1); or log_odds=LAW, log_risk=LAW, for "
        "example 'log_odds=Normal(-1, 0.5)'",
    )
    compare.add_argument(
        "--contrast-prior",
        metavar="CONTRAST=LAW",
        help="of any two rates: log_odds_ratio, log_risk_ratio or risk_difference, for example "
        "'log_odds_ratio=Normal(0, 1)'; --prior is then that of the average rate",
    )
    compare.add_argument(
        "--against-reference",
        action="store_true",
        help="--contrast-prior holds against the first arm, and --prior is that of its rate",
    )
    compare.add_argument("--scale", choices=("difference", "ratio", "odds_ratio"), default="difference")
    compare.add_argument(
        "--better", choices=("higher", "lower"), default="higher", help="direction of benefit (default: higher)"
    )
    compare.add_argument("--margin", type=number, metavar="M", help="smallest difference that matters")
    compare.add_argument(
        "--rope", nargs=2, type=number, metavar=("LOW", "HIGH"), help="region of practical equivalence"
    )
    compare.add_argument(
        "--ci-prob", type=number, default=0.95, metavar="P", help="probability of the intervals (default: 0.95)"
    )
    compare.add_argument(
        "--bias-sd",
        type=number,
        metavar="SD",
        help="of the bias on the log odds (default: 0.5, for arms not randomised against each other; 0 if they were)",
    )
    compare.add_argument("--bias-mean", type=number, default=0.0, metavar="B", help="of the bias (default: 0)")
    compare.add_argument("--level", type=number, metavar="P", help="probability whose tipping point is wanted")
    compare.add_argument("--full", action="store_true", help="print every table, not the answer alone")
    pool = add_command(commands, "pool", _pool, "pool published effects at once, exactly")
    pool.add_argument(
        "effects",
        nargs="+",
        metavar="NAME=ESTIMATE,LOW,HIGH",
        help="effects as published, for example ESCORT=0.71,0.57,0.87 or 'ESCORT=0.71 (0.57-0.87)'; or one file or "
        "dataset of effects",
    )
    pool.add_argument("--measure", metavar="M", help="of typed effects: HR, OR, RR, MD ... (default: HR)")
    pool.add_argument("--level", type=number, metavar="P", help="level of typed intervals (default: 0.95)")
    pool.add_argument("--endpoint", metavar="NAME", help="of a table that has several")
    pool.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=VALUE", help="rows of a table; values joined by |"
    )
    pool.add_argument("--common", action="store_true", help="one effect for all studies, no heterogeneity")
    pool.add_argument(
        "--tau-prior",
        metavar="LAW",
        help="of the heterogeneity (default: HalfNormal(0.5)); or published: Turner(OUTCOME; COMPARISON)",
    )
    pool.add_argument("--effect-prior", metavar="LAW", help="of the effect, on the log scale (default: Normal(0, 1))")
    pool.add_argument(
        "--baseline",
        metavar="RISK",
        help="risk without the treatment, 0.3 or 12/40, for absolute risks and the number needed to treat (of a hazard "
        "ratio, the risk of an event by some time)",
    )
    pool.add_argument(
        "--better", choices=("higher", "lower"), help="direction of benefit, for the number needed to treat"
    )
    pool.add_argument("--margin", type=number, metavar="M", help="an effect that matters, for example 0.8")
    pool.add_argument("--ci-prob", type=number, default=0.95, metavar="P", help="of the intervals (default: 0.95)")
    for command in (compare, pool):
        command.add_argument("--rationale", default="", metavar="TEXT", help="where a stated prior comes from")
        add_language(command)
    pool.add_argument("--full", action="store_true", help="print every table, not the answer alone")


def _compare(options: argparse.Namespace) -> int:
    from bayes_escc.evidence.population.tipping import LEVELS
    from bayes_escc.runs.prompt_counts import compare_counts

    result = compare_counts(
        options.arms,
        prior=options.prior,
        contrast_prior=options.contrast_prior,
        against_reference=options.against_reference,
        scale=options.scale,
        better=options.better,
        margin=options.margin,
        rope=options.rope,
        ci_prob=options.ci_prob,
        bias_sd=options.bias_sd,
        bias_mean=options.bias_mean,
        levels=LEVELS if options.level is None else (options.level,),
        rationale=options.rationale,
    )
    if options.json:
        print_json(result)
    else:
        print(printed(result, full=options.full, language=options.language))
        if result.get("bias") and not options.full and result["diagnostics"]["converged"]:
            from bayes_escc.report.bias_text import tipping_text
            from bayes_escc.report.naming import Naming

            print(f"\n{tipping_text(result['bias'], Naming.of(result, options.language))}")
    return code_of_fit(result["diagnostics"]["converged"], result["diagnostics"]["messages"], options.language)


def _pool(options: argparse.Namespace) -> int:
    from bayes_escc.runs.prompt_effects import pool_effects

    result = pool_effects(
        options.effects,
        measure=options.measure,
        level=options.level,
        endpoint=options.endpoint,
        where=options.where,
        common=options.common,
        tau_prior=options.tau_prior,
        effect_prior=options.effect_prior,
        baseline=options.baseline,
        better=options.better,
        margin=options.margin,
        ci_prob=options.ci_prob,
        rationale=options.rationale,
    )
    if options.json:
        print_json(result)
    else:
        print(printed(result, full=options.full, language=options.language))
    return code_of_fit(result["diagnostics"]["converged"], result["diagnostics"]["messages"], options.language)
