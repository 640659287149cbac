"""factory_boy's package is called `factory` too: the command says so, whichever of the two is found first."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
START = "import sys; sys.argv = ['factory', '--version']; import hf_factory; hf_factory.main()"


def start(*folders: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]}; {START}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("first", [True, False])
def test_both_installed_is_one_clear_line(tmp_path: Path, first: bool) -> None:
    """As `pip install factory_boy` leaves it: its metadata, and its own `factory` where another may be."""
    (tmp_path / "factory_boy-3.3.3.dist-info").mkdir()
    (tmp_path / "factory").mkdir()
    (tmp_path / "factory" / "__init__.py").write_text("__version__ = '3.3.3'\n")
    done = start(tmp_path, ROOT) if first else start(ROOT, tmp_path)
    assert done.returncode == 1 and not done.stdout
    assert "factory_boy is installed here too" in done.stderr and "pip uninstall" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_alone_it_starts() -> None:
    done = start(ROOT)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("factory, version")
