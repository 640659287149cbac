"""What must not get into recipes, whose words reach rows and cards, nor into logs: passwords, tokens and keys."""

from __future__ import annotations

import os
import re

NAME = re.compile(
    r"(^|_)("
    r"[A-Z]*(TOKEN|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?)"
    r"|(API|ACCESS|PRIVATE|SSH|AUTH|ENCRYPTION|SIGNING)?KEYS?"
    r")($|_)"
)
"""Of an environment variable, in capitals; TOKENIZER, MAX_TOKENS and MONKEY are none."""

VALUE = re.compile(
    r"\b(hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}"  # Hugging Face
    r"|sk-[A-Za-z0-9_-]{16,}|gsk_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{30,}"  # OpenAI and alike, Groq, Google
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"  # GitHub, GitLab
    r"|A(KIA|SIA)[A-Z0-9]{16}|xox[abeprs]-[A-Za-z0-9-]{10,}"  # Amazon, Slack
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.)"  # JSON Web Tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s@]+@"  # key files; a password in an address
)

SHORTEST = 8  # characters of a value that is masked wherever it stands


def is_secret(name: object, value: object) -> bool:
    """Whether a variable is a secret by its name, or its value by the look of it.

    >>> is_secret("HF_TOKEN", None), is_secret("TEACHER", "hf_" + "a" * 34), is_secret("TOKENIZER", "lab/tokens")
    (True, True, False)
    """
    return bool(NAME.search(str(name).upper()) or VALUE.search(str(value)))


def without_keys(text: str) -> str:
    """The text with all but the first letters of what looks like a secret taken out: they say what it was.

    >>> without_keys("GET https://me:pw@host/x with hf_" + "a" * 34)
    'GET https://***host/x with hf_***'
    """
    return VALUE.sub(lambda found: f"{found[0][:3]}***", text)


def masked(text: str) -> str:
    """`without_keys`, and without the values of this process's variables that are called like secrets."""
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and value in text and NAME.search(name.upper()):
            text = text.replace(value, "***")
    return without_keys(text)
