"""The embedded Hub behind a server that spoils answers; waits are noted and not waited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from factory.hub import retrying
from tests.faults.proxy import Faults, proxied


@pytest.fixture
def faults(embedded_hub: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    import huggingface_hub.constants as constants

    with proxied(embedded_hub.endpoint) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        template = running.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited, in their order."""
    found: list[float] = []
    monkeypatch.setattr(retrying.time, "sleep", found.append)
    return found
