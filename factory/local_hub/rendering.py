"""Markdown as safe HTML: nothing in a card can run, and every block finds its own direction."""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

DIRECTED = (
    "paragraph_open",
    "heading_open",
    "list_item_open",
    "blockquote_open",
    "bullet_list_open",
    "ordered_list_open",
    "th_open",
    "td_open",
)
ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/|#")


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    # Tags are shown as text and comments dropped. The parser itself refuses javascript: and data: links.
    parser.add_render_rule("html_block", _escaped)
    parser.add_render_rule("html_inline", _escaped)
    return parser


def _escaped(_renderer: Any, tokens: Any, index: int, _options: Any, _environment: Any) -> str:
    text = re.sub(r"<!--.*?-->", "", tokens[index].content, flags=re.DOTALL)
    if not text.strip():
        return ""
    return f"<p>{html.escape(text)}</p>" if tokens[index].type == "html_block" else html.escape(text)


def markdown(text: str, link: Callable[[str, bool], str] | None = None) -> str:
    """HTML of a card; `link(target, is_image)` says where a relative link leads."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in DIRECTED:
            token.attrSet("dir", "auto")
        for child in token.children or []:
            if link and child.type in ("image", "link_open"):
                name = "src" if child.type == "image" else "href"
                target = str(child.attrGet(name) or "")
                if target and not ABSOLUTE.match(target):
                    child.attrSet(name, link(target, child.type == "image"))
            if child.type == "link_open":
                child.attrSet("rel", "nofollow noopener")
    return parser.renderer.render(tokens, parser.options, {})
