"""The commands `sensitivity`, `proportional-hazards` and `inconsistency`: what an answer leans on."""

from __future__ import annotations

import argparse
import json

from bayes_escc.cli.command import (
    Commands,
    add_command,
    add_language,
    add_workers,
    code_of_fit,
    language_of,
    print_json,
)

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add the commands to the parser of `bayes-escc`."""
    sensitivity = add_command(
        commands,
        "sensitivity",
        _sensitivity,
        "vary an analysis: priors, model, studies, heterogeneity; scale prior and likelihood",
    )
    sensitivity.add_argument("analysis", metavar="ANALYSIS", help="a .toml file, or the name of one that ships")
    sensitivity.add_argument(
        "--out", metavar="DIR", help="also write the tables (JSON, CSV) and the figure to this folder"
    )
    add_workers(sensitivity)
    add_language(sensitivity, stated=True)
    proportional = add_command(
        commands, "proportional-hazards", _proportional, "check whether one hazard ratio holds over time"
    )
    proportional.add_argument("analysis", metavar="ANALYSIS", help="a .toml file, or the name of one that ships")
    add_language(proportional, stated=True)
    inconsistent = add_command(
        commands, "inconsistency", _inconsistency, "direct against indirect evidence in a network"
    )
    inconsistent.add_argument("analysis", metavar="ANALYSIS", help="a .toml file, or the name of one that ships")
    add_workers(inconsistent)
    add_language(inconsistent, stated=True)


def _sensitivity(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.checks import sensitivity
    from bayes_escc.report.endpoint_words import endpoint_of, of_endpoint
    from bayes_escc.report.sensitivity_text import sensitivity_text

    analysis = find_analysis(options.analysis)
    language, endpoint = language_of(options, analysis), endpoint_of(json.loads(analysis.content))
    found = sensitivity(analysis, workers=options.workers, scheduler=options.scheduler)
    content = {"analysis_sha256": analysis.sha256, **found.to_dict()}
    if options.out:
        from bayes_escc.files import write_atomic
        from bayes_escc.plots.chinese import with_chinese_texts, with_endpoint_texts
        from bayes_escc.plots.style import save_figure
        from bayes_escc.report.result import to_json
        from bayes_escc.report.tables import sensitivity_tables

        out = Path(options.out)
        for name, table in sensitivity_tables(found.to_dict()).items():
            write_atomic(out / name, table)
        write_atomic(out / "sensitivity.json", to_json(content))
        figure = found.plot() if language == "en" else with_chinese_texts(found.plot())
        save_figure(with_endpoint_texts(figure, endpoint), out / "sensitivity")
    if options.json:
        print_json(content)
    else:
        print(of_endpoint(sensitivity_text(found.to_dict(), language), endpoint))
    return 4 if any("NOT CONVERGED" in note for note in found.notes) else 0


def _proportional(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.checks import check_proportional_hazards
    from bayes_escc.report.check_text import proportional_hazards_text
    from bayes_escc.report.endpoint_words import endpoint_of, of_endpoint

    analysis = find_analysis(options.analysis)
    language, endpoint = language_of(options, analysis), endpoint_of(json.loads(analysis.content))
    found = check_proportional_hazards(analysis)
    if options.json:
        print_json(found.to_dict())
    else:
        print(of_endpoint(proportional_hazards_text(found.to_dict(), language), endpoint))
    return code_of_fit(found.converged, found.messages, language)


def _inconsistency(options: argparse.Namespace) -> int:
    from bayes_escc.analysis.bundled import find_analysis
    from bayes_escc.checks import inconsistency

    analysis = find_analysis(options.analysis)
    language = language_of(options, analysis)
    found = inconsistency(analysis, workers=options.workers, scheduler=options.scheduler)
    if options.json:
        print_json(found.to_dict())
    else:
        from bayes_escc.report.check_text import inconsistency_text

        print(inconsistency_text(found.to_dict(), language))
    return code_of_fit(found.converged, found.messages, language)
