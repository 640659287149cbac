"""Markdown and the HTML in it as a page: nothing in a card can run, and every block finds its own direction.

Which HTML a card may hold is a short list; nh3, the binding of the Ammonia sanitizer, keeps that and nothing else.
A tag that is not on it is shown as text, for a card may speak of `<think>`.
"""

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
HEADINGS = {f"h{level}" for level in range(1, 7)}
WORDS = """a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
    figcaption figure hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp small span strong sub summary sup
    table tbody td tfoot th thead tr u ul var wbr"""
TAGS = HEADINGS | set(WORDS.split())
ATTRIBUTES = {
    "*": {"align", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"alt", "height", "src", "width"},
    "details": {"open"},
    "ol": {"start"},
    **{tag: {"colspan", "rowspan"} for tag in ("td", "th")},
    **{heading: {"id"} for heading in HEADINGS},
}
ALERTS = ("note", "tip", "important", "warning", "caution")
ALERT = re.compile(rf"\[!({'|'.join(ALERTS)})\]", re.IGNORECASE)
TAG = re.compile(r"<(?=[/!?]?([a-zA-Z][\w-]*))")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)  # one that never ends goes on to the end

Link = Callable[[str, bool], str]


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.add_render_rule("html_block", _html)
    parser.add_render_rule("html_inline", _html)
    return parser


def _html(_renderer: Any, tokens: Any, index: int, _options: Any, _environment: Any) -> str:
    """HTML as it is written, the tags that are not on the list as text."""
    text = COMMENT.sub("", tokens[index].content)
    return TAG.sub(lambda found: "<" if found[1].lower() in TAGS else "&lt;", text)


def markdown(text: str, link: Link | None = None) -> str:
    """HTML of a card; `link(target, is_image)` says where a relative link leads."""
    import nh3

    def attribute(tag: str, name: str, value: str) -> str:
        if link and name in ("href", "src") and value and not ABSOLUTE.match(value):
            return link(value, tag == "img")
        return value

    parser = _parser()
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.type in DIRECTED:
            token.attrSet("dir", "auto")
        if token.type in ("th_open", "td_open") and (style := token.attrs.pop("style", None)):
            token.attrSet("align", str(style).rpartition(":")[2])  # inline styles are not allowed on the page
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[index + 1].content))
        if token.type == "inline" and index > 1 and tokens[index - 2].type == "blockquote_open":
            _alert(tokens[index - 2], token.children)
    return nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=TAGS,
        clean_content_tags=set(),
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        allowed_classes={"blockquote": {"alert", *ALERTS}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )


def anchor(heading: str) -> str:
    """The name that links within a card give a heading.

    >>> anchor("How to use: **vLLM**")
    'how-to-use-vllm'
    """
    return re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-")


def _alert(quote: Any, said: list[Any]) -> None:
    """Makes a quote that begins with ``[!NOTE]`` the coloured box that the Hub shows."""
    if said and (found := ALERT.fullmatch(said[0].content.strip())):
        quote.attrSet("class", f"alert {found[1].lower()}")
        del said[: 2 if len(said) > 1 else 1]


def first_words(text: str, limit: int = 200) -> str:
    """What a card says first in a sentence of its own, as plain text: no heading, picture, table, quote or HTML."""
    parser = _parser()
    for before, token in zip(tokens := parser.parse(text[:8000]), tokens[1:], strict=False):
        if before.type == "paragraph_open" and before.level == 0:
            words = "".join(child.content for child in token.children if child.type in ("text", "code_inline"))
            words = " ".join(html.unescape(words).split())
            if len(words) > 20:
                return words if len(words) <= limit else words[: limit - 1].rsplit(" ", 1)[0] + " …"
    return ""
