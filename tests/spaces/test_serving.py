"""What the Space serves to programs, to many at once, and what it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.spaces.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def client(site: Site) -> Client:
    return Client(site.url, verbose=False)


def test_programs_chat_and_translate(client: Client) -> None:
    assert client.predict("سؤال", "brief", api_name="/chat") == "جواب قصير"
    assert client.predict("# Setup\n\n```\nb\n```", api_name="/translate") == "# ترجمة قصيرة\n\n```\nb\n```"


def test_what_is_refused_reaches_the_caller_as_text(client: Client) -> None:
    with pytest.raises(AppError, match="There is no model other here"):
        client.predict("سؤال", "other", api_name="/chat")
    with pytest.raises(AppError, match="at most 20,000 characters"):
        client.predict("x" * 20_001, api_name="/translate")


def test_ten_visitors_at_once_are_all_answered(site: Site) -> None:
    clients = [Client(site.url, verbose=False) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        answers = pool.map(lambda client: client.predict("سؤال", "brief", api_name="/chat"), clients)
        assert set(answers) == {"جواب قصير"}


@pytest.mark.parametrize("path", ["/etc/hostname", "space.json", "app.py", "votes/votes.jsonl", "http://localhost/x"])
def test_no_file_or_address_is_handed_out(site: Site, path: str) -> None:
    assert httpx.get(f"{site.url}gradio_api/file={path}").status_code in (403, 404)
