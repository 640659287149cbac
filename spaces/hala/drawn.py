"""Parts of the page that a script of ours draws: the leaderboard and the rating sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent


def html(name: str, scripts: Sequence[str], **options: Any) -> gr.HTML:
    """An element of the class `name`, drawn by scripts of the folder `name` and styled by its ``name.css``.

    In the page the scripts are one function's body, in this order, behind what they share.
    """
    files = [FOLDER / "elements.js", *(FOLDER / name / script for script in scripts)]
    return gr.HTML(
        html_template=f'<div class="{name}" aria-busy="true"></div>',
        css_template=(FOLDER / name / f"{name}.css").read_text(encoding="utf-8"),
        js_on_load="\n".join(file.read_text(encoding="utf-8") for file in files),
        apply_default_css=False,
        **options,
    )
