"""Steps in a private dataset repo of the Hub: what a later run, on another machine, goes on from."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.errors import first_line
from factory.graph.nodes import Graph, Node
from factory.graph.run import uses_model
from factory.hub.client import api, existing, hub_errors, no_bars
from factory.hub.names import require_repo
from factory.remote.snapshot import snapshot
from factory.step.progress import Progress
from factory.store import Manifest, write_atomically

FINISHED, BEGUN = "steps", "begun"
MANIFEST = "manifest.json"


class Mirror:
    """Steps by the names of their folders, which hold their fingerprints, as ``steps/<artifact>/<step>/…``.

    A step counts once its manifest is there, which is committed after all its other files, and after what it shares
    with versions of other limits. The step at work lies below ``begun/`` as it last was, where a model works in it;
    its files come in one commit. Downloads from the Hub are not kept: the Hub has them.
    """

    def __init__(self, repo: str, graph: Graph, progress: Progress) -> None:
        self.repo, self.graph, self.progress = repo, graph, progress
        self._there: set[str] = set()
        self._begun: set[str] = set()
        self._at_work: Node | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()

    def fetch(self) -> list[str]:
        """Bring the steps of the graph that were kept into the store; names of those brought."""
        require_repo(self.repo, "--keep")
        client = api()
        with hub_errors(self.repo, "dataset"):
            existing(client, "dataset", self.repo)
            client.create_repo(self.repo, repo_type="dataset", private=True, exist_ok=True)
            files = client.list_repo_files(self.repo, repo_type="dataset")
        self._there = {path.rpartition("/")[0] for path in files if path.endswith(f"/{MANIFEST}")}
        self._begun = {"/".join(path.split("/")[:3]) for path in files if path.startswith(f"{BEGUN}/")}
        made = {path.partition(".made/")[0] + ".made" for path in files if ".made/" in path}
        store, found, begun = self.graph.store, [], []
        for node in self.graph.order():
            if Manifest.load(node.folder) is not None:
                continue
            if self._place(node.folder) in self._there:
                partial = self._fetch(self._place(node.folder), store.partial(node.folder))
                manifest = (partial / MANIFEST).read_bytes()
                write_atomically(partial / MANIFEST, manifest)
                partial.rename(node.folder)
                found.append(node.name)
                continue
            if self._place(node.made) in made and not node.made.exists():
                self._fetch(self._place(node.made), node.made)
            if self._place(node.folder, BEGUN) in self._begun and not store.partial(node.folder).exists():
                self._fetch(self._place(node.folder, BEGUN), store.partial(node.folder))
                begun.append(node.name)
        if found:
            self.progress.log(f"taken from {self.repo}: {', '.join(found)}")
        if begun:
            self.progress.log(f"taken from {self.repo}, as far as it was: {', '.join(begun)}")
        return found + begun

    @contextmanager
    def during(self, kind: str, subject: str) -> Iterator[None]:
        """Keep what a build makes, or finds done."""
        if kind == "build":
            self._at_work = self.graph.nodes[subject]
        yield
        if kind == "build":
            self.keep(self.graph.nodes[subject])

    def keep(self, node: Node) -> None:
        """Put a finished step there, unless it is there already."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        place, begun = self._place(node.folder), self._place(node.folder, BEGUN)
        if place in self._there or node.artifact.startswith("hub/"):
            return
        with self._lock, no_bars(), hub_errors(self.repo, "dataset"):
            self._upload(node.folder, place, f"Keep {node.name}", ignore_patterns=[MANIFEST])
            if node.made.is_dir():
                self._upload(node.made, self._place(node.made), f"Keep what {node.name} made")
            done: list[CommitOperationAdd | CommitOperationDelete] = [
                CommitOperationAdd(f"{place}/{MANIFEST}", node.folder / MANIFEST)
            ]
            if begun in self._begun:
                done.append(CommitOperationDelete(f"{begun}/", is_folder=True))
            api().create_commit(self.repo, done, repo_type="dataset", commit_message=f"{node.name} is done")
        self._there.add(place)
        self._begun.discard(begun)

    @contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """While the block runs, keep the step at work as it is every so often, and once more when it is stopped."""
        threading.Thread(target=self._work, args=(seconds,), name="keeping", daemon=True).start()
        try:
            yield
        except KeyboardInterrupt:
            self.progress.log(f"stopped: what is done of this step goes to {self.repo}")
            self._keep_begun()
            raise
        finally:
            self._over.set()
            with self._lock:  # a commit that has begun comes to its end
                pass

    def _work(self, seconds: float) -> None:
        while not self._over.wait(seconds):
            self._keep_begun()

    def _keep_begun(self) -> None:
        """Put the state of the step at work there; trouble is said and never stops the run."""
        try:
            with self._lock:
                node = self._at_work
                begun = node is not None and uses_model(node) and Manifest.load(node.folder) is None
                if node is not None and begun and not self._over.is_set():
                    self._put_begun(node)
        except Exception as error:  # also of a step that ends, and moves its folder, at this moment
            self.progress.log(f"the step at work was not kept: {first_line(error)}")

    def _put_begun(self, node: Node) -> None:
        place, store = self._place(node.folder, BEGUN), self.graph.store
        with tempfile.TemporaryDirectory(prefix=".keep-", dir=store.root) as scratch:
            state = Path(scratch) / "state"
            if not snapshot(store.partial(node.folder), state):
                return
            with no_bars(), hub_errors(self.repo, "dataset"):
                self._upload(state, place, f"{node.name} so far", delete_patterns="*")
        self._begun.add(place)

    def _upload(self, folder: Path, place: str, message: str, **more: Any) -> None:
        api().upload_folder(
            repo_id=self.repo,
            repo_type="dataset",
            folder_path=folder,
            path_in_repo=place,
            commit_message=message,
            **more,
        )

    def _place(self, folder: Path, top: str = FINISHED) -> str:
        return f"{top}/{folder.relative_to(self.graph.store.root).as_posix()}"

    def _fetch(self, place: str, target: Path) -> Path:
        """Bring a folder of the repo, which becomes `target` in one move."""
        from huggingface_hub import snapshot_download

        self.graph.store.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".kept-", dir=self.graph.store.root) as scratch:
            with no_bars(), hub_errors(self.repo, "dataset"):
                snapshot_download(
                    self.repo, repo_type="dataset", allow_patterns=f"{place}/**", local_dir=Path(scratch)
                )
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            (Path(scratch) / place).rename(target)
        return target
