"""Finished steps in a private dataset repo of the Hub: what a later run, on another machine, goes on from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from factory.graph import Graph, Node
from factory.hub.client import api, hub_errors
from factory.progress import Progress
from factory.store import Manifest, write_atomically

FOLDER = "steps"
MANIFEST = "manifest.json"


class Kept:
    """Steps by the names of their folders, which hold their fingerprints, as ``steps/<artifact>/<step>/…``.

    A step counts once its manifest is there, which is committed after all its other files. Downloads from the Hub are
    not kept: the Hub has them.
    """

    def __init__(self, repo: str, graph: Graph, progress: Progress) -> None:
        self.repo, self.graph, self.progress = repo, graph, progress
        self._there: set[str] = set()

    def fetch(self) -> list[str]:
        """Bring the steps of the graph that were kept into the store; names of those brought."""
        client = api()
        with hub_errors(self.repo, "dataset"):
            client.create_repo(self.repo, repo_type="dataset", private=True, exist_ok=True)
            files = client.list_repo_files(self.repo, repo_type="dataset")
        self._there = {path.rpartition("/")[0] for path in files if path.endswith(f"/{MANIFEST}")}
        found = []
        for node in self.graph.order():
            if self._place(node) in self._there and Manifest.load(node.folder) is None:
                self._fetch(node)
                found.append(node.name)
        if found:
            self.progress.log(f"taken from {self.repo}: {', '.join(found)}")
        return found

    def keep(self, node: Node) -> None:
        """Put a finished step there, unless it is there already."""
        place = self._place(node)
        if place in self._there or node.artifact.startswith("hub/"):
            return
        client = api()
        with hub_errors(self.repo, "dataset"):
            client.upload_folder(
                repo_id=self.repo,
                repo_type="dataset",
                folder_path=node.folder,
                path_in_repo=place,
                ignore_patterns=[MANIFEST],
                commit_message=f"Keep {node.name}",
            )
            client.upload_file(
                repo_id=self.repo,
                repo_type="dataset",
                path_or_fileobj=node.folder / MANIFEST,
                path_in_repo=f"{place}/{MANIFEST}",
                commit_message=f"{node.name} is done",
            )
        self._there.add(place)

    def _place(self, node: Node) -> str:
        return f"{FOLDER}/{node.folder.relative_to(self.graph.store.root).as_posix()}"

    def _fetch(self, node: Node) -> None:
        from huggingface_hub import snapshot_download

        place = self._place(node)
        self.graph.store.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".kept-", dir=self.graph.store.root) as scratch:
            with hub_errors(self.repo, "dataset"):
                snapshot_download(
                    self.repo, repo_type="dataset", allow_patterns=f"{place}/**", local_dir=Path(scratch)
                )
            partial = self.graph.store.partial(node.folder)
            shutil.rmtree(partial, ignore_errors=True)
            partial.parent.mkdir(parents=True, exist_ok=True)
            (Path(scratch) / place).rename(partial)
        manifest = (partial / MANIFEST).read_bytes()
        write_atomically(partial / MANIFEST, manifest)
        partial.rename(node.folder)
