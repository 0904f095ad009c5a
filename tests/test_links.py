"""Links of the pages lead somewhere: files that exist, and headings that they have."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKS = [
    (page, target)
    for page in PAGES
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S))
    if "://" not in target
]


def anchors(page: Path) -> set[str]:
    """The headings of a page as addresses: small letters, hyphens for blanks, no other signs."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "target"), LINKS, ids=[f"{page.name}: {target}" for page, target in LINKS])
def test_a_link(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    goal = page.parent / path if path else page
    assert goal.exists()
    assert not anchor or anchor in anchors(goal)


def test_every_page_is_linked_from_the_index_of_the_site() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for page, target in LINKS if page == index}
    assert {page.resolve() for page in PAGES[1:] if page != index} <= linked


def test_what_an_index_shows_has_no_link_that_leads_nowhere() -> None:
    """Neither a link into the repository nor a picture out of it."""
    hook = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["metadata"]["hooks"][
        "fancy-pypi-readme"
    ]
    shown = PAGES[0].read_text("utf-8")
    for each in hook["substitutions"]:
        shown = re.sub(each["pattern"], each["replacement"], shown)
    assert "docs/neuron.svg" not in shown
    assert "the tutorial" in shown
    assert not [target for target in re.findall(r"\]\(([^)\s]+)\)", shown) if "://" not in target]
