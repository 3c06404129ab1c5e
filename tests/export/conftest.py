"""The export of the digits network, for the tests of this room."""

from pathlib import Path

import pytest

from neurosparse.data.dataset import Dataset
from neurosparse.export.exporter import ExportSummary
from neurosparse.export.pynn import PyNNExporter
from neurosparse.nn.trained import TrainedNetwork


@pytest.fixture(scope="session")
def exported(network: TrainedNetwork, digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> ExportSummary:
    return PyNNExporter().export(network, digits, tmp_path_factory.mktemp("run") / "export" / "pynn")


@pytest.fixture
def folder(exported: ExportSummary, tmp_path: Path) -> Path:
    """A copy of the export elsewhere, free to be spoilt."""
    elsewhere = tmp_path / "a copy"
    elsewhere.mkdir()
    for name in exported.files:
        (elsewhere / name).write_bytes((exported.folder / name).read_bytes())
    return elsewhere
