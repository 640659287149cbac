"""A vision judge behind a real endpoint of this machine, which answers by the very bytes that it is shown."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.profile import Profile
from factory.step.job import Artifact
from tests.engines.moody_server import MoodyServer
from tests.support import behind_endpoint

SHOWN = re.compile(r"data:image/\w+;base64,([A-Za-z0-9+/=]+)")


def verdict(rating: str, category: str = "NA: None applying", rationale: str = "It is a drawing.") -> str:
    return json.dumps({"rating": rating, "category": category, "rationale": rationale})


@contextmanager
def judge(folder: Path, replies: Mapping[bytes, str]) -> Iterator[tuple[MoodyServer, Artifact, Profile]]:
    """(server, model, profile): it says of a picture what `replies` has for its bytes, and refuses any other."""

    def mood(server: MoodyServer, prompt: str, before: int) -> Any:
        found = [replies.get(base64.b64decode(data)) for data in SHOWN.findall(prompt)] or ["yes"]
        if len(found) != 1 or found[0] is None:
            return 400, {}, {"error": {"message": f"{len(found)} pictures, or one that is not known"}}
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": found[0]}}
        usage = {"prompt_tokens": 100, "completion_tokens": 20}
        return 200, {}, {"choices": [choice], "usage": usage, "model": "eye"}

    with MoodyServer(mood, states="eye") as server:
        settings = {"base_url": server.url, "retries": 0}
        profile = Profile.model_validate({"device": "cpu", "threads": 1, "endpoints": {"here": settings}})
        yield server, behind_endpoint(folder, "eye", "here"), profile
