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
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from factory.errors import FactoryError
from factory.text import yaml

LOCAL_USER, LOCAL_TOKEN = "factory", "hf_local"
TOKEN_ROLES = ("read", "write", "admin")
Name = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]


def _written(token: str) -> str:
    """Keys of YAML are read as text: a token that was left out is one of these."""
    if token.lower() in ("null", "~", "none"):
        raise ValueError("no token")
    return token


Token = Annotated[Name, AfterValidator(_written)]


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


class _Membership(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Literal["read", "contributor", "write", "admin"] = "write"
    fullname: str = ""
    visibility: Literal["public", "private"] = "public"


def _as_membership(entry: Any) -> Any:
    return {"name": entry} if isinstance(entry, str) else entry


def _as_roles(tokens: Any) -> Any:
    listed = isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)
    return dict.fromkeys(tokens, "write") if listed else tokens


class _Account(BaseModel):
    """An entry of a users file; an organisation may be its name alone, tokens a list of those that may write."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    fullname: str = ""
    organisations: list[Annotated[_Membership, BeforeValidator(_as_membership)]] = Field(
        default_factory=list, validation_alias=AliasChoices("organisations", "organizations")
    )
    tokens: Annotated[dict[Token, Literal["read", "write", "admin"]], BeforeValidator(_as_roles)] = {}
    email: str | None = None


def load_users(path: Path) -> list[User]:
    """The users of a YAML or JSON file, its mistakes reported all at once.

    Raises:
        FactoryError: the file cannot be read, or holds unknown keys or roles, an empty token, a name or a token twice.
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
    accounts: list[_Account] = []
    for number, entry in enumerate(entries, 1):
        try:
            accounts.append(_Account.model_validate(entry))
        except ValidationError as error:
            mistakes += [f"user {number}: {_message(problem)}" for problem in error.errors()]
    mistakes += _repeated([account.name.lower() for account in accounts], "user")
    mistakes += _repeated([token for account in accounts for token in account.tokens], "token", secret=True)
    if mistakes:
        raise FactoryError("; ".join(mistakes), where=str(path), fix="mend the users file")
    return [User(**account.model_dump()) for account in accounts]


def _message(problem: Any) -> str:
    """What is wrong with an entry; a token is never part of it."""
    keys = [str(key) for key in problem["loc"] if key != "[key]"]
    if keys[:1] == ["tokens"]:
        return f"tokens: each token is text that maps to one of {', '.join(TOKEN_ROLES)}"
    said = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
    return f"{'.'.join(keys)}: {said}" if keys else said


def _repeated(values: list[str], what: str, *, secret: bool = False) -> list[str]:
    doubles = sorted({value for value in values if values.count(value) > 1})
    return [f"a {what} occurs twice" if secret else f"{what} `{value}` occurs twice" for value in doubles]
