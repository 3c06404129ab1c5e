"""Simulators are known by name, and found or missed without being loaded."""

import importlib.util
import subprocess
import sys

import pytest

from neurosparse.errors import BadInput, Unavailable
from neurosparse.export.exporter import exporters
from neurosparse.run.backends import BACKENDS, Backend, backend_called


@pytest.mark.parametrize("name", list(BACKENDS))
def test_every_one_is_installed_for_the_tests_and_has_its_exporter(name):
    backend = backend_called(name)
    assert backend.exporter in exporters.names()
    assert all(version[0].isdigit() for version in backend.versions().values())
    assert set(backend.versions()) == set(backend.needs.values())


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(BadInput, match="no back end called 'brain2'") as fault:
        backend_called("brain2")
    assert fault.value.help == "did you mean 'brian2'? known: nest, neuron, brian2, pynn-brian2"


def test_what_is_missing_is_told_as_pip_calls_it():
    backend = Backend("mine", "pynn", (), {"no_such_module": "a-package", "sys": "python", "nor_this": "another"})
    with pytest.raises(Unavailable, match="mine cannot run here: a-package and another are not installed") as fault:
        backend.check_installed()
    assert fault.value.help == "pip install a-package another"
    assert fault.value.exit_code == 3
    assert backend.versions() == dict.fromkeys(("a-package", "python", "another"), "unknown")


def test_a_folder_of_the_same_name_is_no_simulator(tmp_path, monkeypatch):
    (tmp_path / "nestling").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert importlib.util.find_spec("nestling") is not None
    with pytest.raises(Unavailable, match="mine cannot run here: nestling is not installed"):
        Backend("mine", "pynn", (), {"nestling": "nestling"}).check_installed()


def test_looking_loads_no_simulator():
    script = "import sys; from neurosparse.run.backends import BACKENDS\n"
    script += "for b in BACKENDS.values(): b.check_installed(); b.versions()\n"
    script += "print({'pyNN', 'nest', 'neuron', 'brian2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
