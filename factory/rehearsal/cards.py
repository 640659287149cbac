"""Cards of stand-ins: nobody may take one for the real thing."""

from __future__ import annotations

from typing import Any

TAG = "stand-in"


def card(repo: str, license: str | None, facts: dict[str, Any], body: str) -> bytes:
    """README.md with the real repo's licence, the tag, and what it is in its first words."""
    import yaml

    from factory.graph.licenses import metadata

    fields = {**(metadata(license) if license else {}), "tags": [TAG], **facts}
    front = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000)
    text = (
        f"# Stand-in for {repo}\n\n"
        f"**This is not {repo}.** It is a tiny stand-in that `factory … --rehearse` made, so that a recipe can be run "
        f"whole on a laptop before it is run for real. {body}\n"
    )
    return f"---\n{front}---\n\n{text}".encode()
