"""What the log of a study vouches for: the data cuts, fits and analyses that its entries name by digest.

A row that stands in the file without being named there was written around the log; it is shown nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bayes_escc.names import PlainMapping
from bayes_escc.study.changes import Change
from bayes_escc.study.digests import root_of
from bayes_escc.study.store import Store

__all__ = ["Ledger", "read_ledger", "rules_changed"]


@dataclass(frozen=True)
class Ledger:
    """The whole part of a log.

    Parameters
    ----------
    entries : sequence of mapping
        Oldest first, up to the first that is not whole.
    """

    entries: Sequence[PlainMapping]

    @property
    def snapshots(self) -> dict[int, str]:
        """Root digest by the number of the snapshot."""
        bodies = (e["body"] for e in self.entries)
        return {b["snapshot"]: b["root"] for b in bodies if b.get("snapshot") is not None}

    @property
    def fits(self) -> list[str]:
        """Digests of the fits, oldest first."""
        return [e["body"]["fit"] for e in self.entries if "fit" in e["body"]]

    @property
    def analyses(self) -> list[tuple[str, str]]:
        """Digests of the analyses as stated, oldest first: of their file, and of their content."""
        return [(e["body"]["analysis"], e["body"]["content"]) for e in self.entries if "content" in e["body"]]

    def records_changes(self, snapshot: int, digests: Sequence[str], changes: Sequence[Change]) -> bool:
        """Whether the changes of a snapshot are those that the log recorded, none more and none fewer."""
        body = next((e["body"] for e in self.entries if e["body"].get("snapshot") == snapshot), None)
        counts = Counter(change.kind for change in changes)
        return body is not None and root_of({}, digests) == body["changes"] and counts == body["kinds"]

    @property
    def cuts(self) -> dict[int, int]:
        """Number of the data cut, as the user counts them, by the number of the snapshot.

        A withdrawal makes a snapshot but no cut: it is counted with the cut that it changed.
        """
        numbers, cut = {}, 0
        for entry in self.entries:
            cut += entry["action"] == "cut"
            if entry["body"].get("snapshot") is not None:
                numbers[entry["body"]["snapshot"]] = cut
        return numbers


def read_ledger(store: Store, damage: list[str] | None = None) -> Ledger:
    """Read the log.

    Parameters
    ----------
    store : Store
    damage : list of str, optional
        What is not whole is noted there.

    Raises
    ------
    RecordError
        If an entry is not whole and there is no list to note it in.
    """
    return Ledger(store.entries if damage is None else store.whole_entries(damage))


def rules_changed(log: Sequence[PlainMapping]) -> str:
    """What is said wherever the questions were changed after data had been seen; blank otherwise."""
    said = []
    for body in (e["body"] for e in log if e["action"] == "amend" and e["body"]["cuts_seen"]):
        cuts = "1 data cut" if body["cuts_seen"] == 1 else f"{body['cuts_seen']} data cuts"
        said.append(f"{', '.join(body['changed'])} after {cuts}")
    return f"The analysis was changed after data had been seen: {'; '.join(said)}." if said else ""
