"""Pages of the documentation: links that lead somewhere, all of them on the site, what is written from the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^()\s]+)\)")
NAV = set(re.findall(r"[\w-]+\.md$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """As GitHub and MkDocs make them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or file.suffix != ".md" or anchor in anchors(file), target


def test_every_page_is_on_the_site_once_and_nothing_else() -> None:
    generated = {"index.md", "changelog.md", "contributing.md", "benchmarks.md", "findings.md"}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} | generated == NAV


def test_the_verbs_are_those_of_the_code() -> None:
    script = ROOT / "docs" / "_site" / "verbs.py"
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout == (ROOT / "docs" / "verbs.md").read_text("utf-8"), "python docs/_site/verbs.py > docs/verbs.md"


def test_pictures_are_small_and_told_of() -> None:
    shown = re.findall(r"!\[([^\]]*)\]\((docs/pictures/[^)]+)\)", PAGES[0].read_text("utf-8"))
    assert {path for _, path in shown} == {f"docs/pictures/{file.name}" for file in (ROOT / "docs/pictures").iterdir()}
    for words, path in shown:
        assert len(words) > 30 and (ROOT / path).stat().st_size < 150_000, path
