"""What the token in use may do on the Hub: asked before any work, so that no push is the first to find out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from factory.errors import FactoryError
from factory.hub.addresses import endpoint
from factory.hub.client import api, hub_errors

WRITERS = ("contributor", "write", "admin")  # roles in an organisation; `read` is the other one
NO_TOKEN = "there is no token for the Hub"
SET_TOKEN = "set HF_TOKEN to one that may write, or `hf auth login`; `--hub local` needs none"
NEW_TOKEN = "a token with the role write, or the scope repo.write"


@dataclass(frozen=True)
class Access:
    """As the Hub's whoami tells it.

    Attributes:
        name: of the user. `role`: of the token: read, write or fineGrained.
        namespaces: the user's and those of organisations -> the user's role there.
        scopes: of a fine-grained token: user, organisation or repo -> permissions.
        everywhere: an embedded Hub's users may write to any namespace.
    """

    name: str
    role: str
    namespaces: Mapping[str, str]
    scopes: Mapping[str, list[str]] = field(default_factory=dict)
    everywhere: bool = False

    @property
    def writes(self) -> bool:
        """Whether there is anything that the token may write to."""
        return self.role in ("write", "admin") or any("repo.write" in given for given in self.scopes.values())

    def refusal(self, repo: str) -> FactoryError | None:
        """Why the token cannot push to a repo; None where it can, as far as is known."""
        namespace = repo.partition("/")[0]
        scoped = [given for name, given in self.scopes.items() if name.lower() in (namespace.lower(), repo.lower())]
        if not self.writes:
            return FactoryError(f"{repo}: the token of {self.name} may read only ({self.role})", fix=NEW_TOKEN)
        if self.scopes and not any("repo.write" in given for given in scoped):
            return FactoryError(
                f"{repo}: the token of {self.name} has no scope to write to {namespace}", fix=NEW_TOKEN
            )
        if self.everywhere:
            return None
        role = {name.lower(): role for name, role in self.namespaces.items()}.get(namespace.lower())
        if role is None:
            what = (
                f"{self.name} is no member of {namespace}" if _exists(namespace) else f"the Hub knows no {namespace}"
            )
            own = ", ".join(name for name, role in self.namespaces.items() if role in WRITERS)
            fix = f"write to one of: {own}; or make the organisation on the Hub, or join it"
            return FactoryError(f"{repo}: {what}", fix=fix)
        if role not in WRITERS:
            return FactoryError(f"{repo}: {self.name} may only {role} in {namespace}", fix="ask its admins for write")
        return None


def access() -> Access:
    """
    Raises:
        FactoryError: there is no token, the Hub refuses it, or cannot be reached.
    """
    from huggingface_hub import get_token

    if get_token() is None:
        raise FactoryError(NO_TOKEN, where=endpoint(), fix=SET_TOKEN)
    with hub_errors(endpoint()):
        who = api().whoami()
    token = who.get("auth", {}).get("accessToken", {})
    organisations = {org["name"]: org.get("roleInOrg", "write") for org in who.get("orgs", [])}
    scoped = (token.get("fineGrained") or {}).get("scoped", [])
    return Access(
        name=who["name"],
        role=token.get("role", "unknown"),
        namespaces={who["name"]: "admin"} | organisations,
        scopes={scope.get("entity", {}).get("name", "?"): list(scope.get("permissions", [])) for scope in scoped},
        everywhere=bool(token.get("everywhere")),
    )


def _exists(namespace: str) -> bool:
    """Whether there is a user or an organisation of that name."""
    from huggingface_hub.errors import HfHubHTTPError

    client = api()
    for ask in (client.get_user_overview, client.get_organization_overview):
        try:
            ask(namespace)
            return True
        except HfHubHTTPError:
            continue
    return False
