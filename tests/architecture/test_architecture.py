"""Networks in words: what is read, what is refused, and the shapes and weights that follow."""

from dataclasses import MISSING, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.architecture.architecture import architecture_of, planned
from neurosparse.architecture.images import Conv, MaxPool
from neurosparse.architecture.layer import Dense, layer_text
from neurosparse.architecture.layers import KINDS
from neurosparse.architecture.sequences import Lif, Lstm
from neurosparse.architecture.words import parse_layer, parse_layers, parse_shape, usage, written
from neurosparse.errors import BadInput

_PAPER = ("conv:64:5", "maxpool:3:stride=2", "conv:64:5", "maxpool:3:stride=2", 384, 192)


def test_the_network_of_the_paper_has_its_weights():
    network = architecture_of((3, 24, 24), _PAPER, 10)
    assert [(m.rows, m.columns, m.positions) for m in network.matrices] == [
        (75, 64, 576), (1600, 64, 144), (2304, 384, 1), (384, 192, 1), (192, 10, 1),
    ]  # fmt: skip
    assert sum(m.rows * m.columns for m in network.matrices) == 1_067_584
    names = [signal.population for signal in network.signals]
    assert names == ["input", "conv1", "maxpool1", "conv2", "maxpool2", "hidden1", "hidden2", "output"]
    assert str(network) == "3x24x24-conv:64:5-maxpool:3:stride=2-conv:64:5-maxpool:3:stride=2-384-192-10"


def test_a_chain_is_named_by_its_neurons_whatever_the_shape_of_its_input():
    assert str(architecture_of((1, 28, 28), (300, 100), 10)) == "784-300-100-10"
    assert architecture_of((1, 28, 28), (300, 100), 10).is_chain
    assert not architecture_of((28, 28), (300,), 10).is_chain


def test_a_sequence_is_read_at_its_last_step_unless_a_layer_says_otherwise():
    assert str(architecture_of((28, 20), ("lstm:7",), 10)) == "28x20-lstm:7-last-10"
    assert str(architecture_of((28, 20), ("bilstm:7", "mean", 9), 10)) == "28x20-bilstm:7-mean-9-10"
    both = architecture_of((28, 20), ("bilstm:7",), 10)
    assert [(m.rows, m.columns, m.recurrent, m.backward) for m in both.matrices[:-1]] == [
        (28, 28, False, False), (7, 28, True, False), (28, 28, False, True), (7, 28, True, True),
    ]  # fmt: skip
    assert both.signals[1].shape == (14, 20)
    assert both.signals[1].neurons == 14


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.sampled_from(["same", "valid"]), st.integers(1, 9))
def test_every_position_of_a_window_has_something_inside_and_no_position_is_missing(size, window, stride, padding, n):
    layer = Conv(n, window, stride, padding)
    longest = window if window > size else stride
    if longest > size:
        with pytest.raises(BadInput, match="larger than the image") as caught:
            layer.shape((2, size, size))
        assert caught.value.numbers == {"needs": f"{longest}", "there is": f"{size}", "too much": f"{longest - size}"}
        return
    channels, high, wide = layer.shape((2, size, size))
    assert (channels, high) == (n, wide)
    starts = range(0, size if padding == "same" else size - window + 1, stride)
    assert high == len(starts)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_what_is_written_is_read_as_the_same_layer(kind):
    spec = parse_layer({"dense": "30", "conv": "conv:64:5:stride=2:padding=valid"}.get(kind.word, _shortest(kind)))
    assert isinstance(spec, kind)
    assert parse_layer(layer_text(spec)) == spec
    assert written(layer_text(spec)) == (30 if kind is Dense else layer_text(spec))


def test_a_layer_with_all_its_options_is_not_too_long():
    text = "lif:220:100:no:1:30:5:300:0.2:2:eprop:0.5:20:10"
    in_full = written(text)
    assert len(in_full) > 100
    assert written(in_full) == in_full
    assert parse_layer(in_full) == parse_layer(text)


def _shortest(kind):
    return ":".join([kind.word, *("4" for f in fields(kind) if f.default is MISSING)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("foo:1", "no layer 'foo'"), ("conv:64", "lacks kernel"), ("conv:64:5:7:same:3", "no place for '3'"),
        ("conv:64:x", "no number"), ("conv:0:5", "makes no sense"), ("conv:64:5:padding=half", "'half'"),
        ("conv:64:5:channels=3", "no place for 'channels=3'"), ("0", "makes no sense"), ("-3", "no layer"),
        ("lstm", "lacks units"), ("last:1", "no place"), ("", "no layer"), ("lstm:1.5", "no number"),
        ("centre:nan", "makes no sense"), ("lstm:99999999999", "makes no sense"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(text, says):
    with pytest.raises(BadInput) as caught:
        parse_layer(text)
    assert says in caught.value.what


@pytest.mark.parametrize(
    ("shape", "layers", "says"),
    [
        ((10,), ("lstm:3",), "there is no time"), ((10,), ("conv:3:3",), "needs images"),
        ((3, 8, 8), (20, "maxpool:2"), "needs images"), ((3, 8, 8), ("crop:9",), "larger than the image"),
        ((4, 9), ("lstm:3", "last", "mean"), "there is no time"),
        ((4, 9), ("lif:3:delays=2:recurrent=no",), "no such connections"),
    ],
)  # fmt: skip
def test_layers_that_do_not_go_together_are_refused(shape, layers, says):
    with pytest.raises(BadInput, match=says):
        architecture_of(shape, layers, 10)


def test_how_a_layer_is_written_names_every_choice_the_default_first():
    for part in ("[:recurrent=yes|no]", "[:learning=bptt|eprop]", "[:delays=1]"):
        assert part in usage(Lif)
    assert usage(Conv) == "conv:CHANNELS:KERNEL[:stride=1][:padding=same|valid]"


@given(st.text(alphabet="conv:maxpl123=, xs-", max_size=20))
def test_whatever_is_written_is_read_or_refused(text):
    try:
        specs = [parse_layer(part) for part in parse_layers(text)]
    except BadInput:
        return
    assert [parse_layer(layer_text(spec)) for spec in specs] == specs


def test_a_hyphen_lies_between_layers_and_is_the_sign_of_a_number():
    assert parse_layers("784-300 - conv:64:5-10") == ("784", "300", "conv:64:5", "10")
    assert parse_layers("lif:3:tau_syn=1e-3-7,5") == ("lif:3:tau_syn=1e-3", "7", "5")
    for text, says in (
        ("lif:3:checkpoint_every=-1", "checkpoint_every=-1' makes no sense"),
        ("centre:-1", "sense: -1"),
    ):
        (layer,) = parse_layers(text)
        with pytest.raises(BadInput, match=says):
            parse_layer(layer)


def test_a_whole_network_is_planned_from_its_words():
    network = planned("3x8x8,conv:4:3,maxpool:2,20,10")
    assert network.input == (3, 8, 8)
    assert network.layers == (Conv(4, 3), MaxPool(2), Dense(20), Dense(10))
    assert planned("5x7,lstm:3,last,2").layers[0] == Lstm(3)
    for text, says in (("784", "an input and an output"), ("784,lstm:3", "not a number of classes"), ("0,10", "shape")):
        with pytest.raises(BadInput, match=says):
            planned(text)
    with pytest.raises(BadInput, match="not the shape"):
        parse_shape("1x2x3x4")
