"""Sheets of patients: their columns, regimens and identifiers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from bayes_escc.evidence.labels import same_but_spelling
from bayes_escc.evidence.sheet.cell_reading import fold_regimen
from bayes_escc.evidence.sheet.cells import MISSING, folded_word
from bayes_escc.evidence.sheet.columns import Proposal, Roles, propose_roles
from bayes_escc.evidence.sheet.counts import bare_label
from bayes_escc.evidence.sheet.deaths import called
from bayes_escc.evidence.sheet.decide_beside import BesideDecisions
from bayes_escc.evidence.sheet.layout import Table
from bayes_escc.evidence.sheet.mapping import Column, Mapping, SheetUse
from bayes_escc.evidence.sheet.questions import Candidate, Question
from bayes_escc.evidence.sheet.roles import ROLES, header_of, same_header
from bayes_escc.evidence.sheet.sorting import PATIENT_ROLES, VISIT_ROLES
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = ["CohortDecisions"]


class CohortDecisions(BesideDecisions):
    """What is decided of a sheet of patients."""

    # -- patients ----------------------------------------------------------------------------------------------------

    def _patients(self, tables: Sequence[Table], visits: Sequence[Table]) -> tuple[Mapping, tuple[Proposal, ...]]:
        allowed = PATIENT_ROLES
        roles = propose_roles(tables, self.uses_answers(), allowed)
        for question in roles.questions:
            if self.ask(question):
                roles = propose_roles(tables, self.uses_answers(), allowed)
        if not visits:
            roles = self._of_deaths(self._of_ttp(roles, tables), tables, self.uses_answers())
        columns = dict(roles.columns)
        for role, answer in self.uses_answers().items():
            if role.removeprefix("use.") in ROLES and role not in self.used and role in self.given:
                said = called(role.removeprefix("use."), "OS" if self.overall else "")
                verb = "说明" if said.zh.startswith("是否") else "是"
                text = Text(f"Which column is {said.en}?", f"哪一列{verb}{said.zh}？")
                self.used[role] = (Question(role, text), answer)
        proposals, aside = list(roles.proposals), roles.aside
        if visits:
            seen = propose_roles(visits, {}, VISIT_ROLES)
            columns |= {r: c for r, c in seen.columns.items() if r in {"visit_date", "visit_result"}}
            own, theirs = columns.get("identifier"), seen.columns.get("identifier")
            if own is not None and theirs is not None and not same_header(own.header, theirs.header):
                columns["visit_patient"] = theirs
            proposals += [p for p in seen.proposals if p.role in {"visit_date", "visit_result"}]
        sheets = [SheetUse(t.sheet) for t in tables] + [SheetUse(t.sheet, "visits") for t in visits]
        mapping = Mapping("patients", tuple(sheets), columns, aside=aside, dropped=roles.dropped)
        mapping = self._several_sheets(mapping, tables)
        mapping = self._regimens(mapping, tables, roles)
        mapping = self._identifier(mapping, roles)
        mapping = self._response(mapping)
        mapping = self._of_named(self._of_overall(self._time(mapping, tables, roles)))
        return self._shown_beside(self._beside(mapping, tables, roles), proposals)

    def _several_sheets(self, mapping: Mapping, tables: Sequence[Table]) -> Mapping:
        """Sheets that are arms, parts of one cohort, or parts of every patient."""
        if len(tables) < 2:
            return mapping
        id_column = mapping.columns.get("identifier")
        ids = [
            {folded_word(c) for c in t.cells(found[0]) if c}
            for t in tables
            if id_column is not None and (found := id_column.on(t)) is not None
        ]
        if id_column is None:
            self.joining = _shared_number(tables)
        shared = self.joining != "" or all(
            a & b and len(a & b) >= 0.5 * min(len(a), len(b)) for a, b in combinations(ids, 2)
        )
        with_regimen = [
            t for t in tables if "regimen" in mapping.columns and mapping.columns["regimen"].on(t) is not None
        ]
        columns = [{r for r, c in mapping.columns.items() if c.on(t) is not None and r != "identifier"} for t in tables]
        overlap = max(len(a & b) / max(1, min(len(a), len(b))) for a, b in combinations(columns, 2))
        if (len(ids) == len(tables) or self.joining) and shared and overlap < 0.5:
            self.notes.append(Text("the sheets are joined by the patient's number", "各工作表按患者编号合并"))
            self.joined = True
            return mapping.with_rule(sheets="joined")
        if len(with_regimen) == len(tables):
            self.notes.append(
                Text("the sheets hold different patients and are put together", "各工作表为不同患者，合并读取")
            )
            return mapping
        uses = []
        for use in mapping.sheets:
            table = next((t for t in tables if t.sheet == use.sheet), None)
            if use.use != "patients" or table is None or table in with_regimen:
                uses.append(use)
                continue
            shown = masked(use.sheet or table.file)
            named = bare_label(shown) or shown
            answer = self.ask(
                Question(
                    f"sheet.{shown}",
                    Text(
                        f"Which regimen did the patients of sheet {shown!r} get?",
                        f"工作表“{shown}”的患者用的是哪种方案？",
                    ),
                    (
                        Candidate(named, Text("the name of the sheet", "工作表名称")),
                        Candidate("none", Text("not a sheet of patients: leave it aside", "非患者表，不读取")),
                    ),
                    "text",
                )
            )
            if answer != "none":
                uses.append(replace(use, regimen=answer or ""))
        return replace(mapping, sheets=tuple(uses))

    def _regimens(self, mapping: Mapping, tables: Sequence[Table], roles: Roles) -> Mapping:
        """Every label of the regimen's column, and its name."""
        if any(u.regimen for u in mapping.sheets):
            names = {u.regimen for u in mapping.sheets if u.regimen}
            labels = Counter(names)
        elif "regimen" in mapping.columns:
            header = mapping.columns["regimen"].header
            column = mapping.columns["regimen"]
            cells = [c for t in tables if (found := column.on(t)) is not None for c in t.cells(found[0])]
            blank = [c for c in cells if folded_word(c) in MISSING]
            if cells and cells[0] != "" and len(blank) >= 0.3 * len(cells):
                answer = self.ask(
                    Question(
                        "regimen_blank",
                        Text(
                            f"{header!r} is blank in many rows. Does the value above hold for them?",
                            f"“{header}”多行空白，是否沿用上一行的值？",
                        ),
                        (
                            Candidate(
                                "filled_down",
                                Text("yes, the regimen is written once for each block", "是，每段只写一次"),
                            ),
                            Candidate(
                                "unknown",
                                Text("no, the regimen of these patients is not known", "否，这些患者的方案未知"),
                            ),
                        ),
                    )
                )
                if answer == "filled_down":
                    mapping = mapping.with_rule(regimen="filled_down")
            labels = Counter(masked(normalise(c)) for c in cells if folded_word(c) not in MISSING)
        else:
            sections = {s for t in tables for s in t.sections if s}
            if len(sections) >= 2:
                answer = self.ask(
                    Question(
                        "regimen_title",
                        Text("Are the titles between blocks of rows the regimens?", "各段标题是否为治疗方案？"),
                        (
                            Candidate(
                                "yes",
                                Text(
                                    ", ".join(masked(s) for s in sorted(sections)),
                                    "、".join(masked(s) for s in sorted(sections)),
                                ),
                            ),
                            Candidate("no", Text("no", "否")),
                        ),
                    )
                )
                if answer is None:
                    return mapping
                if answer == "yes":
                    mapping = mapping.with_rule(regimen="title")
                    labels = Counter(masked(normalise(s)) for s in sections)
                    return self._named(mapping, labels, {})
            if any(code.startswith("sheet.") for code in self.questions):
                return mapping  # the sheets may be the regimens
            return self._one_regimen(mapping, roles)
        codes = dict(header_of(mapping.columns["regimen"].header).codes) if "regimen" in mapping.columns else {}
        return self._named(mapping, labels, codes)

    def _one_regimen(self, mapping: Mapping, roles: Roles) -> Mapping:
        """Ask which column holds the regimens, or what all patients got."""
        candidates = [
            h
            for h in roles.aside
            if 2 <= len({c for c in roles.cells[h] if folded_word(c) not in MISSING}) <= 8 and len(roles.cells[h]) >= 6
        ]
        if candidates and "use.regimen" not in self.given:
            self.ask(
                Question(
                    "use.regimen",
                    Text("Which column is the regimen (regimen)?", "哪一列是治疗方案？"),
                    (
                        *(Candidate(h, Text("", "")) for h in candidates),
                        Candidate("none", Text("none: all patients got one regimen", "都不是：全部患者为同一方案")),
                    ),
                )
            )
            return mapping
        name = self.ask(
            Question(
                "regimen",
                Text("All patients got one regimen. What is it called?", "全部患者为同一方案，名称是什么？"),
                (),
                "text",
            )
        )
        return replace(
            mapping,
            sheets=tuple(
                replace(u, regimen=name or "one regimen") if u.use == "patients" else u for u in mapping.sheets
            ),
            regimens={name or "one regimen": name or "one regimen"},
        )

    def _named(self, mapping: Mapping, labels: Counter[str], codes: MappingType[str, str]) -> Mapping:
        """Names of labels: spellings of one regimen together, bare codes asked, near spellings asked."""
        groups: dict[str, list[str]] = defaultdict(list)
        for label in sorted(labels, key=lambda x: (-labels[x], x)):
            groups[fold_regimen(label)].append(label)
        names: dict[str, str] = {}
        for fold, spelled in groups.items():
            label = spelled[0]
            if label in codes:
                names[fold] = normalise(codes[label])
                self.notes.append(
                    Text(
                        f"regimen {label} is {names[fold]!r}, by the header", f"方案{label}为“{names[fold]}”(表头注明)"
                    )
                )
            elif re.fullmatch(
                r"\d|[A-Za-z]|[A-Ba-b\d一二]组|(试验|对照|治疗|实验|观察)组|(arm|group|cohort)\s*\w|control|treatment|experimental",
                label,
                re.IGNORECASE,
            ):
                answer = self.ask(
                    Question(
                        f"regimen.{label}",
                        Text(f"Which regimen is {label!r}?", f"“{label}”是哪一种方案？"),
                        (Candidate(label, Text("keep it as it is written", "保留原文")),),
                        "text",
                    )
                )
                names[fold] = answer or label
            else:
                names[fold] = label
                if len(spelled) > 1:
                    self.notes.append(
                        Text(
                            f"read as one regimen: {', '.join(repr(s) for s in sorted(spelled))}",
                            f"按同一方案读取：{'、'.join(sorted(spelled))}",
                        )
                    )
        for a, b in combinations(sorted(names), 2):
            if same_but_spelling(a, b) or _shortened(a, b):
                rare, usual = sorted((names[a], names[b]), key=lambda n: (labels[n], n))
                answer = self.ask(
                    Question(
                        f"same.{rare}",
                        Text(f"Is {rare!r} the same regimen as {usual!r}?", f"“{rare}”与“{usual}”是否为同一方案？"),
                        (
                            Candidate("yes", Text("one regimen", "同一方案")),
                            Candidate("no", Text("two regimens", "两种方案")),
                        ),
                    )
                )
                if answer == "yes":
                    names = {f: usual if n == rare else n for f, n in names.items()}
        return replace(mapping, regimens={label: names[fold] for fold, group in groups.items() for label in group})

    def _identifier(self, mapping: Mapping, roles: Roles) -> Mapping:
        """The patient's number: the sheet's own, a pseudonym of one that identifies, or none."""
        if "identifier" in mapping.columns:
            header = mapping.columns["identifier"].header
            if header not in roles.identifying:
                if re.fullmatch(r"序号?|#|no\.?", header.strip(), re.IGNORECASE):
                    self.notes.append(
                        Text(
                            f"{header!r} numbers the rows; in a study every patient must keep that number",
                            f"“{header}”为行号；用于持续更新的研究时，每例患者的序号须保持不变",
                        )
                    )
                return mapping.with_rule(identifier="column")
            mapping = replace(mapping, columns={r: c for r, c in mapping.columns.items() if r != "identifier"})
        numbers = [
            h
            for h in roles.dropped
            if len(set(c := [x for x in roles.cells[h] if x])) == len(c) == len(roles.cells[h]) and not _secret(h)
        ]
        if self.joined and self.joining:
            numbers = [self.joining]
        if numbers:
            answer = self.ask(
                Question(
                    "identifier",
                    Text("No column is a study number. How are patients told apart?", "没有研究编号，如何区分患者？"),
                    (
                        *(
                            Candidate(
                                h,
                                Text(
                                    "by a pseudonym made from it with a secret key; itself never kept",
                                    "由其生成加密假名，原值不保留",
                                ),
                            )
                            for h in numbers
                        ),
                        Candidate(
                            "none", Text("numbered; cannot be followed from month to month", "仅编号，不能逐月对应")
                        ),
                    ),
                    safe=numbers[0],
                )
            )
            if answer and answer != "none":
                dropped = tuple(h for h in mapping.dropped if h != answer)
                mapping = replace(mapping, dropped=dropped).with_column("identifier", Column(answer))
                return mapping.with_rule(identifier="pseudonym")
        else:
            self.notes.append(Text("no column numbers the patients; they are numbered here", "无患者编号，由程序编号"))
        return mapping.with_rule(identifier="numbered")

    def _response(self, mapping: Mapping) -> Mapping:
        return mapping


def _shared_number(tables: Sequence[Table]) -> str:
    """A header of all sheets whose cells are different on each and the same between them; blank if there is none."""
    for header in tables[0].headers:
        if not header or any(t.column(header) is None for t in tables):
            continue
        cells = [[c for c in t.cells(i) if c] for t in tables if (i := t.column(header)) is not None]
        if all(c and len(set(c)) == len(c) for c in cells) and all(
            len(set(a) & set(b)) >= 0.5 * min(len(a), len(b)) for a, b in combinations(cells, 2)
        ):
            return header
    return ""


def _shortened(a: str, b: str) -> bool:
    """Whether one label begins the other without naming another drug: ``nivo`` and ``nivolumab``."""
    short, long = sorted((a, b), key=len)
    least = 2 if any("\u4e00" <= c <= "\u9fff" for c in short) else 4
    rest = long[len(short) :]
    return len(short) >= least and long.startswith(short) and re.fullmatch(r"[^\d+&、/]+", rest) is not None


def _secret(header: str) -> bool:
    """Whether a column is of a kind from which no pseudonym is made: names, telephones."""
    from bayes_escc.evidence.sheet.roles import roles_of

    names = {r for r, _ in roles_of(header_of(header))}
    return "hospital_number" not in names
