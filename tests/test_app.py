"""The page on this computer: who may ask, every path from sheet to result, both languages; without a browser."""

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
import time
import zipfile

import pytest

pytest.importorskip("flask")

from bayes_escc.cli.app.guard import Guard
from bayes_escc.cli.app.server import create_app
from bayes_escc.cli.app.session import Page
from bayes_escc.cli.app.words import WORDS
from bayes_escc.cli.app.workspace import Workspace
from bayes_escc.evidence.sheet.template import write_template
from bayes_escc.report.page_words import WORDS as PAGE
from tests.helpers import ward_sheets as ward

BASE = "http://127.0.0.1:5000"
SAME = {"Origin": BASE}


@pytest.fixture
def page(tmp_path):
    made = Page(Workspace(tmp_path / "work"), Guard(5000))
    yield made
    made.stop()


@pytest.fixture
def client(page):
    client = create_app(page).test_client()
    assert client.get(f"/open?token={page.guard.token}", base_url=BASE).status_code == 302
    return client


def get(client, path, status=200):
    answer = client.get(path, base_url=BASE)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return html.unescape(answer.get_data(as_text=True)) if answer.mimetype == "text/html" else answer.data


def post(client, page, path, status=302, headers=SAME, **form):
    answer = client.post(path, base_url=BASE, headers=headers, data={"secret": page.guard.form_secret, **form})
    assert answer.status_code == status, answer.get_data(as_text=True)
    return html.unescape(answer.get_data(as_text=True))


def upload(client, page, path, name=None, status=302, to="/sheet"):
    return post(client, page, to, status, sheet=(io.BytesIO(path.read_bytes()), name or path.name))


def test_only_this_computer_and_only_once(page):
    client = create_app(page).test_client()
    token = page.guard.token
    assert client.get("/", base_url=BASE).status_code == 403
    assert client.get("/open?token=wrong", base_url=BASE).status_code == 403
    assert client.get(f"/open?token={token}", base_url="http://evil.example").status_code == 403
    answer = client.get(f"/open?token={token}", base_url=BASE)
    assert answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert token not in cookie
    assert client.get("/", base_url=BASE).status_code == 200
    assert client.get("/", base_url="http://rebound.example:5000").status_code == 403
    stranger = create_app(page).test_client()
    assert stranger.get(f"/open?token={token}", base_url=BASE).status_code == 403  # used


def test_forms_of_other_pages_are_refused(client, page):
    secret = {"secret": page.guard.form_secret}
    for headers, data in (
        ({"Origin": "http://evil.example"}, secret),
        ({"Sec-Fetch-Site": "cross-site"}, secret),
        ({}, secret),
        (SAME, {}),
        (SAME, {"secret": "x"}),
        ({"Origin": "null"}, secret),
    ):
        assert client.post("/erase", base_url=BASE, headers=headers, data=data).status_code == 403
    assert client.put("/", base_url=BASE, headers=SAME).status_code == 405
    answer = client.get("/", base_url=BASE)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_sheet_leads_to_a_result(client, page, tmp_path):
    upload(client, page, ward.response_only(tmp_path / "c.csv"), "../../etc/张.csv")
    shown = get(client, "/columns")
    assert "有效" in shown
    for secret in ("13812345678", "12345679"):
        assert secret not in shown
    post(client, page, "/columns", **{"answer.word.response.有效": "PR", "answer.word.response.(blank)": "NE"})
    post(client, page, "/columns", **{"answer.reference": "特瑞普利单抗+化疗", "free.margin.response": "10"})
    assert WORDS["no_questions"].en in get(client, "/columns")
    post(client, page, "/write")
    assert "response.toml" in get(client, "/run")
    post(client, page, "/run")
    for _ in range(300):
        answer = client.get("/run", base_url=BASE)
        if answer.status_code == 302:
            break
        assert 'http-equiv="refresh"' in answer.get_data(as_text=True)
        time.sleep(0.5)
    assert answer.headers["Location"] == "/result", page.job.output()
    result = get(client, "/result")
    assert f'<th scope="col">{PAGE["pr_better"]["en"]}</th>' in result
    assert "percentage points (" in result
    assert "rate ORR" not in result  # as the page says it, not as the file names it
    figure = re.search(r'src="(/file/response/difference\.svg\?en)"', result).group(1)
    assert "better →" in get(client, figure).decode()
    post(client, page, "/language", back="/result")
    chinese = get(client, "/result")  # every text of it: words, table, captions, figures, the numbers in full
    assert "差值的后验分布" in chinese
    assert "更优 →" in get(client, figure.replace("?en", "?zh")).decode()
    full = re.search(r"<pre>(.*?)</pre>", chinese, re.DOTALL).group(1)
    assert "证据" in full
    assert "median" not in full
    post(client, page, "/language", back="/result")
    post(client, page, "/report")
    made = re.findall(r'href="(/file/report/[^"]+)"', get(client, "/result"))
    assert {name.rpartition(".")[2] for name in made} == {"html", "docx"}
    for name in made:
        assert get(client, name)
    archive = zipfile.ZipFile(io.BytesIO(get(client, "/download.zip")))
    assert {"analyses/mapping.toml", "results/response/result.json"} <= set(archive.namelist())
    get(client, "/file/response/..%2f..%2fsession.json", 404)
    get(client, "/file/..%2fanalyses/mapping.toml", 404)
    get(client, "/file/response/posterior.nc", 404)
    post(client, page, "/erase")
    assert list((tmp_path / "work").iterdir()) == []


def test_uploads_are_bounded_and_refused_in_words(client, page, tmp_path):
    bad = tmp_path / "x.xlsx"
    bad.write_bytes(b"PK\x03\x04 not a workbook")
    said = upload(client, page, bad, "<script>alert(1)</script>.xlsx", 400)
    assert "cannot be opened as a workbook" in said
    answer = client.post(
        "/sheet",
        base_url=BASE,
        headers=SAME,
        data={"secret": page.guard.form_secret, "sheet": (io.BytesIO(b"<script>"), "<script>x</script>.csv")},
    )
    assert b"<script>" not in answer.data
    large = {"data": b"0" * 20_200_000, "content_type": "multipart/form-data; boundary=0"}
    assert client.post("/sheet", base_url=BASE, headers=SAME, **large).status_code == 413
    assert list((tmp_path / "work" / "sheets").glob("*.xlsx")) == []


def test_what_a_sheet_says_is_never_markup(client, page, tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("id,arm,response,<b>x</b>\n1,<script>alert(1)</script>,PR,1\n2,y drug,SD,2\n", encoding="utf-8")
    upload(client, page, path)
    raw = client.get("/columns", base_url=BASE).get_data(as_text=True)
    assert "<script>" not in raw
    assert "<b>x" not in raw
    assert "&lt;script&gt;" in raw


def test_a_study_sees_next_month(client, page, tmp_path):
    sheet = write_template("patients", tmp_path / "p.xlsx")
    upload(client, page, sheet)
    post(client, page, "/write")
    post(client, page, "/study/begin", name="ward", analysis="response.toml")
    assert "ward" in get(client, "/study")
    import openpyxl

    book = openpyxl.load_workbook(sheet)
    rows = book["Patients"]
    rows.append(["P005", rows["B2"].value, rows["C2"].value, None, None, rows["F3"].value, "PR", "no", 1])
    rows["G3"] = "PD"
    book.save(tmp_path / "next.xlsx")
    shown = upload(client, page, tmp_path / "next.xlsx", status=200, to="/study/ward/compare")
    assert "P005" in shown
    ticket = re.search(r'name="sheet" value="([^"]+)"', shown).group(1)
    told = re.findall(r'name="acknowledge" value="([^"]+)"', shown)
    assert told
    post(
        client, page, "/study/ward/record", 400, sheet=ticket
    )  # not acknowledged: nothing is recorded, the sheet stays
    post(client, page, "/study/ward/record", sheet=ticket, acknowledge=told)
    get(client, "/study/none/probability.svg", 404)
    from bayes_escc.study.study import Study

    with Study.open(page.workspace.studies[0], read_only=True) as study:
        assert len(study.fits()) == 2


def test_counts_and_effects_are_typed(client, page):
    refused = post(client, page, "/counts", 400, lines="A=10/29\nB=12/35", better="higher", margin="a tenth")
    assert "the margin is a number, such as 0.1 or 10%" in refused.replace("&#39;", "'")
    said = post(client, page, "/counts", 200, lines="A=10/29\nB=12/35", better="higher", margin="10%")
    assert "bayes-escc compare" in said
    assert "P(better)" in said
    assert WORDS["problem"].en in post(client, page, "/counts", 400, lines="A=40/29")
    assert "bayes-escc pool" in post(
        client, page, "/effects", 200, lines="A=0.71,0.57,0.87\nB=0.8,0.6,1.1", measure="HR"
    )


def test_every_page_speaks_both_languages_and_labels_its_inputs(client, page, tmp_path):
    upload(client, page, ward.english_pfs(tmp_path / "b.xlsx"))
    paths = ("/", "/columns", "/run", "/result", "/study", "/counts", "/effects")
    for language, lang in (("en", "en"), ("zh", "zh-CN")):
        for path in paths:
            raw = client.get(path, base_url=BASE).get_data(as_text=True)
            assert f'<html lang="{lang}">' in raw
            assert "<script" not in raw
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', raw)
            labelled = set(re.findall(r'<label for="([^"]+)"', raw))
            for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", raw):
                if 'type="hidden"' not in tag:
                    assert re.search(r'id="([^"]+)"', tag).group(1) in labelled, tag
            assert raw.count("<h1>") == 1
            for th in re.findall(r"<th\b[^>]*>", raw):
                assert "scope=" in th
            if language == "zh":
                for code in ("skip", "columns", "run", "result"):
                    assert WORDS[code].en not in html.unescape(raw), (path, code)
        post(client, page, "/language", back="/")
    assert all(text.en and text.zh for text in WORDS.values())


def test_templates_are_handed_out(client, page):
    for kind in ("patients", "counts", "effects", "visits"):
        assert get(client, f"/template/{kind}.xlsx")[:2] == b"PK"
    get(client, "/template/other.xlsx", 404)


def test_a_run_can_be_stopped(client, page, tmp_path):
    upload(client, page, write_template("patients", tmp_path / "p.xlsx"))
    post(client, page, "/write")
    post(client, page, "/run")
    post(client, page, "/cancel")
    assert WORDS["stopped"].en in get(client, "/run")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_command_serves_and_ends(tmp_path):
    command = [sys.executable, "-m", "bayes_escc.cli", "app", "--folder", str(tmp_path / "w"), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            first = process.stdout.readline()
            assert re.search(r"http://127\.0\.0\.1:\d+/open\?token=\S+", first), first
        finally:
            process.terminate()
            process.wait(20)
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "lines", ["", "x", "A=1/0", "A=5/3", "<b>=0.7,0.5,0.9", "A=inf,0,1", "\x00=1/2", "A=1/2\n" * 300]
)
@pytest.mark.parametrize("where", ["/counts", "/effects"])
def test_whatever_is_typed_is_answered_or_refused_in_words(client, page, where, lines):
    answer = client.post(
        where, base_url=BASE, headers=SAME, data={"secret": page.guard.form_secret, "lines": lines, "margin": "1e999"}
    )
    assert answer.status_code in (200, 400)
    assert b"<b>=" not in answer.data


def test_a_page_gone_back_to_and_a_broken_session_stop_nobody(client, page, tmp_path):
    upload(client, page, ward.response_only(tmp_path / "r.xlsx"))
    post(client, page, "/columns", **{"answer.nobody.asked": "1"})  # of an older page: not kept
    assert page.workspace.answers == {}
    codes = [q.code for q in page.workspace.decide()[1]]
    assert codes
    assert "nobody.asked" not in codes
    (page.workspace.folder / "session.json").write_text("not json", encoding="utf-8")
    assert Workspace(page.workspace.folder).sheet is None


def test_a_fault_of_the_page_is_said_in_words(client, page, monkeypatch):
    monkeypatch.setattr(Workspace, "archive", lambda self: 1 / 0)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    said = get(client, "/download.zip", 500)
    assert "a fault of its own" in said
    assert "ZeroDivisionError" not in said
