import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.errors import BadInput
from neurosparse.units import format_bytes, format_percent, parse_bytes, parse_fraction, parse_sizes


@pytest.mark.parametrize(
    ("text", "count"),
    [("65536", 65536), (7, 7), ("64 KiB", 65536), ("117.75 MiB", 123469824), ("128 kB", 128000), ("1_000 B", 1000)],
)
def test_bytes(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "64 parsecs", "-1 B", "0.3 B", "KiB", "1e3 B"])
def test_what_is_no_number_of_bytes(text):
    with pytest.raises(BadInput):
        parse_bytes(text)


@given(st.integers(0, 2**50))
def test_whole_bytes_come_back(count):
    assert parse_bytes(f"{count} B") == parse_bytes(count) == count


@given(st.integers(0, 10**6))
def test_percent_and_fraction_agree(parts):
    assert parse_fraction(f"{parts / 10**4}%") == pytest.approx(parse_fraction(str(parts / 10**6)), abs=1e-12)


@pytest.mark.parametrize("text", ["", "%", "101%", "-0.1", "nan", "inf", "1.5", "half"])
def test_what_is_no_fraction(text):
    with pytest.raises(BadInput, match="not a fraction between 0 and 1"):
        parse_fraction(text)


@given(st.lists(st.integers(1, 10**6), min_size=1), st.sampled_from(",-"))
def test_sizes_come_back(sizes, joint):
    assert parse_sizes(joint.join(map(str, sizes))) == tuple(sizes)


@pytest.mark.parametrize("text", ["", "300,", "3x", "0", "1.5", "300,,100", "²"])
def test_what_is_no_list_of_sizes(text):
    with pytest.raises(BadInput, match="not a layer size"):
        parse_sizes(text)


def test_formats():
    assert [format_bytes(n) for n in (0, 1023, 1024, 123469792)] == ["0 B", "1023 B", "1.0 KiB", "117.7 MiB"]
    assert format_percent(0.9791, 2) == "97.91 %"
