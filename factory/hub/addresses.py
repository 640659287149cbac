"""Where the Hub is, and which addresses are this machine's own."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

DEFAULT_ENDPOINT = "https://huggingface.co"


def endpoint() -> str:
    """The Hub that HF_ENDPOINT names."""
    return os.environ.get("HF_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the server of a URL is on this machine.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("https://huggingface.co")
    (True, False)
    """
    return is_loopback_name(urlsplit(url).hostname or "")


def is_loopback_name(name: str) -> bool:
    """Whether a name or an address is this machine's own; `localhost` and all below it are (RFC 6761 section 6.3).

    >>> is_loopback_name("::1"), is_loopback_name("a.localhost"), is_loopback_name("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
