"""The embedded digits are the published ones, with a test set that never changes."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from neurosparse.data.digits import DIGITS
from neurosparse.errors import BadInput


def test_the_digits_are_the_published_ones() -> None:
    dataset = DIGITS.load(0.1)
    assert [split.x.shape for split in dataset.splits.values()] == [(1294, 64), (144, 64), (359, 64)]
    assert (dataset.scale, dataset.n_classes, dataset.train.x.dtype) == (1 / 16, 10, np.uint8)
    y = np.concatenate([split.y for split in dataset.splits.values()])
    # Class counts of the test part, optdigits.names of the UCI repository, section 9.
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    x = np.concatenate([split.x for split in dataset.splits.values()])
    assert (x.min(), x.max(), int(x.sum())) == (0, 16, 561718)


def test_the_test_set_is_stratified_and_independent_of_the_validation_split() -> None:
    few, many = DIGITS.load(0.05), DIGITS.load(0.3)
    np.testing.assert_array_equal(few.test.x, many.test.x)
    assert set(np.bincount(few.test.y)) <= {35, 36, 37}
    assert few.fingerprint != many.fingerprint


def test_the_digits_never_change() -> None:
    assert DIGITS.load(0.1).shape == (1, 8, 8)
    assert DIGITS.load(0.1).fingerprint == "eec69384b495d1961e66e83aaf54e5410735162a2009be352d8a69e7a364c1e5"


def test_a_bad_fraction_is_refused() -> None:
    with pytest.raises(BadInput, match="fraction"):
        DIGITS.load(0.0)


def test_the_attribution_comes_along() -> None:
    text = (resources.files("neurosparse.data") / "digits.md").read_text()
    for needed in ("E. Alpaydin and C. Kaynak", "10.24432/C50P49", "CC BY 4.0", "What was changed"):
        assert needed in text
    assert "CC BY 4.0" in DIGITS.card().licence


def test_the_card_tells_the_truth() -> None:
    card, dataset = DIGITS.card(), DIGITS.load(0.1)
    assert card.samples == sum(map(len, dataset.splits.values()))
    assert (card.name, card.features, card.classes) == (dataset.name, dataset.n_features, dataset.n_classes)
    assert card.shape == dataset.shape
