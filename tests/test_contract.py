"""What must not drift: the result schema, the public names, who may import whom."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest

import bayes_escc as be
from bayes_escc.answers.rows import ComparisonRow, EstimateRow, PredictionRow, RankRow, ThresholdRow
from bayes_escc.families import FAMILIES
from bayes_escc.rules.kinds import KINDS
from bayes_escc.runs.prompt_counts import compare_counts
from bayes_escc.runs.prompt_effects import pool_effects
from tests.helpers.schema import NUMBER, OPTIONAL, SCHEMA, SUMMARY, TEXT, WHOLE, conforms

ROOT = Path(be.__file__).parent


@cache
def nodes_of(path):
    """Every node of a module, itself first; each file is parsed once for all that is asked of it."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


ROWS = {
    "estimate": EstimateRow, "comparison": ComparisonRow, "rank": RankRow, "threshold": ThresholdRow,
    "prediction": PredictionRow,
}  # fmt: skip
BORROWED = {
    "regimen": TEXT, "events": WHOLE, "n": WHOLE, "robust_weight": NUMBER, "primary": (bool,), **SUMMARY,
    "robust_weight_after": NUMBER, "ess_elir": OPTIONAL, "ess_moment": NUMBER, "predictive_tail": NUMBER,
    "thresholds": (list,),
}  # fmt: skip


SHIPPED = {
    "second_line_response": {"bias", "thresholds", "predictions"},
    "second_line_response_monitored": {"monitoring"},
    "pd1_second_line_network": {"league", "weights"},
    "second_line_borrowing": {"borrowing", "thresholds"},
    "second_line_pfs_and_os": {"joint"},
}


@pytest.mark.parametrize("name", ["exact", "nuts", "several", "over_studies", "overdispersed", *SHIPPED])
def test_results_keep_their_schema(name, request):
    posterior = be.fit_analysis(be.find_analysis(name)) if name in SHIPPED else request.getfixturevalue(name)
    result = json.loads(be.report.result.to_json(be.to_result(posterior)))
    jsonschema.validate(result, be.result_schema())
    extra = SHIPPED.get(name, set())
    always = SCHEMA.keys() - {"detecting_scan"}.union(*SHIPPED.values())
    assert set(result) - {"bias"} == {"schema_version", *always, *extra} - {"bias"}
    assert ("bias" in result) == any(row["bias_sd"] or row["bias_mean"] for row in result["comparisons"])
    assert result["schema_version"] == 1
    for block, shape in SCHEMA.items():
        records = result.get(block, [])
        for record in records if isinstance(records, list) else [records]:
            conforms(record, shape, block)
    for answer in result.get("borrowing", {}).get("answers", []):
        conforms(answer, BORROWED, "borrowing.answers")
    assert set(result["analysis"]["seconds"]) == {"import", "compile", "sample", "total"}
    assert set(result["analysis"]["versions"]) == {"bayes_escc", "pymc", "arviz", "nutpie", "python"}
    assert all(result["analysis"]["versions"].values())
    for warning in result["data"]["warnings"]:
        assert set(warning) == {"code", "row", "column", "message"}


@pytest.mark.parametrize(
    "result",
    [
        lambda: compare_counts(["A=10/29", "B=12/35", "C=3/9"], margin=0.1, rope=(-0.05, 0.05)),
        lambda: pool_effects(["ESCORT=0.71,0.57,0.87", "KEYNOTE-181=0.77,0.63,0.96"], margin=0.8),
    ],
    ids=["compare", "pool"],
)
def test_answers_at_the_prompt_have_the_schema_of_a_run(result):
    result = json.loads(be.report.result.to_json(result()))
    jsonschema.validate(result, be.result_schema())
    for block, shape in SCHEMA.items():
        records = result.get(block, [])
        for record in records if isinstance(records, list) else [records]:
            conforms(record, shape, block)


def test_the_published_schema_has_the_columns_of_the_rows():
    known = be.result_schema()["$defs"]
    jsonschema.Draft202012Validator.check_schema(be.result_schema())
    for name, row in ROWS.items():
        assert tuple(known[name]["properties"]) == tuple(known[name]["required"]) == row.columns()
    wrong = json.loads(be.report.result.to_json(compare_counts(["A=10/29", "B=12/35"])))
    wrong["comparisons"][0]["probability_better"] = 1.2
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, be.result_schema())


def test_the_schema_page_names_every_entry():
    page = (ROOT.parent / "docs" / "result-schema.md").read_text(encoding="utf-8")
    for block, shape in [*SCHEMA.items(), ("borrowing", BORROWED)]:
        assert f"`{block}`" in page, block
        for key in shape:
            assert f"`{key}`" in page, (block, key)


def test_public_names():
    assert set(be.__all__) == set(dir(be))
    for name in be.__all__:
        assert getattr(be, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Respons'"):
        _ = be.Respons
    for path in ROOT.rglob("*.py"):
        body = nodes_of(path)[0].body
        has_all = any(isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "__all__" for n in body)
        only_a_face = len(body) <= 2 and path.name == "__init__.py"
        assert has_all or only_a_face, f"{path.name} has no __all__"


# From left to right, as the data flow; a room may import what stands before it.
ROOMS = [
    {"errors"}, {"names"}, {"files"}, {"probability"}, {"settings"}, {"evidence"}, {"rules"}, {"families"},
    {"analysis"}, {"inference"}, {"answers"}, {"report"}, {"plots"}, {"runs"}, {"checks"}, {"study"}, {"trials"},
    {"validation"}, {"cli"},
]  # fmt: skip
PLACE = {room: i for i, rooms in enumerate(ROOMS) for room in rooms}


def imports_of(path):
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bayes_escc."):
            yield node.module.split(".")[1]
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("bayes_escc."))


def test_no_room_imports_from_a_room_to_its_right():
    for path in ROOT.rglob("*.py"):
        if path.name == "__init__.py" and path.parent == ROOT:
            continue
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        assert room in PLACE, f"{room} has no place in the order of rooms"
        for other in imports_of(path):
            if other != room:
                assert PLACE[other] < PLACE[room], f"{path.relative_to(ROOT)} imports from {other}"


def test_the_house_stays_small():
    """At most twenty rooms with the face of the package, on thirteen floors by what they import."""
    assert len(PLACE) < 20
    below = {room: set() for room in PLACE}
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room in below:
            below[room] |= set(imports_of(path)) - {room}
    floors = {}
    for room in sorted(PLACE, key=PLACE.__getitem__):
        floors[room] = 1 + max((floors[other] for other in below[room]), default=0)
    assert max(floors.values()) <= 13, floors


def modules_imported():
    """Every module of the package with the modules it names in imports, wherever in its text they stand.

    Names taken from the package itself load on first use, so that its face makes no circle.
    """
    paths = {".".join(path.with_suffix("").relative_to(ROOT.parent).parts): path for path in ROOT.rglob("*.py")}
    paths = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    del paths[ROOT.name]
    for name, path in paths.items():
        named = set()
        for node in nodes_of(path):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name} imports by a relative name"
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= {full if full in paths else node.module for full in inner}
        yield name, (named & paths.keys()) - {name}


def circles(imports):
    """Modules left over when those that import none of the others have been taken away, again and again."""
    left = {name: set(named) for name, named in imports.items()}
    while True:
        free = {name for name, named in left.items() if not named & left.keys()}
        if not free:
            return left
        for name in free:
            del left[name]


def test_no_circle_between_modules_not_even_inside_a_room():
    assert circles({"a": {"b"}, "b": {"a", "c"}, "c": set(), "d": {"c"}}).keys() == {"a", "b"}
    found = circles(dict(modules_imported()))
    named = {name: sorted(others & found.keys()) for name, others in found.items()}
    assert not named, f"these modules, or what stands between them, import one another: {named}"


ANSWER = r"(.*\.)?(analysis|data|design|family|model|own|rule|settings|spec)"
"""What answers for itself: an analysis, its data and their settings, a family, its specification and design, a rule."""


def classes_of(*rooms):
    """Names of the classes that stand in some rooms."""
    paths = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    return {node.name for path in paths for node in nodes_of(path) if isinstance(node, ast.ClassDef)}


OF_ONE_FAMILY = classes_of(*(f"families/{family}" for family in FAMILIES))
OF_ONE_KIND = {rule.__name__ for rule in KINDS.values()}


def places_that_know_one(nodes, room):
    """Where code asks which family, design, kind of evidence or rule it has before it, instead of letting it answer."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            name = node.module or ""
            full = [name] if name != "bayes_escc.families" else [f"{name}.{alias.name}" for alias in node.names]
            starts = tuple(f"bayes_escc.families.{family}" for family in FAMILIES)
            yield from (f"imports {one}" for one in full if one.startswith(starts))
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(re.search(r"family|BIAS", ast.unparse(side)) for side in sides):
                texts = [n for side in sides for n in ast.walk(side) if isinstance(n, ast.Constant)]
                yield from (
                    f"compares with {n.value!r}" for n in texts if isinstance(n.value, str) and n.value != "family"
                )
        elif isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if len(keys & set(FAMILIES)) > 1:
                yield f"holds {sorted(keys & set(FAMILIES))} by name"
        elif isinstance(node, ast.Call):
            called, given = ast.unparse(node.func), node.args
            named = [n.value for n in given[:2] if isinstance(n, ast.Constant)]
            if called == "get_family" and named:
                yield f"asks for {named}"
            if called in ("getattr", "hasattr") and named and re.fullmatch(ANSWER, ast.unparse(given[0])):
                yield ast.unparse(node)
            if called == "isinstance":
                classes = set(re.findall(r"\w+", ast.unparse(given[1])))
                known = {name for name in classes if name.endswith("Design")} | (classes & OF_ONE_FAMILY)
                known |= classes & OF_ONE_KIND if room != "rules" else set()
                yield from (f"{ast.unparse(node)}" for _ in known)


@pytest.mark.parametrize(
    "line",
    [
        "from bayes_escc.families.synthesis.spec import SynthesisSpec",
        "from bayes_escc.families import survival",
        "timed = analysis.family == 'survival'",
        "pooled = result['analysis']['family'] in ('synthesis', 'response')",
        "rates = get_family(analysis.family).BIAS_SHIFTS == 'rates'",
        "of = {'response': one, 'survival': other}",
        "family = get_family('synthesis')",
        "prior = getattr(analysis.spec, 'rate_prior', None)",
        "rows = getattr(design, 'row_numbers', ())",
        "known = hasattr(planned.rule, 'prior')",
        "unit = getattr(self.settings, 'time_unit', None)",
        "if isinstance(design, SurvivalDesign): pass",
        "if isinstance(spec, ResponseSpec): pass",
        "if isinstance(rule, PosteriorProbability | Bop2): pass",
    ],
)
def test_a_place_that_knows_a_family_is_seen(line):
    assert list(places_that_know_one(ast.walk(ast.parse(line)), "runs"))


def test_nobody_outside_the_families_knows_a_family_by_name():
    found = {}
    for path in ROOT.rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("families/"):
            places = list(places_that_know_one(nodes_of(path), name.split("/")[0]))
            found |= {name: places} if places else {}
    assert not found


def test_nobody_changes_a_prepared_design():
    """Objects of the families set attributes of their own only; a changed design is a copy (`Design.changed`)."""
    for path in (ROOT / "families").rglob("*.py"):
        for node in nodes_of(path):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                of_xarray = node.attr in {"attrs", "name"}
                assert of_xarray or ast.unparse(node.value) == "self", f"{path.name}, line {node.lineno}"


def test_no_function_is_longer_than_a_screen():
    for path in ROOT.rglob("*.py"):
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef):
                documented = ast.get_docstring(node) is not None and len(node.body) > 1
                lines = node.end_lineno - node.body[int(documented)].lineno + 1
                assert lines <= 80, f"{path.relative_to(ROOT)}: {node.name} has {lines} lines"


def test_types_are_said():
    """`Any` is for what others left without types: fewer than 8 uses in 1,000 lines."""
    lines = [line for path in ROOT.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    uses = sum(len(re.findall(r"\bAny\b", line)) for line in lines if "import" not in line)
    assert 1000 * uses < 8 * len(lines), f"{uses} uses of Any in {len(lines)} lines"


def test_only_inference_samples_and_evidence_and_comparison_know_no_model():
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        text = path.read_text(encoding="utf-8")
        if room not in {"inference", "cli"}:
            assert "import nutpie" not in text, path
            assert "pm.sample" not in text, path
        if room in {"probability", "evidence", "rules", "analysis", "report"}:
            assert not re.search(r"import (pymc|pytensor)", text), path


def test_the_map_names_every_room():
    page = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for room in PLACE:
        assert f"`{room}" in page, room


def test_no_test_imports_from_another():
    """What tests share stands in `tests/helpers`, in `tests/oracles`, or is a fixture."""
    for path in (ROOT.parent / "tests").rglob("*.py"):
        for node in nodes_of(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests":
                named = {f"{node.module}.{alias.name}".split(".")[1] for alias in node.names}
                assert not [n for n in named if n == "conftest" or n.startswith("test_")], (path.name, named)
