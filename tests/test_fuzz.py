"""Every way in, given what nobody meant: an answer, or one sentence of this package, never anything else.

Seeded, so that a failure can be had again; each takes about a minute and runs with `make slow`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import bayes_escc as be
from bayes_escc.analysis.data import read_data
from bayes_escc.cli import main
from bayes_escc.evidence.sheet.start import prepare, write_folder
from bayes_escc.runs.checking import check_analysis
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects
from bayes_escc.runs.report import write_report
from bayes_escc.settings.reader import Reader, raise_problems

pytestmark = pytest.mark.slow

ODD = (
    "",
    " ",
    "NR",
    "NE",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1e-400",
    "0",
    "-0",
    "0.0",
    "-1",
    "0.5",
    "1",
    "2",
    "7",
    "1e12",
    "9" * 400,
    "0·57",
    "−1",
    "1_0",
    "10 (34.5%)",
    "12/35",
    "<0.001",
    "0,5",
    "1,234",
    "(0.5, 0.8)",
    "0.5–0.8",
    "0.71 (0.57–0.87)",
    "100%",
    "95%",
    "2020-13-40",
    "2021-02-03",
    "44197",
    "2021年3月",
    "=1+1",
    "x\x1b[31m",
    "a\x00b",
    "\ud800",
    "a\u202eb",
    "<script>",
    "$\\frac$",
    "../x",
    "`id`",
    "'; DROP",
    "A",
    "B",
    "x",
    "HR",
    "log HR",
    "OS",
    "ORR",
    "CR",
    "PD",
    "yes",
    "死亡",
    "男",
    "月",
    "ＡＢ",
    "event",
    "n",
    "N",
    "study",
    "regimen",
    "patient_id",
    "姓名",
    "110101195003071234",
    '"',
    ",",
    ";",
    "\t",
    "a\nb",
)
odd = st.one_of(st.sampled_from(ODD), st.text(max_size=8))
small = st.integers(-1, 40)
number = st.one_of(
    small, st.integers(-(10**15), 10**15), st.floats(allow_nan=True, allow_infinity=True), st.floats(-2.0, 2.0)
)


def fuzz(examples: int) -> Callable[[Any], Any]:
    """Seeded, with a number of examples that takes about a minute."""

    def decorate(test: Any) -> Any:
        quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
        return seed(20211101)(
            settings(max_examples=examples, deadline=None, database=None, suppress_health_check=quiet)(test)
        )

    return decorate


def answers_or_refuses(call: Callable[[], Any]) -> None:
    """Whatever else is raised is a failure of the test."""
    message = "answered"
    try:
        call()
    except be.BayesEsccError as refused:
        message = str(refused)
    assert 0 < len(message) < 100_000
    assert "\x1b" not in message


arm = st.one_of(
    odd,
    st.builds(lambda name, k, n: f"{name}={k}/{n}", st.sampled_from("ABCD"), number, number),
    st.builds(
        lambda name, k, n: f"{name}={k}/{k + n}", st.sampled_from("ABCDE"), st.integers(0, 99), st.integers(0, 10**12)
    ),
)


@fuzz(500)
@given(
    arms=st.lists(arm, min_size=1, max_size=4),
    options=st.fixed_dictionaries(
        {},
        optional={
            "prior": st.one_of(odd, st.builds("{},{}".format, number, number)),
            "scale": st.sampled_from(["difference", "ratio", "odds_ratio"]),
            "better": st.sampled_from(["higher", "lower"]),
            "margin": number,
            "rope": st.tuples(number, number),
            "ci_prob": number,
            "bias_sd": number,
            "bias_mean": number,
        },
    ),
)
def test_compare(arms, options):
    answers_or_refuses(lambda: json.dumps(compare_counts(arms, **options), allow_nan=False))


effect = st.one_of(
    odd,
    st.builds(lambda n, e, a, b: f"{n}={e},{a},{b}", st.sampled_from("ABC"), number, number, number),
    st.builds(
        lambda n, e, w: f"{n}={e},{e / w},{e * w}", st.sampled_from("ABCD"), st.floats(0.01, 50), st.floats(1.01, 9)
    ),
    st.builds(
        lambda n, e, w: f"{n}={e:.2f} ({e / w:.2f}–{e * w:.2f})",
        st.sampled_from("EFG"),
        st.floats(0.1, 9),
        st.floats(1.1, 9),
    ),
)
law = st.one_of(
    odd,
    st.builds(
        lambda name, values: f"{name}({','.join(map(str, values))})",
        st.sampled_from(
            ["HalfNormal", "Normal", "LogNormal", "HalfCauchy", "Uniform", "HalfStudentT", "Beta", "Turner", "Gamma"]
        ),
        st.lists(number, max_size=3),
    ),
)


@fuzz(400)
@given(
    effects=st.lists(effect, min_size=1, max_size=4),
    options=st.fixed_dictionaries(
        {},
        optional={
            "measure": st.one_of(odd, st.sampled_from(["HR", "MD", "RD", "log OR"])),
            "level": number,
            "common": st.booleans(),
            "tau_prior": law,
            "effect_prior": law,
            "margin": number,
            "ci_prob": number,
        },
    ),
)
def test_pool(effects, options):
    answers_or_refuses(lambda: json.dumps(pool_effects(effects, **options), allow_nan=False))


TABLES = {
    "counts": (["study,regimen,endpoint,events,n,percent", "A,x,ORR,10,29,34.5", "B,y,ORR,12,35,34.3"], {}),
    "effects": (
        ["study,experimental,control,endpoint,measure,estimate,ci_low,ci_high,ci_level,se,p,control_se",
         "A,x,c,OS,HR,0.70,0.50,0.98,0.95,,,", "A,y,c,OS,HR,0.8,,,,0.2,,", "B,x,c,OS,HR,0.7,,,,,0.0016,"],
        {},
    ),
    "medians": (
        ["study,regimen,n,median,lower,upper,ci_level,events,follow_up",
         "A,x,40,NR,,,,12,14", "B,y,40,6.2,5.1,8.0,0.95,33,"],
        {"time_unit": "months"},
    ),
    "patients": (
        ["patient_id,regimen,response,months,event,start,pd,death,last",
         "P1,A,CR,2.0,1,2021-01-01,2021-03-03,,2021-03-03", "P2,B,PD,5.0,0,2021-02-01,,,2021-07-03",
         "P3,A,SD,3.0,1,2021-01-05,2021-04-06,,2021-04-06"],
        {"response": "response", "time": "months", "event": "event", "time_unit": "months"},
    ),
}  # fmt: skip
change = st.tuples(
    st.sampled_from(["cell", "header", "copy", "drop", "swap"]), st.integers(0, 9), st.integers(0, 12), odd
)


def changed(lines: list[str], changes: list[tuple[str, int, int, str]]) -> list[list[str]]:
    """Cells of a table, some of them replaced, headers renamed, rows copied and dropped."""
    grid = [line.split(",") for line in lines]
    for what, row, column, text in changes:
        i, j = row % len(grid), column % len(grid[0])
        if what == "copy":
            grid.insert(i + 1, list(grid[i]))
        elif what == "drop" and len(grid) > 1:
            del grid[i]
        elif what == "swap":
            grid[0], grid[i] = grid[i], grid[0]
        else:
            grid[0 if what == "header" else i][j] = text
    return grid


def as_file(path: Any, grid: list[list[str]], delimiter: str, encoding: str) -> Any:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(grid)
    path.write_bytes(stream.getvalue().encode(encoding, "replace"))
    return path


@fuzz(800)
@given(
    kind=st.sampled_from(sorted(TABLES)),
    changes=st.lists(change, max_size=4),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030", "latin-1"]),
    as_frame=st.booleans(),
)
def test_tables(kind, changes, delimiter, encoding, as_frame, tmp_path):
    lines, stated = TABLES[kind]
    grid = changed(lines, changes)

    def read() -> None:
        problems: list[str] = []
        data = read_data(Reader({"kind": kind, **stated}, "", problems))
        raise_problems("data", problems)
        names = [c.replace("\ud800", "") for c in grid[0]]  # which pandas itself refuses
        table = data.read(
            pd.DataFrame(grid[1:], columns=names, dtype=object)
            if as_frame
            else as_file(tmp_path / "t.csv", grid, delimiter, encoding)
        )
        if isinstance(table, be.EffectTable):
            table.require_usable()

    answers_or_refuses(read)


@fuzz(300)
@given(content=st.binary(max_size=60), place=st.integers(0, 400), cut=st.integers(0, 60))
def test_bytes_of_tables(content, place, cut, tmp_path):
    whole = "\n".join(TABLES["counts"][0]).encode()
    (tmp_path / "t.csv").write_bytes(whole[:place] + content + whole[place + cut :])
    answers_or_refuses(lambda: be.read_counts(tmp_path / "t.csv"))


ANALYSIS = {
    "id": "fuzz",
    "data": {"kind": "counts", "file": "t.csv", "endpoint": "ORR", "regimens": ["x", "y"]},
    "model": {"family": "response", "likelihood": "binomial", "pooling": "none"},
    "priors": {"rate": {"distribution": "Beta", "alpha": 1, "beta": 1, "rationale": "Uniform."}},
    "comparisons": [
        {"estimand": "rate", "reference": "x", "scale": "difference", "margin": 0.1, "rope": [-0.05, 0.05]}
    ],
    "thresholds": [{"estimand": "rate", "above": 0.3}],
    "sampling": {"sampler": "auto", "draws": 1000, "seed": 1},
    "report": {"ci_prob": 0.95},
}
KEYS = (
    "id",
    "kind",
    "file",
    "family",
    "likelihood",
    "pooling",
    "margin",
    "rope",
    "seed",
    "draws",
    "alpha",
    "estimand",
    "scale",
    "better",
    "where",
    "priors",
    "rate",
    "tau",
    "borrowing",
    "monitoring",
    "predictions",
    "network",
)
value = st.recursive(
    st.one_of(odd, number, st.booleans(), st.none(), st.dates()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(odd, st.sampled_from(KEYS)), inner, max_size=3)
    ),
    max_leaves=5,
)


def put(content: Any, path: list[int], key: str | None, new: Any) -> Any:
    """The same tree with one place replaced, or a key added there."""
    content = json.loads(json.dumps(content))
    node = content
    for step in path:
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        if not keys:
            break
        at = keys[step % len(keys)]
        if step is path[-1] or not isinstance(node[at], dict | list) or not node[at]:
            node[key if key is not None and isinstance(node, dict) else at] = new
            break
        node = node[at]
    return content


@fuzz(700)
@given(
    path=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    key=st.one_of(st.none(), st.sampled_from(KEYS), odd),
    new=value,
)
def test_analyses(path, key, new, tmp_path):
    as_file(tmp_path / "t.csv", changed(TABLES["counts"][0], []), ",", "utf-8")
    content = put(ANALYSIS, path, key, new)
    answers_or_refuses(lambda: check_analysis(be.Analysis.from_dict(content, folder=tmp_path)))


@fuzz(300)
@given(place=st.integers(0, 500), text=st.one_of(odd, st.text(max_size=30)), cut=st.integers(0, 40))
def test_text_of_analyses(place, text, cut, tmp_path):
    as_file(tmp_path / "t.csv", changed(TABLES["counts"][0], []), ",", "utf-8")
    whole = (
        'id = "a"\n[data]\nkind = "counts"\nfile = "t.csv"\n[model]\nfamily = "response"\n'
        '[[comparisons]]\nestimand = "rate"\nreference = "x"\nmargin = 0.1\n'
        '[priors.rate]\ndistribution = "Beta"\nalpha = 1\nbeta = 1\n[sampling]\nseed = 1\n'
    )
    (tmp_path / "a.toml").write_text(whole[:place] + text + whole[place + cut :], encoding="utf-8", errors="replace")
    answers_or_refuses(lambda: check_analysis(be.find_analysis(str(tmp_path / "a.toml"))))


@fuzz(25)
@given(changes=st.lists(change, max_size=4), update=st.booleans())
def test_updates_of_a_study(changes, update, tmp_path_factory):
    lines = ["patient_id,regimen,response", "P1,A,CR", "P2,A,PD", "P3,B,PR", "P4,B,SD"]
    analysis = be.Analysis.from_dict(
        {
            "id": "s",
            "data": {"kind": "patients", "endpoint": "ORR"},
            "model": {"family": "response"},
            "sampling": {"draws": 100},
        }
    )
    grid = changed(lines, changes)
    with be.Study.create(tmp_path_factory.mktemp("study") / "s.db", analysis) as study:
        study.update(pd.DataFrame([line.split(",") for line in lines[1:]], columns=lines[0].split(",")))
        head = study.head
        frame = pd.DataFrame(grid[1:], columns=[c.replace("\ud800", "") for c in grid[0]], dtype=object)
        answers_or_refuses(lambda: study.update(frame) if update else study.diff(frame))
        assert update or study.head == head
        study.status()
        study.history()


SHEET = [
    "第一组,,,,,,",
    "编号,方案,开始日期,进展日期,末次随访,疗效,性别",
    "1,特瑞普利单抗+化疗,2021-01-05,2021-04-06,2021-04-06,PD,男",
    "2,特瑞普利单抗+安罗替尼,2021-02-05,,2021-09-06,PR,女",
    "3,特瑞普利单抗+化疗,2021/3/5,2021.8.6,2021-08-06,SD,男",
    "4,特瑞普利单抗+安罗替尼,20210405,,2021-11-06,CR,女",
    "合计,4,,,,,",
]


@fuzz(100)
@given(
    changes=st.lists(change, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-16", "gb18030"]),
)
def test_raw_sheets(changes, delimiter, encoding, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheet")
    path = as_file(folder / "s.csv", changed(SHEET, changes), delimiter, encoding)
    answers_or_refuses(lambda: prepare([path], folder / "out", yes=True))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder, with its figures left out."""
    folder = tmp_path_factory.mktemp("results")
    be.run_analysis(be.find_analysis("second_line_response"), folder / "r", figures=False)
    return {p.name: p.read_bytes() for p in (folder / "r").iterdir() if p.suffix == ".json"}


@fuzz(150)
@given(
    name=st.sampled_from(["page.json", "manifest.json"]),
    path=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    new=value,
    signed=st.booleans(),
)
def test_json_of_reports(name, path, new, signed, results, tmp_path_factory):
    """A folder changed by hand is refused; even if its digest was made to fit, there is no traceback."""
    folder = tmp_path_factory.mktemp("report")
    files = dict(results)
    files[name] = json.dumps(put(json.loads(files[name]), path, None, plain(new))).encode()
    if signed and name == "page.json":
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["page.json"] = hashlib.sha256(files["page.json"]).hexdigest()
        files["manifest.json"] = json.dumps(manifest).encode()
    for file, content in files.items():
        (folder / file).write_bytes(content)
    answers_or_refuses(lambda: write_report([folder], language="both"))


def plain(new: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(new, dict):
        return {str(k): plain(v) for k, v in new.items()}
    if isinstance(new, list):
        return [plain(v) for v in new]
    if isinstance(new, float) and not math.isfinite(new):
        return None
    return new if isinstance(new, str | int | float | bool | None) else str(new)


EXIT_CODES = {0, 1, 2, 3, 4, 5, 6}
"""Those that the documentation of the command line lists."""


def carries_out(arguments: list[str], capsys: Any) -> int:
    """The exit code of a command, which is a documented one; complaints are messages of this package alone."""
    code = main(arguments)
    told = capsys.readouterr()
    complaints = told.out + told.err  # a damaged study is reported where the report of a whole one would stand
    assert code in EXIT_CODES
    assert "Traceback" not in complaints
    assert "\x1b" not in complaints
    assert code == 0 or complaints.strip()
    return code


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A study of two data cuts from which a patient withdrew."""
    path = tmp_path_factory.mktemp("recorded") / "s.db"
    lines = [f"P{i},{'AB'[i % 2]},{('CR', 'PD', 'SD')[i % 3]}".split(",") for i in range(6)]
    content = {"id": "s", "data": {"kind": "patients", "endpoint": "ORR"}, "model": {"family": "response"},
               "sampling": {"draws": 100}}  # fmt: skip
    with be.Study.create(path, be.Analysis.from_dict(content)) as study:
        study.update(pd.DataFrame(lines[:5], columns=["patient_id", "regimen", "response"]))
        study.update(pd.DataFrame(lines, columns=["patient_id", "regimen", "response"]))
        study.withdraw("P3")
    return path


@fuzz(150)
@given(
    flips=st.lists(st.tuples(st.floats(0.0, 1.0, exclude_max=True), st.integers(1, 255)), max_size=6),
    length=st.one_of(st.just(1.0), st.floats(0.0, 1.0)),
    more=st.binary(max_size=20),
    command=st.sampled_from(["verify", "status", "history", "export", "update"]),
)
def test_bytes_of_studies(flips, length, more, command, recorded, tmp_path_factory, capsys):
    """Bytes changed, cut off and added: what is whole is shown or saved, what is not is damage with its place."""
    folder = tmp_path_factory.mktemp("flipped")
    content = bytearray(recorded.read_bytes())
    for place, change in flips:
        content[int(place * len(content))] ^= change
    path = folder / "s.db"
    path.write_bytes(bytes(content[: int(length * len(content))]) + more)
    (folder / "t.csv").write_text("patient_id,regimen,response\nP0,A,CR\nP1,B,PD\n", encoding="utf-8")
    further = {"export": ["--out", str(folder / "out")], "update": [str(folder / "t.csv")]}.get(command, [])
    carries_out(["study", command, str(path), *further], capsys)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A raw sheet and the mapping that `start` wrote of it."""
    folder = tmp_path_factory.mktemp("mapped")
    path = as_file(folder / "s.csv", changed(SHEET, []), ",", "utf-8")
    answers = {"reference": "特瑞普利单抗+化疗", "margin.pfs": "none", "margin.response": "none"}
    write_folder(prepare([path], folder / "out", answers=answers, yes=True), [path], folder / "out")
    return path, (folder / "out" / "mapping.toml").read_text(encoding="utf-8")


@fuzz(200)
@given(
    place=st.integers(0, 4000), text=st.one_of(odd, st.text(max_size=20)), cut=st.integers(0, 40), lines=st.booleans()
)
def test_mappings(place, text, cut, lines, mapped, tmp_path_factory, capsys):
    """A mapping changed by hand, a letter or a line at a time."""
    sheet, whole = mapped
    units = whole.splitlines(keepends=True) if lines else list(whole)
    at, cut = place % len(units), cut % 3 if lines else cut
    units[at : at + cut] = [text]
    path = tmp_path_factory.mktemp("mapping") / "mapping.toml"
    path.write_text("".join(units), encoding="utf-8", errors="replace", newline="")
    carries_out(["check", str(sheet), "--mapping", str(path)], capsys)
