"""Who may do what: users, organisations, tokens and their roles.

A users file is YAML or JSON::

    users:
      - name: amal
        fullname: Amal A.
        organisations: [{name: lab, role: admin, fullname: The Lab, visibility: private}]
        tokens: {hf_amal_write: write, hf_amal_read: read}

An organisation's `visibility` is that of its new repos where a client asks for none.

A token's role is `read`, `write` or `admin`; an `admin` token may write to every namespace. Without a users file there
is one user, `factory`, whose write token `hf_local` may write to every namespace, so that recipes of any namespace can
be pushed to a Hub on one's own machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.text import yaml

LOCAL_USER, LOCAL_TOKEN = "factory", "hf_local"
TOKEN_ROLES = ("read", "write", "admin")
ORGANISATION_ROLES = ("read", "contributor", "write", "admin")


@dataclass
class User:
    """One account; `tokens` maps a token to its role, `organisations` holds {name, role}."""

    name: str
    fullname: str = ""
    organisations: list[dict[str, str]] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    email: str | None = None
    any_namespace: bool = False

    def __post_init__(self) -> None:
        self.fullname = self.fullname or self.name

    def role_in(self, namespace: str) -> str | None:
        if namespace.lower() == self.name.lower():
            return "admin"
        for organisation in self.organisations:
            if organisation["name"].lower() == namespace.lower():
                return organisation.get("role", "write")
        return None


@dataclass(frozen=True)
class Identity:
    """A user as seen through one token."""

    user: User
    role: str

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def everywhere(self) -> bool:
        return self.user.any_namespace or self.role == "admin"

    def may_read(self, namespace: str) -> bool:
        return self.everywhere or self.user.role_in(namespace) is not None

    def may_write(self, namespace: str) -> bool:
        if self.role == "read":
            return False
        return self.everywhere or self.user.role_in(namespace) in ("contributor", "write", "admin")


def person(name: str) -> dict[str, str]:
    """An account as answers name the author or owner of something."""
    return {"name": name, "fullname": name, "type": "user", "avatarUrl": ""}


def default_users() -> list[User]:
    return [User(LOCAL_USER, "Local user", tokens={LOCAL_TOKEN: "write"}, any_namespace=True)]


class Accounts:
    """Looks up users, organisations and tokens."""

    def __init__(self, users: Iterable[User]) -> None:
        self.users = {user.name.lower(): user for user in users}
        self.tokens = {
            token: Identity(user, role) for user in self.users.values() for token, role in user.tokens.items()
        }
        self.organisations: dict[str, str] = {}
        self.fullnames: dict[str, str] = {}
        self.private_by_default: set[str] = set()
        for user in self.users.values():
            for organisation in user.organisations:
                key = organisation["name"].lower()
                self.organisations.setdefault(key, organisation["name"])
                self.fullnames.setdefault(key, organisation.get("fullname") or organisation["name"])
                if organisation.get("visibility") == "private":
                    self.private_by_default.add(key)

    def by_token(self, token: str) -> Identity | None:
        return self.tokens.get(token)

    def user(self, name: str) -> User | None:
        return self.users.get(name.lower())

    def members(self, organisation: str) -> list[User]:
        return [
            user
            for user in self.users.values()
            if any(o["name"].lower() == organisation.lower() for o in user.organisations)
        ]


def load_users(path: Path) -> list[User]:
    """The users of a YAML or JSON file, its mistakes reported all at once.

    Raises FactoryError when the file cannot be read, or holds unknown keys or roles, a repeated name or token.
    """
    path = Path(path)
    try:
        data = yaml.load(path.read_text("utf-8"))  # JSON is YAML too
    except OSError as error:
        raise FactoryError(
            f"cannot read the users file: {error.strerror}", where=str(path), fix="give an existing YAML or JSON file"
        ) from error
    except ValueError as error:
        raise FactoryError(f"the users file is not valid YAML: {error}", where=str(path), fix="mend it") from error
    entries = data.get("users") if isinstance(data, dict) else data
    if not isinstance(entries, list) or not entries:
        raise FactoryError("no users in the users file", where=str(path), fix="write `users:` with a list of users")
    mistakes: list[str] = []
    users = [user for i, entry in enumerate(entries) if (user := _user(entry, i, mistakes))]
    mistakes += _repeated([u.name.lower() for u in users], "user")
    mistakes += _repeated([token for u in users for token in u.tokens], "token", secret=True)
    if mistakes:
        raise FactoryError("; ".join(mistakes), where=str(path), fix="mend the users file")
    return users


def _user(entry: Any, index: int, mistakes: list[str]) -> User | None:
    place = f"user {index + 1}"
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
        mistakes.append(f"{place} has no name")
        return None
    known = {"name", "fullname", "organisations", "organizations", "tokens", "email"}
    mistakes += [f"{place} ({entry['name']}) has an unknown key `{key}`" for key in sorted(set(entry) - known)]
    organisations = []
    for item in entry.get("organisations") or entry.get("organizations") or []:
        item = {"name": item} if isinstance(item, str) else item
        role = item.get("role", "write") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not item.get("name") or role not in ORGANISATION_ROLES:
            wanted = ", ".join(ORGANISATION_ROLES)
            mistakes.append(f"{place} ({entry['name']}): an organisation needs a name and a role among {wanted}")
            continue
        mistakes += [
            f"{place} ({entry['name']}): an organisation has an unknown key `{key}`"
            for key in sorted(set(item) - {"name", "role", "fullname", "visibility"})
        ]
        if item.get("visibility", "public") not in ("public", "private"):
            mistakes.append(f"{place} ({entry['name']}): an organisation's visibility is public or private")
        organisations.append({key: str(value) for key, value in {**item, "role": role}.items()})
    tokens = entry.get("tokens") or {}
    if isinstance(tokens, list):
        tokens = dict.fromkeys(tokens, "write")
    if not isinstance(tokens, dict) or any(role not in TOKEN_ROLES for role in tokens.values()):
        mistakes.append(f"{place} ({entry['name']}): tokens must map each token to {', '.join(TOKEN_ROLES)}")
        return None
    return User(
        entry["name"],
        str(entry.get("fullname") or ""),
        organisations,
        {str(token): role for token, role in tokens.items()},
        entry.get("email"),
    )


def _repeated(values: list[str], what: str, *, secret: bool = False) -> list[str]:
    doubles = sorted({value for value in values if values.count(value) > 1})
    return [f"a {what} occurs twice" if secret else f"{what} `{value}` occurs twice" for value in doubles]
