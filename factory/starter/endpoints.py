"""One's own endpoint, written into factory.toml."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from factory.errors import UsageError
from factory.profile import FILE_NAME, Endpoint, load_profile, profile_file

NAME = "own"
_ASKED = re.compile(r"/(chat/completions|completions|models)/?$")


def base_url(address: str) -> str:
    """The address up to and with /v1, whatever of the protocol's paths follows; a path of one's own stays.

    >>> base_url("http://127.0.0.1:8000"), base_url("https://example.org/v1/chat/completions")
    ('http://127.0.0.1:8000/v1', 'https://example.org/v1')
    """
    short = _ASKED.sub("", address.strip()).rstrip("/")
    return short if urlsplit(short).path else f"{short}/v1"


def declared(folder: Path, address: str, key: str | None) -> tuple[str, dict[Path, str]]:
    """The endpoint's name, and the factory.toml in force with the endpoint in its profile `default`; no file where
    one with this address is there already.

    Args:
        key: name of the environment variable with the API key.

    Raises:
        UsageError: no such address, or a factory.toml that cannot be read.
    """
    try:
        wanted = Endpoint(base_url=base_url(address), api_key_env=key)  # pyright: ignore[reportCallIssue]
    except ValidationError:
        raise UsageError(f"not an address: {address!r}", fix="write it as http://127.0.0.1:8000/v1") from None
    path = profile_file(folder) or folder / FILE_NAME
    known = load_profile(None, folder).endpoints
    text = path.read_text("utf-8-sig") if path.is_file() else ""
    for name, endpoint in known.items():
        if (endpoint.base_url.rstrip("/"), endpoint.api_key_env) == (wanted.base_url, wanted.api_key_env):
            return name, {}
    name = next(n for n in [NAME, *(f"{NAME}-{i}" for i in range(2, len(known) + 3))] if n not in known)
    table = f'[profiles.default.endpoints.{name}]\nbase_url = "{wanted.base_url}"\n'
    table += f'api_key_env = "{key}"\n' if key else '# api_key_env = "MY_KEY"  # name of the variable with the key\n'
    return name, {path: f"{text.rstrip()}\n\n{table}" if text.strip() else table}
