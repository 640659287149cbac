"""Addresses are asked of a real server here, which counts as public for the tests that say so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.rows import fetching
from factory.rows.fetching import Fetcher, is_public
from factory.rows.unreadable import Refused
from tests.drawing import picture


class Web(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, _, rest = self.path[1:].partition("/")
        self.send_response(302 if kind == "to" else 404 if kind == "gone" else 200)
        if kind == "to":
            self.send_header("Location", rest if "://" in rest else f"/{rest}")
        body = b"x" * 5000 if kind == "large" else picture(1)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def web() -> Iterator[str]:
    Web.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "is_public", lambda address: True)


def refusal(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(Refused) as raised:
        fetcher.fetch(url)
    return str(raised.value)


def test_a_picture_comes_as_it_is(web: str, public: None) -> None:
    assert Fetcher([web], 1 << 20).fetch(f"http://{web}/a.png") == picture(1)


def test_an_allowed_host_at_an_inner_address_is_not_asked(web: str) -> None:
    assert refusal(Fetcher([web], 1 << 20), f"http://{web}/a.png") == "its host is no public address"
    localhost = web.replace("127.0.0.1", "localhost")
    assert refusal(Fetcher([localhost], 1 << 20), f"http://{localhost}/") == "its host is no public address"
    assert Web.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.org/a.png",
        "http://{web}.elsewhere.org/a.png",
        "http://elsewhere.org#@{web}/a.png",
        "http://{web}@elsewhere.org/a.png",
        "http://me:word@{web}/a.png",
        "http://127.0.0.1:1/a.png",
        "ftp://{web}/a.png",
        "file:///etc/passwd",
        "http://[::1/a.png",
        "http:///a.png",
        "http://host:99999/a.png",
        "http://[::1]x/a.png",
        "http://{web}/a\x7f.png",
        "http://{web}/\ud800.png",
        "",
    ],
)
def test_what_the_recipe_does_not_allow_is_not_asked(web: str, public: None, url: str) -> None:
    refusal(Fetcher([web], 1 << 20), url.format(web=web))
    assert Web.asked == []


def test_addresses_may_be_written_in_any_letters(web: str, public: None) -> None:
    assert Fetcher([web], 1 << 20).fetch(f"http://{web}/صور/قطة 1.png?q=ب") == picture(1)
    assert Web.asked == ["/%D8%B5%D9%88%D8%B1/%D9%82%D8%B7%D8%A9%201.png?q=%D8%A8"]
    for host in ("Bücher.example", "xn--bcher-kva.example"):
        allowed = Fetcher([host], 1).allowed
        assert allowed("https://bücher.example/a") is allowed("https://xn--bcher-kva.example/a") is None


@given(st.text(), st.sampled_from(["", "/", "http://", "http://[", "https://a.example:", "https://a.example/"]))
def test_any_text_is_an_address_or_refused(text: str, start: str) -> None:
    assert Fetcher(["a.example"], 1).allowed(start + text) in (
        None,
        "no address of the web",
        "its host is not among `image_hosts`",
    )


def test_a_host_is_meant_at_its_usual_ports_alone() -> None:
    fetcher = Fetcher(["Images.example.org"], 1 << 20)
    assert (
        fetcher.allowed("https://images.EXAMPLE.org/a") is None
        and fetcher.allowed("http://images.example.org/") is None
    )
    assert fetcher.allowed("https://images.example.org:443/a") is None
    assert Fetcher(["[2606:4700::1]:8443"], 1).allowed("https://[2606:4700::1]:8443/a") is None
    assert fetcher.allowed("https://images.example.org:8443/a") and fetcher.allowed("https://example.org/a")


def test_redirects_are_followed_to_allowed_hosts_and_not_for_ever(web: str, public: None) -> None:
    fetcher = Fetcher([web], 1 << 20)
    assert fetcher.fetch(f"http://{web}/to/a.png") == picture(1)
    assert "image_hosts" in refusal(fetcher, f"http://{web}/to/http://169.254.169.254/latest")
    assert refusal(fetcher, f"http://{web}/to/http://[::") == "no address of the web"
    assert refusal(fetcher, f"http://{web}/to/to/to/to/to/a.png") == "it leads from address to address"


def test_size_answers_and_silence_are_bounded(web: str, public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(Fetcher([web], 4000), f"http://{web}/large").startswith("larger than")
    assert refusal(Fetcher([web], 4000), f"http://{web}/gone/a") == "its host answered 404"
    monkeypatch.setattr(fetching, "SECONDS", -1)
    assert "seconds" in refusal(Fetcher([web], 1 << 20), f"http://{web}/a.png")


def test_a_host_that_is_not_there_is_one_word() -> None:
    assert refusal(Fetcher(["nobody.invalid"], 10), "http://nobody.invalid/a.png") == "its host is not known"


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "192.168.1.1", "172.16.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.64.0.1", "::", "::1",
     "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:8.8.8.8", "2002:7f00:1::", "64:ff9b:1::1"],
)  # fmt: skip
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses())
def test_public_is_what_the_registry_calls_global(address: Any) -> None:
    assert not is_public(str(address)) or address.is_global
