"""Hooks of MkDocs: pages of the site that lie outside docs/, and links that hold on GitHub and on the site."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "index.md": "README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "benchmarks.md": "benchmarks/README.md",
    "findings.md": "findings/README.md",
}
LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^()\s#:]+)(#[^()\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    for name, path in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Links to files of the repository become links to their pages, or to `repo_url`, or else their text alone."""
    here = PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    pages = {path: name for name, path in PAGES.items()}

    def moved(link: re.Match[str]) -> str:
        label, target, anchor = link[1], link[2], link[3] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
        place = pages.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        if place is not None:
            return f"{label}({posixpath.relpath(place, posixpath.dirname(page.file.src_uri))}{anchor})"
        if not (ROOT / path).exists():
            return link[0]  # MkDocs says that it is broken
        return f"{label}({config.repo_url}/blob/main/{path}{anchor})" if config.repo_url else label[1:-1]

    return LINK.sub(moved, markdown)
