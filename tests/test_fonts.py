"""Fonts of other people's computers: Chinese where one has it, and labels as plain text."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import bayes_escc as be
from bayes_escc.plots.style import chinese_fonts, figure_files


def rates(names):
    frame = {"study": ["a", "b"], "regimen": names, "endpoint": "ORR", "events": [3, 7], "n": [9, 12]}
    return be.plots.intervals(be.ResponseModel().fit(be.read_counts(pd.DataFrame(frame))))


@pytest.mark.skipif(not chinese_fonts(), reason="no font with Chinese characters is installed")
def test_chinese_labels_are_drawn_where_a_font_has_them():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph warns
        files = figure_files(rates(["卡瑞利珠单抗+阿帕替尼", "化疗"]))
    assert "卡瑞利珠单抗+阿帕替尼" in files[".svg"].decode()


def test_labels_are_plain_text_and_no_mathematics():
    files = figure_files(rates([r"$\frac$ drug", "B_2^x $"]))
    assert r"$\frac$" in files[".svg"].decode()
