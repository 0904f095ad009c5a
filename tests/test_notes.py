"""The worked examples of the notes: each section has one, and one command builds a site of their pages."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

NOTES = Path(__file__).parent.parent / "examples" / "notes"


def test_each_section_has_a_page(tmp_path: Path) -> None:
    build = runpy.run_path(str(NOTES / "build.py"))["build"]
    *pages, index = build(tmp_path, "ko")
    assert {page.name[0] for page in pages} == set("1234567")
    assert re.findall(r'href="(.*?)"', index.read_text("utf-8")) == [page.name for page in pages]
    assert re.findall(r"[가-힣]+", index.read_text("utf-8"))
    assert all('<html lang="ko">' in page.read_text("utf-8") for page in (*pages, index))
