"""A page on which the models that `space.json` names are tried, and their scores read."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

import limits
import models
from config import Config, load
from tabs import chat, compare, data, leaderboard, rating, translate, vision
from words import LANGUAGES, put, updates

FOLDER = Path(__file__).parent
FONTS = ["system-ui", "Segoe UI", "Noto Sans", "Noto Sans Arabic", "sans-serif"]  # none is fetched


def shown(config: Config) -> dict[str, object]:
    """The tabs that have something to show, by the keys of their names."""
    tabs = {
        "chat": (chat, config.names("chat")),
        "translate": (translate, config.names("translate")),
        "vision": (vision, config.names("image")),
        "compare": (compare, compare.tasks(config)),
        "leaderboard": (leaderboard, config.board),
        "data": (data, config.samples),
        "rating": (rating, config.sheets),
    }
    return {key: tab for key, (tab, something) in tabs.items() if something}


def build(config: Config | None = None) -> gr.Blocks:
    """The whole page."""
    config = config or load()
    with gr.Blocks(title=config.title, analytics_enabled=False, fill_width=False) as page:
        with gr.Row(elem_id="switches"):
            language = put(gr.Radio([*LANGUAGES.items()], value="en", container=False), label="language")
            light = put(gr.Button(size="sm", variant="secondary", min_width=0), value="theme")
        gr.Markdown(f"# {config.title}\n\n{config.description}", elem_id="title")
        with gr.Tabs() as tabs:
            for key, tab in shown(config).items():
                with put(gr.Tab(id=key), label=key):
                    tab.build(config, language)
        said = [block for block in page.blocks.values() if hasattr(block, "words")]
        turn: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        language.change(lambda chosen: updates(said, chosen), language, said, **turn)
        language.change(None, language, None, js="chosen => space.speak(chosen)", **turn)
        light.click(None, None, None, js="() => space.turn()", **turn)
        page.load(spoken, None, language, **turn)

        def open_tab(request: gr.Request) -> Any:
            return opened(request, shown(config))

        page.load(open_tab, None, tabs, **turn)
    return page


def opened(request: gr.Request, keys: Collection[str]) -> Any:
    """The tab that the address names (`?tab=leaderboard`), as the leaderboard writes it for sharing."""
    asked = request.query_params.get("tab")
    return gr.update(selected=asked) if asked in keys else gr.skip()


def spoken(request: gr.Request) -> str:
    """The visitor's language: as the address says (`?lang=ar`), else as the browser does."""
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return "ar" if asked.startswith("ar") else "en"


def theme() -> gr.themes.Default:
    """Teal, dark enough to be read on white, in fonts that no visitor has to fetch."""
    return gr.themes.Default(primary_hue="teal", font=FONTS, font_mono=["ui-monospace", "Consolas", "monospace"]).set(
        color_accent="*primary_700",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
    )


def launch(page: gr.Blocks, **options: Any) -> Any:
    """Serve the page; the tabs' calls are tools for agents too where gradio's extra for MCP is installed."""
    return page.queue(max_size=limits.WAITING).launch(
        theme=theme(),
        css_paths=FOLDER / "page.css",
        head=f"<script>{(FOLDER / 'page.js').read_text(encoding='utf-8')}</script>",
        max_file_size=limits.PICTURE_BYTES,
        mcp_server=find_spec("mcp") is not None,
        footer_links=["api"],
        **options,
    )


def warm(config: Config) -> None:
    """Do at the start what the first visitor would wait for: the model of the first tab, and gradio's own imports."""
    for name in [*config.names("chat"), *config.names("translate"), *config.names("image")][:1]:
        models.warm(config.models[name])
    with suppress(ImportError):  # where it is installed, gradio looks for its backend at the first click
        import matplotlib

        matplotlib.use("agg")


if __name__ == "__main__":
    config = load()
    warm(config)
    launch(build(config))
