"""A study that lives: data cuts that follow one another, and the posterior after each.

A posterior is a function of the data as they stand, the frozen analysis, the seed and the versions: never of the
posterior before it. So every update is a fit to everything, and any order and batching of the same cuts ends in
the same place.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.bundled import find_analysis
from bayes_escc.answers.posterior import Posterior
from bayes_escc.errors import AnalysisError, DataError, RecordError
from bayes_escc.families.frozen import with_former_defaults
from bayes_escc.names import NotebookView, Plain, normalise
from bayes_escc.report.result import software_versions
from bayes_escc.runs.run import fit_prepared
from bayes_escc.settings.arguments import checked
from bayes_escc.settings.reader import nearest
from bayes_escc.study.changes import Change, acknowledged, compare_cuts
from bayes_escc.study.cuts import Cut, Row, read_cut, standing_cut
from bayes_escc.study.digests import new_salt, sha256, tombstone, withdrawn
from bayes_escc.study.draws import pack
from bayes_escc.study.export import export
from bayes_escc.study.fitting import current_fit, fit_cut, preview_cut, record_cut
from bayes_escc.study.freeze import check_regimens, freeze, prepare_frozen, questions_only, self_contained
from bayes_escc.study.guards import hard_to_reconcile, name_nobody, refuse_unprintable, remarks, same_layout, who_is
from bayes_escc.study.ledger import read_ledger, rules_changed
from bayes_escc.study.preview import Preview
from bayes_escc.study.publications import Sources, compare_publications, publications, with_published
from bayes_escc.study.record import (
    Snapshot,
    StoredFit,
    cut_number,
    erase,
    read_analysis,
    read_changes,
    read_fits,
    read_snapshot,
    snapshot_of_cut,
    write_analysis,
    write_fit,
)
from bayes_escc.study.store import Store, now
from bayes_escc.study.story import history, status, study_figures
from bayes_escc.study.update import Update
from bayes_escc.study.verify import damage_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from bayes_escc.evidence import Table
    from bayes_escc.families import Design

__all__ = ["Study", "Update"]


class Study(NotebookView):
    """One study: its analysis, data cuts, fits and log, in one file.

    Made by `Study.create` or `Study.open`; a context manager, which closes the file.

    Parameters
    ----------
    store : Store
        The open file.

    Examples
    --------
    >>> study = Study.create("second_line.db", "second_line_pfs.toml")  # doctest: +SKIP
    >>> study.update("cut_2024-01.csv")  # doctest: +SKIP
    >>> study.update("cut_2024-02.csv", acknowledge=["P07:event retracted"])  # doctest: +SKIP
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- beginning and opening ----------------------------------------------------------------

    @classmethod
    @checked
    def create(
        cls, path: str | Path, analysis: Analysis | str | Path, *, who: str | None = None, why: str = ""
    ) -> Study:
        """Begin a study; the file must not exist yet.

        Parameters
        ----------
        path : path
        analysis : Analysis, path of a TOML file, or the name of one that ships
        who, why : str
            For the log; `who` is the name of the user's account if not given.

        Raises
        ------
        AnalysisError
            If the analysis is not of patients or counts, or the file cannot be written.
        """
        stated = analysis if isinstance(analysis, Analysis) else find_analysis(str(analysis))
        if stated.data.kind not in ("patients", "counts"):
            raise AnalysisError(
                f'a study follows patients or counts (data.kind = "patients" or "counts"), not {stated.data.kind}.'
            )
        stated = self_contained(stated)
        refuse_unprintable(who, why)

        def fill(store: Store) -> None:
            with store.writing(""):
                salt = new_salt()
                store.insert("meta", key="salt", value=salt)
                write_analysis(store, stated)
                body = {
                    "study": uuid.uuid4().hex,
                    "analysis": stated.sha256,
                    "content": sha256(stated.content),
                    "salt": sha256(salt),
                    "versions": software_versions(),
                }
                store.append("init", body, who=who_is(who), why=why)

        return cls(Store.create(Path(path), fill))

    @classmethod
    @checked
    def open(cls, path: str | Path, *, read_only: bool = False) -> Study:
        """Open a study.

        Parameters
        ----------
        path : path
        read_only : bool
            Only read: nothing is written or made, not even beside the file. So a file is opened that may not be
            written anyway.

        Raises
        ------
        RecordError
            If the file is missing, foreign, damaged or newer than this package.
        """
        path = Path(path)
        fixed = path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
        return cls(Store.open(path, read_only=read_only or fixed))

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        last = self.snapshot()
        state = "no data yet" if last is None else f"data cut {last.number}, {len(last.cut)} rows"
        return f"Study({self._store.path.name}: {self.analysis.id}, {state})"

    # ---- reading ------------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """Where the study stands."""
        return self._store.path

    @property
    def head(self) -> str:
        """Hash of the last entry of the log: noted elsewhere, it shows whether the record was exchanged."""
        return self._store.head

    @property
    def log(self) -> list[Plain]:
        """The log, oldest entry first."""
        return self._store.entries

    @property
    def analysis(self) -> Analysis:
        """The analysis as it is stated now."""
        stated = read_analysis(self._store, frozen=False)
        if stated is None:  # it is written with the first entry
            raise RecordError(f"{self.path.name} is damaged: its analysis is missing.")
        return stated[1]

    @property
    def frozen(self) -> Analysis | None:
        """The analysis with everything stated that the first data decided; None before them."""
        found = read_analysis(self._store, frozen=True)
        return None if found is None else found[1]

    @property
    def rules_changed(self) -> str:
        """What is said wherever the questions were changed after data had been seen; blank otherwise."""
        return rules_changed(self._store.entries)

    @property
    def store(self) -> Store:
        """The open file."""
        return self._store

    def snapshot(self, cut: int | None = None) -> Snapshot | None:
        """The data as they stand, or as they stood at a data cut (without who was withdrawn since).

        Parameters
        ----------
        cut : int, optional
            Number of the data cut; the last if not given.
        """
        if cut is None:
            return read_snapshot(self._store)
        number = snapshot_of_cut(self._store, cut)
        return None if number is None else read_snapshot(self._store, number)

    def changes(self, cut: int) -> list[Change]:
        """What a data cut changed, and who withdrew before the next one."""
        ledger = read_ledger(self._store)
        own = [snapshot for snapshot, number in ledger.cuts.items() if number == cut]
        return [change for number in own for change in read_changes(self._store, number, ledger)]

    def fits(self) -> list[StoredFit]:
        """Every fit as it was recorded, oldest first."""
        return read_fits(self._store)

    def status(self) -> Plain:
        """Where the study stands: its data, the last fit, and what a reader must know."""
        return status(self._store)

    def history(self) -> Plain:
        """Every entry of the log with what came of it, and what a reader must know."""
        return history(self._store)

    @checked
    def export(self, folder: str | Path) -> list[Path]:
        """Write the whole record as plain files to a new or empty folder; see `export.export`."""
        return export(self._store, folder)

    def figures(self, language: Literal["en", "zh"] | None = "en") -> dict[str, Figure]:
        """The figures of the study by file name: P(better), estimates, changes, and accrual and follow-up.

        Parameters
        ----------
        language : {"en", "zh"} or None
            Of their texts; None leaves them as drawn, in English and in words of progression-free survival.
        """
        return study_figures(self._store, language)

    @checked
    def posterior(self, cut: int | None = None) -> Posterior:
        """The whole posterior of a data cut, made again from its rows, its frozen analysis and its seed.

        Parameters
        ----------
        cut : int, optional
            The last if not given.

        Returns
        -------
        Posterior
            With everything `run` gives: curves, predictions, log-likelihood. The same versions give the recorded
            numbers.

        Raises
        ------
        DataError
            If there is no fit of the cut, or patients it held have withdrawn since.
        """
        return self.fitted(cut)[0]

    def fitted(self, cut: int | None = None) -> tuple[Posterior, Design, Table]:
        """The posterior of a data cut as `posterior` makes it, with the design and the table it was fitted to."""
        snapshot, last = self.snapshot(cut), self.snapshot()
        if snapshot is None and cut is not None and last is not None:
            raise DataError(f"there is no data cut {cut}; the last is {last.number}.")
        fits = [] if snapshot is None else read_fits(self._store, snapshot.id)
        if snapshot is None or not fits:
            raise DataError("there is no fit of this data cut." if cut is not None else "there is no fit yet.")
        if snapshot.erased:
            raise DataError(
                f"{snapshot.erased} of the patients of data cut {snapshot.number} withdrew since, so its posterior "
                "cannot be made again; its recorded result stands in the history."
            )
        found = read_analysis(self._store, frozen=True, number=fits[-1].analysis)
        first = read_snapshot(self._store, 1)
        if found is None or first is None:  # a fit refers to both
            raise RecordError(f"{self.path.name} is damaged: the analysis or the first data of a fit are missing.")
        design = prepare_frozen(found[1], snapshot.cut, first.cut, "")
        table = snapshot.cut.table(snapshot.root)
        return fit_prepared(with_published(found[1], snapshot.cut), design, table), design, table

    @checked
    def diff(
        self, source: str | Path | pd.DataFrame | None = None, *, published: Sources | None = None
    ) -> list[Change]:
        """What tables would change, or, without any, what the last data cut changed; nothing is recorded."""
        last = self.snapshot()
        if source is None and not published:
            return [] if last is None else read_changes(self._store, last.id, read_ledger(self._store))
        cut = self._cut(source, published, last)
        self._refuse_withdrawn(cut, last)
        return self._compare(last, cut)

    @checked
    def preview(
        self, source: str | Path | pd.DataFrame | None, *, published: Sources | None = None
    ) -> tuple[list[Change], Preview]:
        """What a table would change, and the answer it would give: at once, by reweighting; nothing is recorded."""
        last = self.snapshot()
        cut = self._cut(source, published, last)
        self._refuse_withdrawn(cut, last)
        changes = self._compare(last, cut)
        shown = preview_cut(self._store, last, cut, changes)
        return [*changes, *hard_to_reconcile(shown, changes)], shown

    # ---- writing ------------------------------------------------------------------------------

    @checked
    def update(
        self,
        source: str | Path | pd.DataFrame | None = None,
        *,
        published: Sources | None = None,
        acknowledge: Iterable[str] = (),
        who: str | None = None,
        why: str = "",
    ) -> Update:
        """Record a data cut and fit the analysis to it.

        Parameters
        ----------
        source : path or DataFrame, optional
            The whole table as it stands: every patient, not only the new ones. Without it the patients stay as they
            are, and `published` is what arrives.
        published : mapping of str to path or DataFrame, optional
            Tables of `[published]` by name (arms, covariates, curves, ...), each whole as it stands now; those not
            named stay as they are.
        acknowledge : iterable of str
            Changes of past facts that are right, each as ``"IDENTIFIER:kind of change"``.
        who, why : str
            For the log, where they stay for ever; name no patient in them.

        Returns
        -------
        Update

        Raises
        ------
        DataError
            If the table cannot be used, or a change was not acknowledged; nothing is recorded then.
        LockedError
            If someone else is writing.
        """
        store = self._store
        with store.at_work("update") as cleared:
            standing = self._standing(cleared)
            head, stated = store.head, self.analysis
            last = self.snapshot()
            cut = self._cut(source, published, last)
            self._name_nobody(cut, who, why)
            self._refuse_withdrawn(cut, last)
            changes = self._compare(last, cut)
            notes = [*standing, *self._scrub(), *cut.notes]
            if last is not None and last.cut.same_rows(cut) and current_fit(store, last.id) is not None:
                return Update(None, (), None, {}, (*notes, "The table is the same as the last cut: nothing to record."))
            guess = None if last is None else preview_cut(store, last, cut, changes)
            changes = acknowledged([*changes, *hard_to_reconcile(guess, changes)], acknowledge)
            frozen = read_analysis(store, frozen=True)
            analysis = freeze(stated, cut) if frozen is None else frozen[1]
            check_regimens(stated, analysis, cut)
            before = None if last is None else current_fit(store, last.id)
            posterior, record = fit_cut(store, analysis, cut, guess)
            notes += remarks(guess, record)
            with store.writing(head):
                snapshot, body = record_cut(
                    store, cut, "cut", last, changes, posterior, record, analysis, None if frozen is None else frozen[0]
                )
                store.append("cut", body, who=who_is(who), why=why)
            number = cut_number(store, snapshot)
        was = None if before is None else before.result
        return Update(number, tuple(changes), posterior, record, tuple(notes), was)

    @checked
    def withdraw(self, patient: str, *, who: str | None = None, why: str = "") -> Update:
        """Erase a patient, or a row of counts, from everything that is stored by row, and fit the rest anew.

        What stays is a salted tombstone, which recognises the identifier if it is submitted again.

        Parameters
        ----------
        patient : str
            Identifier of the patient; of a row of counts, ``"study | regimen | endpoint"``.
        who, why : str
            For the log, where they stay for ever; name no patient in them.

        Returns
        -------
        Update

        Raises
        ------
        DataError
            If there is no such patient or row.
        """
        refuse_unprintable(patient)
        store, unit = self._store, normalise(patient)
        with store.at_work("withdraw") as cleared:
            notes = self._standing(cleared)
            head, last, frozen = store.head, self.snapshot(), read_analysis(store, frozen=True)
            if last is None or frozen is None:
                raise DataError("there are no data yet from which a patient could withdraw.")
            if not store.rows("SELECT 1 FROM leaf WHERE unit = ?", unit):
                if self._withdrew([unit]):
                    notes += [*self._scrub(), "This withdrawal is recorded already: nothing to do."]
                    return Update(None, (), None, {}, tuple(notes))
                what = "patient" if last.cut.kind == "patients" else "row"
                raise DataError(f"there is no {what} {unit!r} in this study.{nearest(unit, last.cut.rows)}")
            self._name_nobody(last.cut, who, why)
            cut, posterior = last.cut.without(unit), None
            record: Plain = {}
            present = unit in last.cut.rows
            if present:
                try:
                    posterior, record = fit_cut(store, frozen[1], cut, None, leave_out=unit)
                except (AnalysisError, DataError) as error:
                    notes.append(f"What is left cannot be fitted: {error}")
            with store.writing(head):
                # erased first, so that rows are not shared with a snapshot that still knows the name
                body = self._tombstone(unit)
                if present:
                    gone = [Change("", "withdrawn", acknowledged=True)]
                    _, more = record_cut(store, cut, "withdrawal", last, gone, posterior, record, frozen[1], frozen[0])
                    body |= more
                store.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('scrub', x'01')")
                store.append("withdraw", body, who=who_is(who), why=why)
            notes += self._scrub()
        number = last.number if present else None
        return Update(number, (Change("", "withdrawn", acknowledged=True),), posterior, record, tuple(notes))

    def _tombstone(self, unit: str) -> Plain:
        """Erase a row everywhere; returns what the log keeps of it."""
        store = self._store
        erased = erase(store, unit)
        stone = tombstone(store.scalar("SELECT value FROM meta WHERE key = 'salt'"), unit)
        store.insert("tombstone", digest=stone, at=now())
        return {"erased": sorted(erased), "tombstone": stone}

    def _withdrew(self, units: Iterable[str]) -> list[str]:
        """Those of some identifiers that withdrew."""
        stones = {r["digest"] for r in self._store.rows("SELECT digest FROM tombstone")}
        salt = self._store.scalar("SELECT value FROM meta WHERE key = 'salt'")
        return withdrawn(salt, stones, units) if stones else []

    @checked
    def amend(self, analysis: Analysis | str | Path, *, who: str | None = None, why: str) -> Update:
        """Change what the analysis asks (rules, comparisons, thresholds); not the model, priors or data.

        The change is recorded with the number of data cuts seen before it, and said in every output.
        """
        stated = self_contained(analysis if isinstance(analysis, Analysis) else find_analysis(str(analysis)))
        store = self._store
        with store.at_work("amend") as cleared:
            standing = self._standing(cleared)
            head, last = store.head, self.snapshot()
            self._name_nobody(None if last is None else last.cut, who, why)
            new = json.loads(stated.content)
            changed = questions_only(json.loads(self.analysis.content), new)
            if not changed:
                same = "The analysis is the same as the one of the study: nothing to record."
                return Update(None, (), None, {}, (*standing, same))
            frozen, posterior = read_analysis(store, frozen=True), None
            record: Plain = {}
            if frozen is not None and last is not None:
                content = with_former_defaults(json.loads(frozen[1].content))
                asked = {k: v for k, v in new.items() if k in changed}
                kept = {k: v for k, v in content.items() if k not in changed}
                amended = Analysis.from_dict({**kept, **asked}, label="the amended analysis")
                posterior, record = fit_cut(store, amended, last.cut, None)
            with store.writing(head):
                body: Plain = {
                    "analysis": stated.sha256,
                    "content": sha256(stated.content),
                    "changed": changed,
                    "cuts_seen": sum(e["action"] == "cut" for e in store.entries),
                }
                number = write_analysis(store, stated)
                if posterior is not None and last is not None:
                    place = write_analysis(store, posterior.analysis, number)
                    written = (place, posterior.analysis)
                    body["fit"] = write_fit(store, last.id, last.root, written, record, pack(posterior.groups))
                store.append("amend", body, who=who_is(who), why=why)
            notes = self._standing(cleared)
        return Update(None, (), posterior, record, tuple(notes))

    def _standing(self, cleared: str) -> list[str]:
        """What is said with every change; nothing is added to a record that is damaged."""
        damage = damage_of(self._store)
        if damage:
            listed = "\n".join(f"  - {line}" for line in damage)
            raise RecordError(f"{self.path.name} is damaged, so nothing was recorded:\n{listed}")
        return [said for said in (cleared, self.rules_changed) if said]

    def _name_nobody(self, cut: Cut | None, who: str | None, why: str) -> None:
        """Refuse a reason that names a patient, of any cut, or that cannot be printed."""
        refuse_unprintable(who, why)
        if cut is not None and cut.kind == "patients":
            known = {r["unit"] for r in self._store.rows("SELECT DISTINCT unit FROM leaf WHERE unit IS NOT NULL")}
            name_nobody(sorted(known | cut.rows.keys()), who, why)

    # ---- parts --------------------------------------------------------------------------------

    def _compare(self, last: Snapshot | None, cut: Cut) -> list[Change]:
        if last is not None:
            same_layout(last.cut, cut, self.analysis.data.columns())
        old = None if last is None else last.cut
        return [*compare_cuts(old, cut, before=self._last_row), *compare_publications(old, cut)]

    def _cut(self, source: str | Path | pd.DataFrame | None, published: Sources | None, last: Snapshot | None) -> Cut:
        """The data as they come: patients, or those that stand, and what is published."""
        stated, given = self.analysis, published or {}
        tables = publications(stated, given, None if last is None else last.cut)
        if source is not None:
            return read_cut(source, stated, tables, given)
        if last is None or not given:
            raise DataError("a data cut is a table of patients, or, once there is one, publications beside it.")
        return standing_cut(last.cut, tables, given)

    def _last_row(self, unit: str) -> Row | None:
        """The last known row of a patient, in whichever cut."""
        found = self._store.row("SELECT cells FROM leaf WHERE unit = ? ORDER BY id DESC LIMIT 1", unit)
        return None if found is None else json.loads(found["cells"])

    def _refuse_withdrawn(self, cut: Cut, last: Snapshot | None) -> None:
        known: Iterable[str] = () if last is None else last.cut.rows.keys()
        back = self._withdrew([unit for unit in cut.rows if unit not in known])
        if back:
            gone = "withdrew from the study" if cut.kind == "patients" else "was withdrawn from the study"
            reused = " If an identifier was given to someone else, give that patient a new one."
            raise DataError(
                f"{cut.source} was refused: {', '.join(back)} {gone}, and may not come back into it. Remove these rows "
                f"from the table.{reused if cut.kind == 'patients' else ''}"
            )

    def _scrub(self) -> list[str]:
        """Rewrite the file after an erasure, now or, if that cannot be done, at the next writing."""
        if self._store.scalar("SELECT 1 FROM meta WHERE key = 'scrub'") is None:
            return []
        try:
            if not self._store.scrub():
                return ["Another process is reading the file; the erased bytes go when the next command finds it free."]
            with self._store.writing(self.head):
                self._store.execute("DELETE FROM meta WHERE key = 'scrub'")
        except AnalysisError as error:
            return [
                f"The withdrawal is recorded, but the file could not be rewritten yet, so erased bytes may still be in "
                f"it ({error}) The next change of the study rewrites it; repeat the command to do it now."
            ]
        return []
