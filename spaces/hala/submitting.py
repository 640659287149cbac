"""A model that a visitor wants on the leaderboard: checked at once, and put into the queue where there is one."""

from __future__ import annotations

import os

from huggingface_hub import HfApi

from board_words import REASONS_AR
from factory.evaluate.submissions import Refused, look_up, submit
from words import say

REPO = os.environ.get("SPACE_REQUESTS_REPO")
"""A dataset of the Hub that requests are written to, with the Space's token (HF_TOKEN)."""
LARGEST = 1e9 * float(os.environ.get("SPACE_LARGEST_MODEL", "15"))  # parameters
LONGEST = 200  # characters of a name


def submitted(model: str, language: str) -> str:
    """What a visitor is told of the model: that it is queued, that it could be, or why not."""
    try:
        request = look_up(HfApi(token=False), model[:LONGEST], largest=LARGEST)  # what anyone may see
        if REPO and os.environ.get("HF_TOKEN"):
            submit(HfApi(), REPO, request)
            key = "submitted"
        else:
            key = "submittable"
    except Refused as refused:
        return f"✗ {REASONS_AR[refused.key].format(**refused.values) if language == 'ar' else refused}"
    size = f"{request.params:.1f}B" if request.params >= 0.1 else f"{request.params * 1e3:.3g}M"
    facts = {"model": request.model, "size": size, "license": request.license, "commit": request.revision[:12]}
    return f"✓ {say(key, language, **facts)}"
