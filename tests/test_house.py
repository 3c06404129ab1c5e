"""The rules of the house that a machine can check."""

import ast
import operator
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "neurosparse"
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_every_folder_is_packaged():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert set(config["tool"]["setuptools"]["packages"]) == folders | {"neurosparse.hardware_profiles"}


def test_the_import_contracts_hold():
    tool = shutil.which("lint-imports")
    assert tool, "import-linter comes with the test extra"
    result = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_what_it_is_for(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "no opening docstring"
    assert isinstance(tree.body[0], ast.Expr)
    assert tree.body[0].lineno == 1


def test_numba_is_named_in_one_file():
    """`kernels/jit.py` decorates; `lanes`, `squash` and `blocks` add vectors and block moves to the compiler."""
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.split(".")[0] in ("numba", "llvmlite")
    }
    assert users == {"kernels/jit.py", "kernels/lanes.py", "kernels/blocks.py", "kernels/squash.py"}


def test_nothing_below_the_command_line_prints():
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] == "cli" or path.name.startswith("terminal"):
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path


def test_the_face_names_what_is_there():
    import neurosparse

    for name in neurosparse.__all__:
        assert getattr(neurosparse, name) is not None
    assert set(neurosparse.__all__) <= set(dir(neurosparse))
    with pytest.raises(AttributeError, match="frobnicate"):
        operator.attrgetter("frobnicate")(neurosparse)


def test_a_source_tree_works_where_it_stands():
    """Python puts the working folder first, so the package beside the reader is the one that must find its profiles."""
    script = "import neurosparse; print(neurosparse.__file__); print(neurosparse.load_profile('spinnaker').name)"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [str(PACKAGE / "__init__.py"), "spinnaker"]
