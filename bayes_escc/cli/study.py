"""The command line of a study: `bayes-escc study init | update | status | ...`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bayes_escc.cli.command import Commands, add_command, add_language, code_of_fit, language_of, print_json, whole
from bayes_escc.errors import AnalysisError, RecordError

if TYPE_CHECKING:
    from bayes_escc.report.naming import Naming
    from bayes_escc.report.quantities import Language

__all__ = ["register"]

Action = Callable[[argparse.Namespace], int]


def register(commands: Commands) -> None:
    """Add `study` with its commands to the parser of `bayes-escc`."""
    study = commands.add_parser("study", help="follow patients: data cuts, updates, history, on the record")
    actions = study.add_subparsers(dest="study_command", required=True, metavar="COMMAND")

    def command(name: str, action: Action, words: str, *, log: bool = False) -> argparse.ArgumentParser:
        parser = add_command(actions, name, action, words)
        add_language(parser, stated=True)
        parser.add_argument("study", metavar="STUDY.db", help="the file of the study")
        if log:
            parser.add_argument("--who", metavar="NAME", help="for the log (default: the account's name)")
            parser.add_argument("--why", default="", metavar="TEXT", help="for the log; name no patient in it")
        return parser

    init = command("init", _init, "begin a study with an analysis", log=True)
    init.add_argument("--analysis", required=True, metavar="ANALYSIS", help="a .toml file, or one that ships")
    update = command("update", _update, "record a data cut and fit everything", log=True)
    update.add_argument("cut", metavar="CUT.csv", nargs="?", help="the whole table as it stands now")
    update.add_argument(
        "--acknowledge",
        nargs="+",
        action="extend",
        default=[],
        metavar="ID:KIND",
        help="changes of past facts that are right",
    )
    update.add_argument("--preview", action="store_true", help="reweight the last fit at once; record nothing")
    diff = command("diff", _diff, "what a table would change, or the last cut did; nothing is recorded")
    diff.add_argument("cut", metavar="CUT.csv", nargs="?", help="default: what the last data cut changed")
    for parser in (update, diff):
        parser.add_argument(
            "--published",
            nargs="+",
            action="extend",
            default=[],
            metavar="TABLE=FILE",
            help="publications beside the patients: arms=arms.csv, covariates=..., each whole as it stands now",
        )
    command("status", _status, "where the study stands")
    command("history", _history, "how it came there")
    withdraw = command("withdraw", _withdraw, "erase a patient who withdrew, and fit the rest", log=True)
    withdraw.add_argument("patient", metavar="ID")
    amend = command("amend", _amend, "change what the analysis asks; recorded and said from then on", log=True)
    amend.add_argument("--analysis", required=True, metavar="ANALYSIS")
    results = command("results", _results, "fit a data cut again and write result files and figures, as run does")
    results.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    results.add_argument("--cut", type=whole, metavar="N", help="number of the data cut (default: the last)")
    plot = command("plot", _plot, "draw P(better), estimates, changes and follow-up over the data cuts")
    plot.add_argument("--out", default=".", metavar="DIR", help="folder for the figures (default: here)")
    export = command("export", _export, "write the record as plain files: JSON lines, CSV, JSON")
    export.add_argument("--out", required=True, metavar="DIR", help="a new or empty folder")
    command("verify", _verify, "check every digest of the record")
    unlock = command("unlock", _unlock, "break the lock of a process that has ended, after a question")
    unlock.add_argument("--yes", action="store_true", help="it has ended: break the lock without asking")


def _say(options: argparse.Namespace, data: Any, text: Callable[[], str]) -> None:
    if options.json:
        print_json(data)
    else:
        print(text())


@contextmanager
def _noting(options: argparse.Namespace) -> Iterator[None]:
    """Print warnings as sentences, once each."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("default")
        yield
    for message in dict.fromkeys(str(w.message) for w in noted):
        print(f"bayes-escc: {_naming(options).said(message)}", file=sys.stderr)


def _naming(options: argparse.Namespace, own: Iterable[str] = ()) -> Naming:
    """Words in the language of the answer, which is known once the study is open."""
    from bayes_escc.report.naming import Naming

    return Naming.of_names(own, _language(options))


def _language(options: argparse.Namespace) -> Language:
    """The language of the answer, which an open study may have stated."""
    return "zh" if getattr(options, "told_in", options.language) == "zh" else "en"


def _tables(words: list[str]) -> dict[str, str]:
    """Published tables as they are typed, TABLE=FILE."""
    found: dict[str, str] = {}
    for word in words:
        name, sign, file = word.partition("=")
        if not (sign and name.strip() and file.strip()):
            raise AnalysisError(f"--published {word!r}: write the table and its file, for example arms=arms.csv.")
        found[name.strip()] = file.strip()
    return found


def _init(options: argparse.Namespace) -> int:
    from bayes_escc.study.story import status_text
    from bayes_escc.study.study import Study

    with Study.create(options.study, options.analysis, who=options.who, why=options.why) as study:
        found, language = study.status(), language_of(options, study.analysis)
    _say(options, found, lambda: status_text(found, language))
    return 0


def _updated(options: argparse.Namespace, update: Any) -> int:
    from bayes_escc.study.story import update_text

    data = {
        "snapshot": update.snapshot,
        "changes": [c.to_dict() for c in update.changes],
        "notes": list(update.notes),
        "before": update.before and {k: update.before[k] for k in ("estimates", "comparisons")},
        **update.record,
    }
    language = _language(options)
    _say(options, data, lambda: update_text(update, language))
    if update.posterior is None:
        return 0
    return code_of_fit(update.posterior.diagnostics.converged, update.posterior.diagnostics.messages, language)


def _update(options: argparse.Namespace) -> int:
    from bayes_escc.study.study import Study

    if options.preview:
        return _preview(options)
    with _noting(options), Study.open(options.study) as study:
        language_of(options, study.analysis)
        published = _tables(options.published)
        update = study.update(
            options.cut, published=published, acknowledge=options.acknowledge, who=options.who, why=options.why
        )
    return _updated(options, update)


def _preview(options: argparse.Namespace) -> int:
    from bayes_escc.study.story import changes_text, naming_of, preview_text
    from bayes_escc.study.study import Study

    with Study.open(options.study, read_only=True) as study:
        language = language_of(options, study.analysis)
        changes, shown = study.preview(options.cut, published=_tables(options.published))
        notes = [study.rules_changed] if study.rules_changed else []
        found = study.status()
    naming = naming_of(found["title"], found["fit"], language)
    suspects = [{"unit": unit, "pareto_k": k} for unit, k in shown.suspects]
    data = {
        "changes": [{**c.to_dict(), "harmless": c.harmless, "acknowledgement": c.acknowledgement} for c in changes],
        **shown.to_dict(),
        "suspects": suspects,
        "predictive": shown.predictive,
        "notes": notes,
    }
    said = [changes_text(changes, naming), preview_text(shown, naming), *map(naming.said, notes)]
    _say(options, data, lambda: "\n".join(said))
    return 0


def _withdraw(options: argparse.Namespace) -> int:
    from bayes_escc.study.study import Study

    with Study.open(options.study) as study:
        language_of(options, study.analysis)
        update = study.withdraw(options.patient, who=options.who, why=options.why)
    return _updated(options, update)


def _amend(options: argparse.Namespace) -> int:
    from bayes_escc.study.study import Study

    with Study.open(options.study) as study:
        language_of(options, study.analysis)
        update = study.amend(options.analysis, who=options.who, why=options.why)
    return _updated(options, update)


def _diff(options: argparse.Namespace) -> int:
    from bayes_escc.study.story import changes_text
    from bayes_escc.study.study import Study

    with Study.open(options.study, read_only=True) as study:
        language_of(options, study.analysis)
        published = _tables(options.published)
        changes, last = study.diff(options.cut, published=published), study.snapshot()
        notes = [study.rules_changed] if study.rules_changed else []
    number = None if options.cut or published or last is None else last.number
    naming = _naming(options)
    said = [*map(naming.said, notes), *([] if number is None else [naming.say("what_cut_changed", n=number)])]
    data = [{**c.to_dict(), "harmless": c.harmless, "acknowledgement": c.acknowledgement} for c in changes]
    _say(
        options,
        {"snapshot": number, "changes": data, "notes": notes},
        lambda: "\n".join([*said, changes_text(changes, naming)]),
    )
    return 0


def _status(options: argparse.Namespace) -> int:
    from bayes_escc.study.story import status_text
    from bayes_escc.study.study import Study

    with Study.open(options.study, read_only=True) as study:
        found, language = study.status(), language_of(options, study.analysis)
    _say(options, found, lambda: status_text(found, language))
    return RecordError.exit_code if found["damage"] else 0


def _history(options: argparse.Namespace) -> int:
    from bayes_escc.study.story import history_text
    from bayes_escc.study.study import Study

    with Study.open(options.study, read_only=True) as study:
        told = study.history()
        language = language_of(options, None if told["damage"] else study.analysis)
    _say(options, told, lambda: history_text(told, language))
    return RecordError.exit_code if told["damage"] else 0


def _results(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.report.result import comparisons_of, to_result
    from bayes_escc.runs.run import write_results
    from bayes_escc.study.story import reproduced
    from bayes_escc.study.study import Study

    with Study.open(options.study, read_only=True) as study:
        language = language_of(options, study.analysis)
        posterior = study.posterior(options.cut)
        snapshot = study.snapshot(options.cut)
        number = 0 if snapshot is None else snapshot.id
        recorded = next(f.result for f in reversed(study.fits()) if f.snapshot == number)
        notes = [study.rules_changed] if study.rules_changed else []
    comparisons = comparisons_of(posterior)
    result = to_result(posterior, comparisons)
    if "monitoring" in recorded:  # at the looks actually taken
        result["monitoring"] = recorded["monitoring"]
    with _noting(options):
        written = [str(p) for p in write_results(posterior, comparisons, result, Path(options.out), language=language)]
    notes.append(reproduced(recorded, result))
    _say(options, {"files": written, "notes": notes}, lambda: "\n".join([*written, *map(_naming(options).said, notes)]))
    return code_of_fit(posterior.diagnostics.converged, posterior.diagnostics.messages, language)


def _plot(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.plots.style import save_figure
    from bayes_escc.study.study import Study

    with _noting(options), Study.open(options.study, read_only=True) as study:
        figures = study.figures(language_of(options, study.analysis))
        written = [str(p) for name, figure in figures.items() for p in save_figure(figure, Path(options.out) / name)]
    _say(options, {"files": written}, lambda: "\n".join(written) or _naming(options).say("nothing_to_draw"))
    return 0


def _export(options: argparse.Namespace) -> int:
    from contextlib import closing
    from pathlib import Path

    from bayes_escc.study.export import export
    from bayes_escc.study.store import Store

    with closing(Store.open(Path(options.study), read_only=True, salvage=True)) as store:
        written = [str(p) for p in export(store, options.out)]
    _say(options, {"files": written}, lambda: _naming(options).say("files_in", n=len(written), folder=options.out))
    return 0


def _unlock(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bayes_escc.errors import LockedError
    from bayes_escc.names import as_typed
    from bayes_escc.study.store import Store

    store, naming = Store.open(Path(options.study)), _naming(options)
    try:
        with store.guarded():
            held = store.holder()
        if held is None:
            _say(options, {"unlocked": False, "holder": None}, lambda: naming.say("not_locked", study=options.study))
            return 0
        if not options.yes:
            if not sys.stdin.isatty():
                command = as_typed(["bayes-escc", "study", "unlock", options.study, "--yes"])
                raise LockedError(f"{options.study} is locked by {held}. If that process has ended, type: {command}")
            answer = input(f"{options.study} is locked by {held}. Has that process ended? [y/N] ")
            if answer.strip().casefold() not in {"y", "yes"}:
                raise LockedError("The lock stays.")
        store.unlock()
    finally:
        store.close()
    _say(options, {"unlocked": True, "holder": str(held)}, lambda: naming.say("lock_broken", holder=held))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from bayes_escc.study.verify import verify

    found, naming = verify(options.study), _naming(options)
    lines = [f"  - {naming.said(line)}" for line in found.damage]
    lines += [naming.say("note", text=naming.said(line)) for line in found.remarks]
    if found.ok:
        lines.insert(0, naming.say("record_whole", n=found.entries, head=found.head))
    else:
        key = "whole_up_to" if found.whole else "none_whole"
        key = "log_whole" if found.whole == found.entries else key
        lines.insert(0, naming.say("record_damaged", state=naming.say(key, k=found.whole, n=found.entries)))
    _say(options, found.to_dict(), lambda: "\n".join(lines))
    return 0 if found.ok else RecordError.exit_code
