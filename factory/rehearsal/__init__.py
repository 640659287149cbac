"""Rehearsals: the real recipe, whole, on this machine, with every Hub ref answered by a tiny stand-in.

`prepare` puts a stand-in of each repo that a recipe names on the embedded Hub, under the same id, and on every
revision the recipe pins. Nothing else differs from a real run, so what fails in a rehearsal would have failed there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from factory.errors import FactoryError
from factory.graph.run import installed_versions
from factory.hub.addresses import is_loopback
from factory.hub.client import api
from factory.hub.names import card_license
from factory.hub.push import Release, push
from factory.recipe import LoadedRecipe
from factory.rehearsal.catalogue import Catalogue, catalogue_for, is_endpoint
from factory.rehearsal.data import Content, from_catalogue, with_suites
from factory.rehearsal.models import build, recipe_of
from factory.rehearsal.refs import Wanted, add_required, wanted
from factory.rehearsal.spelling import script_of
from factory.rehearsal.taught import asked, lessons, lessons_of_pictures
from factory.step.progress import Progress
from factory.step.surroundings import quiet_libraries
from factory.store import Store, canonical, fingerprint, write_atomically
from factory.text.figures import counted

if TYPE_CHECKING:
    from huggingface_hub import HfApi


FOLDER, SCRATCH = "stand-ins", ".stand-in-"
SOURCES = {".py", ".yaml", ".jinja", ".txt"}
VERSION = 1  # raise it when the same catalogue gives other files


def prepare(loaded: LoadedRecipe, store: Store) -> None:
    """Bring a stand-in of every repo that the recipe names to the embedded Hub; nothing where they are there already.

    Raises:
        FactoryError: the Hub in use is not on this machine, or a repo is not in the catalogue (each named once).
    """
    client = api()
    if not is_loopback(client.endpoint):
        raise FactoryError(
            "a rehearsal puts stand-ins under real names, so it runs on the embedded Hub only",
            where=client.endpoint,
            fix="take --hub and HF_ENDPOINT away",
        )
    repos = wanted(loaded)
    if not repos:
        return
    known = catalogue_for(loaded.source.folders, loaded.path.stem)
    _require_known(known, repos)
    progress = Progress()
    _preview(progress, known, repos)
    with store.lock(FOLDER):
        note = store.root / FOLDER / f"{loaded.recipe.name}.json"
        state = _inputs(loaded, known, repos)
        if _noted(note) == {"inputs": state, "heads": _heads(client, repos)}:
            return
        progress.log(
            f"rehearsal of {loaded.recipe.name}: making stand-ins for {counted(len(repos), 'repo')} of the Hub"
        )
        for left in store.root.glob(f"{SCRATCH}*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with quiet_libraries(), progress.task("stand-ins", total=len(repos), unit="repos"):
            add_required(loaded, repos)
            for entry in repos:
                _provide(client, loaded, known, store, entry)
                progress.advance()
        write_atomically(note, canonical({"inputs": state, "heads": _heads(client, repos)}).encode())


def _preview(progress: Progress, known: Catalogue, repos: list[Wanted]) -> None:
    """What the embedded Hub does not ask and the real one will."""
    facts = [
        (entry.repo, (known.models if entry.kind == "model" else known.datasets).get(entry.repo)) for entry in repos
    ]
    gated = [repo for repo, found in facts if found is not None and found.gated]
    if gated:
        progress.log(f"before the real run, accept the terms on the Hub pages of {', '.join(gated)}")


def _require_known(known: Catalogue, repos: list[Wanted]) -> None:
    errors = []
    for entry in repos:
        try:
            if entry.kind == "model":
                known.model(entry.repo, entry.where, shown=entry.shown)
            elif not entry.by_suite or entry.repo in known.datasets:
                for config in entry.configs or {None}:
                    known.dataset(entry.repo, config, entry.where)
        except FactoryError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise FactoryError("\n".join(str(error) for error in errors))


class StandIn(NamedTuple):
    """A repo's card, the digest of its other files, and what writes these into a folder."""

    readme: bytes
    digest: str
    write: Callable[[Path], None]


def _provide(client: HfApi, loaded: LoadedRecipe, known: Catalogue, store: Store, entry: Wanted) -> None:
    made = (_model if entry.kind == "model" else _dataset)(loaded, known, entry)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=store.root) as scratch:

        def files() -> Mapping[str, Path]:
            made.write(Path(scratch))
            found = sorted(path for path in Path(scratch).rglob("*") if path.is_file())
            return {str(path.relative_to(scratch)): path for path in found}

        release = Release(
            kind=entry.kind,
            repo_id=entry.repo,
            fingerprint=made.digest,
            title=f"stand-in for {entry.repo}",
            documents={"README.md": made.readme},
            files=files,
            stand_in=True,
            record=store.root / FOLDER / f"{entry.kind}--{entry.repo.replace('/', '--')}",
        )
        pushed = push(release)
    _pin(client, entry, pushed.commit)


def _script(loaded: LoadedRecipe) -> str:
    return script_of(loaded.recipe.language.target)


def card(repo: str, license: str | None, facts: dict[str, Any], body: str) -> bytes:
    """README.md with the real repo's licence, the tag, and what it is in its first words."""
    fields = {**(card_license(license) if license else {}), "tags": ["stand-in"], **facts}
    front = yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=1000)
    text = (
        f"# Stand-in for {repo}\n\n"
        f"**This is not {repo}.** It is a tiny stand-in that `factory … --rehearse` made, so that a recipe can be run "
        f"whole on a laptop before it is run for real. {body}\n"
    )
    return f"---\n{front}---\n\n{text}".encode()


def _dataset(loaded: LoadedRecipe, known: Catalogue, entry: Wanted) -> StandIn:
    facts = known.datasets.get(entry.repo)
    content = from_catalogue(entry.repo, facts, _script(loaded)) if facts else Content({}, [], 0)
    content = with_suites(content, entry.required)
    body = f"Its columns, configs and splits are the real ones; its {content.rows:,} rows are made up."
    readme = card(entry.repo, known.license(entry.repo), {"configs": content.configs}, body)
    digest = fingerprint({name: hashlib.sha256(data).hexdigest() for name, data in content.files.items()})
    return StandIn(readme, digest, content.write)


def _model(loaded: LoadedRecipe, known: Catalogue, entry: Wanted) -> StandIn:
    facts = known.model(entry.repo, shown=entry.shown)
    family = known.families[facts.family]
    more, script = asked(loaded).get(entry.repo), _script(loaded)
    skills = [] if more and is_endpoint(entry.repo) else facts.learns
    taught, shown = lessons(skills, more, script), lessons_of_pictures(more, script)
    body = (
        "Its architecture, tokenizer kind and chat template are the real one's; its weights are random, or know a few "
        "made-up sentences by heart."
    )
    task = "image-text-to-text" if family.sees else "text-generation"
    details = {"library_name": "transformers", "pipeline_tag": task}
    if family.encodes:
        details = {"library_name": "sentence-transformers", "pipeline_tag": "sentence-similarity"}
    readme = card(entry.repo, known.license(entry.repo), details, body)
    made_of = recipe_of(facts, family, taught, shown)
    return StandIn(readme, fingerprint(made_of), partial(build, facts, family, taught, shown=shown))


def _pin(client: HfApi, entry: Wanted, commit: str) -> None:
    """The revisions that the recipe names, commit SHAs of the real repo among them, as tags of the stand-in."""
    if not entry.revisions:
        return
    refs = client.list_repo_refs(entry.repo, repo_type=entry.kind)
    tags = {tag.name: tag.target_commit for tag in refs.tags}
    for revision in sorted(entry.revisions):
        if tags.get(revision) == commit:
            continue
        if revision in tags:
            client.delete_tag(entry.repo, tag=revision, repo_type=entry.kind)
        client.create_tag(entry.repo, tag=revision, revision=commit, repo_type=entry.kind)


def _inputs(loaded: LoadedRecipe, known: Catalogue, repos: list[Wanted]) -> str:
    """Digest of what the stand-ins of this recipe depend on, without making any of them."""
    package, demo = Path(__file__).parent, Path(__file__).parent.parent / "demo"
    sources = [path for folder in (package, demo) for path in sorted(folder.rglob("*")) if path.suffix in SOURCES]
    return fingerprint(
        {
            "version": VERSION,
            "catalogue": known.model_dump(mode="json"),
            "sources": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources},
            "packages": installed_versions(),
            "script": _script(loaded),
            "asked": {repo: repr(more) for repo, more in asked(loaded).items()},
            "repos": [[entry.kind, entry.repo, entry.shown, sorted(entry.revisions)] for entry in repos],
        }
    )


def _heads(client: HfApi, repos: list[Wanted]) -> dict[str, str]:
    from huggingface_hub.errors import RepositoryNotFoundError

    found = {}
    for entry in repos:
        try:
            found[f"{entry.kind} {entry.repo}"] = str(client.repo_info(entry.repo, repo_type=entry.kind).sha)
        except RepositoryNotFoundError:
            return {}
    return found


def _noted(note: Path) -> object:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
