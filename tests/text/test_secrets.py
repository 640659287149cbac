"""Secrets are refused under `env`, and their values are not repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.recipe import RecipeError, load
from factory.text.secrets import is_secret

RECIPE = """\
recipe: 1
name: small
language: {{source: en, target: ar}}
hub: {{namespace: me}}
env: {env}
datasets:
  rows: {{from: ./rows.jsonl, publish: {{repo: rows, title: "${{{name}}}"}}}}
"""


@pytest.mark.parametrize(
    "name",
    [
        *["HF_TOKEN", "TOKEN", "my_api_key", "OPENAI_API_KEY", "KEY", "KEYS", "APIKEY", "DB_PASSWORD", "PASSWD_OF_X"],
        *["CLIENT_SECRET", "SECRET_NAME", "AWS_CREDENTIALS", "AUTHTOKEN", "SSH_KEY_FILE"],
    ],
)
def test_secret_by_its_name(name: str) -> None:
    assert is_secret(name, None)


@pytest.mark.parametrize(
    "name",
    ["TOKENIZER", "MAX_TOKENS", "MONKEY", "KEYBOARD", "HALA_NAMESPACE", "SECRETARY", "TURKEY", "KEYNOTE_ROWS", "HOME"],
)
def test_no_secret_by_its_name(name: str) -> None:
    assert not is_secret(name, "a plain value")


@pytest.mark.parametrize(
    "value",
    [
        *["hf_" + "aB3" * 11, "sk-proj-" + "x1" * 20, "ghp_" + "a" * 36, "AKIA" + "ABCD" * 4, "https://me:pw@host/x"],
        *["-----BEGIN RSA PRIVATE KEY-----", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.x", "xoxb-1234567890-abc"],
    ],
)
def test_secret_by_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n')
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE.format(env="{TEACHER: none}", name="TEACHER"))
    assert load(path).recipe.datasets["rows"].publish is not None
    monkeypatch.setenv("TEACHER", value)
    with pytest.raises(RecipeError, match=r"small.yaml:5:.*env.TEACHER is a secret") as error:
        load(path)
    assert value not in str(error.value)


@pytest.mark.parametrize("env", ["{HF_TOKEN: x}", "{HF_TOKEN: null}", "[HF_TOKEN]"])
def test_a_named_secret_is_refused_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: str) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n')
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE.format(env=env, name="HF_TOKEN"))
    monkeypatch.setenv("HF_TOKEN", "plain-but-secret")
    with pytest.raises(RecipeError, match=r"env.HF_TOKEN is a secret") as error:
        load(path)
    assert "plain-but-secret" not in str(error.value)
