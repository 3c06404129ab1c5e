"""Exporters are found by name."""

import pytest

from neurosparse.errors import BadInput
from neurosparse.export.exporter import exporters


def test_pynn_is_in_the_table():
    assert "pynn" in exporters.names()
    assert exporters.load("pynn")().name == "pynn"


def test_unknown_name_says_what_there_is():
    with pytest.raises(BadInput, match="no exporter called 'pyn'") as caught:
        exporters.load("pyn")
    assert "pynn" in caught.value.help
