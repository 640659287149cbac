"""`factory doctor` about tokens: what a fine-grained one may do, and whether that is enough to publish."""

from __future__ import annotations

from typing import Any

import pytest

from factory.commands import doctor


def who(role: str, *permissions: str) -> dict[str, Any]:
    token: dict[str, Any] = {"role": role}
    if role == "fineGrained":
        token["fineGrained"] = {"scoped": [{"entity": {"name": "lab"}, "permissions": list(permissions)}]}
    return {"name": "amal", "orgs": [{"name": "lab"}], "auth": {"accessToken": token}}


@pytest.mark.parametrize(
    ("answer", "enough"),
    [
        (who("write"), True),
        (who("read"), False),
        (who("fineGrained", "repo.content.read", "repo.write"), True),
        (who("fineGrained", "repo.content.read"), False),
    ],
)
def test_a_token_must_be_able_to_write(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], enough: bool) -> None:
    monkeypatch.setattr("huggingface_hub.get_token", lambda: "hf_x")
    monkeypatch.setattr("huggingface_hub.HfApi.whoami", lambda self, **_: answer)
    [(name, fine, found, _)] = doctor._hub()
    assert (name, fine) == ("hub", enough)
    assert "amal, lab" in found and ("lab: repo.content.read" in found) is ("fineGrained" in found)
