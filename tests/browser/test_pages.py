"""The page in a real browser: from a sheet to the result, in two languages, by keyboard, asking no other place.

`make browser` installs Debian's Chromium and Playwright and runs it. `BAYES_ESCC_SHOTS` names a folder for pictures.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bayes_escc.cli.app.words import WORDS
from bayes_escc.evidence.sheet.template import write_template
from tests.helpers import ward_sheets as ward
from tests.helpers.english import english_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if os.environ.get("BAYES_ESCC_NEED_BROWSER"):  # set by make browser, where nothing may be skipped
    from playwright import sync_api as playwright
else:
    playwright = pytest.importorskip("playwright.sync_api", reason="make browser installs Playwright")
    pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="make browser installs Chromium")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        made = p.chromium.launch(
            executable_path=CHROMIUM, args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        yield made
        made.close()


@pytest.fixture
def served(tmp_path):
    command = [sys.executable, "-m", "bayes_escc.cli", "app", "--folder", str(tmp_path / "work"), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield re.search(r"http://\S+", process.stdout.readline()).group(0)
        process.terminate()
        process.wait(20)


@pytest.fixture
def page(browser, served):
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(served)
    assert "token" not in page.url
    yield page
    origin = re.match(r"http://[^/]+/", page.url).group(0)
    assert all(url.startswith((origin, "data:")) for url in asked), asked
    assert not [s for s in said if "Content Security Policy" in s], said
    context.close()


def picture(page, name):
    folder = os.environ.get("BAYES_ESCC_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def in_language(page, language):
    """The page in a language, and its words."""
    if language == "zh":
        page.get_by_role("button", name=WORDS["language"].en).click()
    return lambda code: getattr(WORDS[code], language)


def shown(page):
    """What a person reads of the page, but for the name of the program and what is typed at a prompt."""
    text = page.locator("main").inner_text()
    return re.sub(r"(?m)^.*bayes-escc .*$", "", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_from_the_sheet_to_the_result(page, tmp_path, language):
    said = in_language(page, language)
    hostile = tmp_path / "..;=cmd 患者 'x'.csv"
    shutil.copy(ward.response_only(tmp_path / "c.csv"), hostile)
    picture(page, f"home_{language}")
    page.get_by_label(said("choose")).set_input_files(hostile)
    page.get_by_role("button", name=said("read")).click()
    assert page.get_by_role("heading", level=1).inner_text() == said("columns")
    picture(page, f"columns_{language}")
    assert "13812345678" not in page.content()
    page.get_by_role("radio", name=re.compile("^PR")).first.check()
    page.locator("fieldset").nth(1).get_by_role("radio", name=re.compile("^NE")).check()
    page.get_by_role("button", name=said("answer")).click()
    page.get_by_role("radio", name=re.compile("特瑞普利单抗.化疗")).check()
    page.locator("fieldset").nth(1).get_by_role("textbox").fill("10")
    page.keyboard.press("Enter")  # the keyboard alone is enough
    picture(page, f"answered_{language}")
    page.get_by_role("button", name=said("write")).press("Enter")
    page.get_by_role("button", name=said("start_run")).press("Enter")
    page.wait_for_url("**/result", timeout=240_000)
    assert page.locator("section h2").count() == 1
    page.locator("summary").first.click()
    picture(page, f"result_{language}")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert page.locator("img").evaluate_all("all => all.every(i => i.complete && i.naturalWidth > 0)")


def test_keyboard_reaches_everything_and_shows_where_it_is(page):
    seen: list[str] = []
    while len(seen) < 40:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # past the last one
        seen.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", seen[-1]
    assert seen[0] == WORDS["skip"].en
    assert {WORDS["home"].en, WORDS["counts"].en, "sheet", WORDS["read"].en} <= set(seen)
    small = page.evaluate(
        "[...document.querySelectorAll('button, nav a, input:not([type=hidden])')]"
        ".map(e => e.getBoundingClientRect().height).filter(h => h > 0 && h < 24).length"
    )
    assert small == 0


def test_a_refused_upload_is_told_in_words(page, tmp_path):
    bad = tmp_path / "x.xlsx"
    bad.write_bytes(b"PK\x03\x04")
    page.get_by_label(WORDS["choose"].en).set_input_files(bad)
    page.get_by_role("button", name=WORDS["read"].en).click()
    assert "save it again as .xlsx" in page.get_by_role("alert").inner_text()


def test_another_page_gets_nothing(page, browser):
    stranger = browser.new_context().new_page()
    origin = re.match(r"http://[^/]+/", page.url).group(0)
    assert stranger.goto(origin).status == 403
    other = page.context.new_page()
    other.set_content(f'<form method="post" action="{origin}erase"><button>go</button></form>')
    other.get_by_role("button").click()
    other.wait_for_load_state()
    assert "only on this computer" in other.content()  # its form comes without the cookie
    assert page.goto(origin).status == 200


def test_typed_counts_at_twice_the_size(page):
    page.set_viewport_size({"width": 640, "height": 700})
    page.get_by_role("link", name=WORDS["counts"].en).click()
    page.get_by_label(WORDS["counts"].en).fill("A=10/29\nB=12/35")
    page.get_by_role("button", name=WORDS["compute"].en).click()
    assert page.get_by_role("heading", name=WORDS["result"].en).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture(page, "counts")


def pages_of(printed):
    """Width and height of every page of a PDF, in millimetres."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]", printed)
    return [tuple(round(float(side) / 72 * 25.4) for side in box) for box in boxes]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_prints_on_a4_in_its_language(page, tmp_path, language):
    """From the sheet that the page itself offers to the page to print, all of it in one language."""
    said = in_language(page, language)
    sheet = write_template("patients", tmp_path / "patients.xlsx", language=language)
    page.get_by_label(said("choose")).set_input_files(sheet)
    page.get_by_role("button", name=said("read")).click()
    page.get_by_role("button", name=said("write")).click()
    page.get_by_role("button", name=said("start_run")).click()
    page.wait_for_url("**/result", timeout=480_000)
    if language == "zh":
        assert english_in(shown(page)) == []
    page.get_by_role("button", name=said("report_make")).click()
    picture(page, f"results_{language}")
    page.get_by_role("link", name=re.compile(f"^{said('report')}: ")).click()
    assert page.evaluate("document.documentElement.lang").startswith(language)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    sizes = pages_of(printed)
    assert len(sizes) >= 3
    assert set(sizes) == {(210, 297)}
    folder = os.environ.get("BAYES_ESCC_SHOTS")
    if folder:
        (Path(folder) / f"report_{language}.pdf").write_bytes(printed)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 658, "height": 900})  # 174 mm, what the margins leave of A4
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.go_back()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_study_asks_for_a_word_before_it_rewrites_a_past_fact(page, tmp_path, language):
    import openpyxl

    said = in_language(page, language)
    sheet = write_template("patients", tmp_path / "patients.xlsx", language=language)
    page.get_by_label(said("choose")).set_input_files(sheet)
    page.get_by_role("button", name=said("read")).click()
    page.get_by_role("button", name=said("write")).click()
    page.get_by_role("link", name=said("study"), exact=True).click()
    page.get_by_label(said("study_name")).fill("ward")
    page.get_by_label(said("study_analysis")).select_option("response.toml")
    page.get_by_role("button", name=said("study_begin")).click()
    assert page.get_by_role("heading", name="ward").count() == 1

    book = openpyxl.load_workbook(sheet)
    rows = book.worksheets[0]
    row = [rows.cell(2, c).value for c in range(1, rows.max_column + 1)]
    rows.append(["P005", *row[1:]])
    place = next(c for c in range(1, rows.max_column + 1) if rows.cell(3, c).value in {"CR", "PR", "SD", "PD"})
    rows.cell(3, place).value = "PD" if rows.cell(3, place).value != "PD" else "SD"
    book.save(tmp_path / "next.xlsx")
    page.get_by_label(said("study_next")).set_input_files(tmp_path / "next.xlsx")
    page.get_by_role("button", name=said("study_compare")).click()
    picture(page, f"changes_{language}")
    assert page.get_by_role("row", name=re.compile("P005")).count() == 1
    if language == "zh":
        assert english_in(shown(page)) == []
    page.get_by_role("button", name=said("study_record")).click()
    refused = page.get_by_role("alert").inner_text()
    assert ("须由人确认" if language == "zh" else "needs a person's word") in refused
    assert ("未作任何记录" if language == "zh" else "Nothing was recorded") in refused

    page.get_by_label(said("study_next")).set_input_files(tmp_path / "next.xlsx")
    page.get_by_role("button", name=said("study_compare")).click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_label(re.compile(re.escape(said("study_why")))).fill("corrected at the ward round")
    page.get_by_role("button", name=said("study_record")).click()
    page.wait_for_url("**/study")
    page.wait_for_load_state("load")  # figures are drawn when they are asked for
    assert page.get_by_role("alert").count() == 0
    assert page.locator("figure img").evaluate_all("all => all.length == 1 && all.every(i => i.naturalWidth > 0)")
    page.locator("summary").click()
    history = page.locator("details pre").inner_text()
    assert ("更正" if language == "zh" else "corrected") in history
    picture(page, f"study_{language}")
    if language == "zh":
        assert english_in(shown(page)) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_typed_numbers_are_answered_or_refused_in_the_language_of_the_page(page, language):
    said = in_language(page, language)
    page.get_by_role("link", name=said("counts")).click()
    page.get_by_label(said("counts")).fill("A=10/29\nB=12/35\nC=3/30")
    page.get_by_label(said("better_is")).select_option("lower")
    page.get_by_label(said("margin_counts")).fill("10%")
    page.get_by_role("button", name=said("compute")).click()
    text = page.locator("pre").first.inner_text()
    assert ("最优的概率" if language == "zh" else "P(best)") in text
    assert page.get_by_label(said("margin_counts")).input_value() == "10%"
    picture(page, f"counts_{language}")
    if language == "zh":
        assert english_in(shown(page)) == []
    page.get_by_label(said("counts")).fill("A=30/29\nB=12/35")
    page.get_by_role("button", name=said("compute")).click()
    refused = page.get_by_role("alert").inner_text()
    assert ("事件数应在0～29之间" if language == "zh" else "events must lie between 0 and 29") in refused

    page.get_by_role("link", name=said("effects")).click()
    page.get_by_label(said("effects")).fill("ESCORT=0.71 (0.57-0.87)\nATTRACTION-3=0.77,0.62,0.96")
    page.get_by_label(said("measure")).select_option("OR")
    page.get_by_role("button", name=said("compute")).click()
    text = page.locator("pre").first.inner_text()
    assert ("比值比(OR)" if language == "zh" else "Odds ratio") in text
    assert "0.74" in text
    picture(page, f"effects_{language}")
    if language == "zh":
        assert english_in(shown(page), ["ESCORT", "ATTRACTION-3"]) == []
