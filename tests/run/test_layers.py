"""Networks of all layers from the command line: trained, checked, resumed, and handed over to simulators that run."""

import json
import subprocess
import sys

import numpy as np
import pytest
from processes import neurosparse

from neurosparse.config import configure
from neurosparse.errors import BadInput, OverBudget
from neurosparse.nn.unrolled import unrolled
from neurosparse.run.check import check_run
from neurosparse.run.folder import RunFolder
from neurosparse.run.training import resume, start

_CONVOLUTION = {"layers": "conv:8:3,norm,avgpool:2,30", "connectivity": "30%", "momentum": 0.9, "learning_rate": 0.05}
_ANY = {"profile": "spinnaker2", "neurons_per_core": 10_000, "synapses_per_core": 100_000, "momentum": 0.9}


@pytest.fixture(scope="module")
def convolution(tmp_path_factory):
    run = start(configure({**_CONVOLUTION, "epochs": 12}), tmp_path_factory.mktemp("layers") / "run")
    for _ in run.events():
        pass
    return run.folder


def test_a_convolution_is_trained_inside_its_budget_and_every_synapse_of_it_is_counted(convolution, digits):
    report = convolution.report()
    network = convolution.trained()
    whole = unrolled(network)
    assert report["fits"]
    assert report["accuracy"]["test"] > 0.93
    assert report["synapses"]["live"] == report["synapses"]["budget"] == network.synapses
    assert sum(core["synapses"]["live"] for core in report["cores"]) == whole.synapses > 5 * network.synapses
    assert report["synapses"]["unrolled"] == whole.synapses
    assert list(check_run(convolution.path))[-1].startswith("accuracy: measured again")
    logit = whole.activations(digits.test.x * np.float32(digits.scale))[-1]
    assert np.mean(logit.argmax(axis=1) == digits.test.y) == report["accuracy"]["test"]


def test_the_plan_of_a_convolution_holds_whatever_kernel_is_trained(convolution):
    plan, report = convolution.plan(), convolution.report()
    for core, found in zip(plan.cores, report["cores"], strict=True):
        assert found["synapses"]["live"] <= sum(core.slots.values())
        assert sum(found["regions"].values()) <= core.main.available
    assert [p.name for p in plan.graph.projections] == ["input-conv1", "conv1-hidden1", "hidden1-output"]
    assert [p.kernel is None for p in plan.graph.projections] == [False, False, True]


def test_the_exported_convolution_runs_in_nest_and_in_brian2(convolution, tmp_path):
    for target, arguments in (("pynn", ("--backend", "nest")), ("brian2", ())):
        out = tmp_path / target
        done = neurosparse("export", str(convolution.path), target, "--out", str(out), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        command = [sys.executable, str(out / "network.py"), *arguments, "--samples", "20"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("data", "layers", "options"),
    [
        ("digits-rows", "lstm:24", {}),
        ("digits-rows", "bilstm:12,mean", {}),
        ("digits-rows", "lstm:24:checkpoint_every=3:clip=1,max,20", {"weights": "int8"}),
        ("digits", "crop:7,centre:0.5,conv:8:3,maxpool:2,conv:12:3,maxpool:2", {"threads": 2}),
    ],
)
def test_layers_that_no_spiking_machine_has_are_trained_on_a_machine_that_holds_each_weight_once(
    data, layers, options, tmp_path
):
    asked = {**_ANY, "data": data, "layers": layers, "connectivity": "30%", "learning_rate": 0.1, "epochs": 12}
    run = start(configure({**asked, **options}), tmp_path / "run")
    for _ in run.events():
        pass
    report = run.folder.report()
    assert report["fits"]
    assert report["accuracy"]["test"] > 0.8
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy: measured again")
    page = neurosparse("report", "run", "--html", cwd=tmp_path)
    assert page.returncode == 0, page.stderr
    refused = neurosparse("export", "run", "pynn", cwd=tmp_path)
    assert refused.returncode == 2
    assert "cannot be told as synapses" in refused.stderr
    assert "a network with others has no export" in refused.stderr


def test_numbers_of_neurons_at_each_step_learn_with_the_settings_that_nobody_named(tmp_path):
    run = start(configure({**_ANY, "data": "digits-rows", "layers": "30", "epochs": 2}), tmp_path / "run")
    assert run.job.config.settings.births == "anywhere"
    for _ in run.events():
        pass
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy: measured again")


@pytest.mark.parametrize("layers", ["conv:8:3,norm,maxpool:2,30,norm", "mirror,conv:8:3:stride=2"])
def test_a_run_goes_on_to_the_bit_where_it_was_stopped(layers, tmp_path):
    config = configure({**_ANY, "data": "digits", "layers": layers, "connectivity": "30%", "epochs": 2})
    whole = start(config, tmp_path / "whole")
    for _ in whole.events():
        pass
    cut = start(config, tmp_path / "cut")
    steps = iter(range(150))
    for _ in cut.events(stop=lambda: next(steps, None) is None):
        pass
    assert not cut.folder.is_finished
    again = resume(tmp_path / "cut")
    for _ in again.events():
        pass
    for name in ("network.npz", "report.json", "checkpoint.npz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"data": "digits", "layers": "conv:8:9"}, "larger than the image"),
        ({"data": "digits", "layers": "lstm:8"}, "there is no time"),
        ({"data": "digits-rows", "layers": "conv:8:3"}, "needs images"),
        ({"data": "digits-rows", "layers": "lstm:8", "profile": "spinnaker"}, "cannot be told as synapses"),
        ({"data": "digits", "layers": "conv:8:3,maxpool:2", "profile": "spinnaker"}, "cannot be told as synapses"),
        ({"data": "digits-rows", "layers": "lif:8:adaptive=2", "profile": "spinnaker"}, "thresholds that adapt"),
        ({"data": "digits", "layers": "conv:8:3", "profile": "loihi"}, "is not known"),
        ({"data": "digits-rows", "layers": "lstm:8", "births": "paths"}, "fully connected layers alone"),
        ({"data": "digits", "layers": "conv:8:3", "rule": "rigl"}, "fully connected layers alone"),
        ({"data": "digits-rows", "layers": "lstm:8", "posterior_samples": 1}, "fully connected layers alone"),
        ({"data": "digits-rows", "layers": "lstm:8:checkpoint_every=2", "rule": "rigl"}, "keeps those of none"),
        ({"data": "digits-rows", "layers": "lif:8:checkpoint_every=2", "rule": "rigl"}, "keeps those of none"),
        ({"data": "digits-rows", "layers": "lif:8:delays=2", "signs": "dale"}, "several rows"),
        ({"data": "digits-rows", "layers": "lif:8:input_delays=2:recurrent=no", "signs": "dale"}, "several rows"),
        ({"data": "digits", "layers": "conv:8:3", "signs": "dale"}, "several rows"),
        ({"data": "digits", "layers": "avgpool:3:stride=1,20", "signs": "dale"}, "several rows"),
        ({"data": "digits", "layers": "conv:8:8:padding=valid", "rule": "rigl"}, "fully connected layers alone"),
        ({"data": "digits-rows", "layers": "lif:8:delays=8"}, "at most delays=7"),
        ({"data": "digits-rows", "layers": "lif:8:delays=7,lif:9:input_delays=9:recurrent=no"}, "too much 1"),
        ({"data": "digits", "layers": "8,norm", "batch": 1}, "a batch of one number"),
        ({"data": "digits-rows", "layers": "lif:8", "activation": "qcfs"}, "of rectified neurons"),
        ({"data": "digits-rows", "layers": "lstm:8", "dropout": "0,0.1,0"}, "one rate of dropout"),
        ({"data": "digits-rows", "layers": "lstm:8", "connectivity": "5%,10%"}, "2 values for 3 projections"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_is_written(asked, says, tmp_path):
    given = {"profile": "spinnaker2", "neurons_per_core": 10_000, "synapses_per_core": 100_000, "connectivity": "20%"}
    given |= asked
    if given["profile"] != "spinnaker2":
        del given["neurons_per_core"], given["synapses_per_core"]
    with pytest.raises(BadInput) as caught:
        start(configure(given), tmp_path / "run")
    assert says in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_an_older_program_is_told_that_the_file_is_of_another_kind(convolution):
    head = json.loads((convolution.path / "config.json").read_text())
    assert head["input"] == [1, 8, 8]
    assert RunFolder(convolution.path).architecture().folded == convolution.trained().architecture


@pytest.mark.parametrize(
    ("layers", "least"),
    [
        ("lif:60:adaptive=20,leaky:5,last", 0.75),
        ("lif:60:delays=3:rate_cost=1:checkpoint_every=3:clip=1", 0.6),
        ("lif:60:learning=eprop:tau_syn=3", 0.5),
        ("lif:40:input_delays=3,lif:40:input_delays=2:recurrent=no,mean", 0.6),
    ],
)
def test_spiking_neurons_are_trained_inside_their_budget(layers, least, tmp_path):
    asked = {**_ANY, "data": "digits-rows", "layers": layers, "connectivity": "30%", "learning_rate": 0.15}
    run = start(configure({**asked, "epochs": 20}), tmp_path / "run")
    for _ in run.events():
        pass
    report = run.folder.report()
    assert report["fits"]
    assert report["accuracy"]["test"] > least
    assert run.silent == ()
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy: measured again")


def test_recurrent_neurons_with_delays_are_trained_on_spinnaker_inside_its_rows(tmp_path):
    asked = {"profile": "spinnaker", "data": "digits-rows", "layers": "lif:40:delays=7", "momentum": 0.9}
    run = start(configure({**asked, "connectivity": "30%", "learning_rate": 0.1, "epochs": 2}), tmp_path / "run")
    for _ in run.events():
        pass
    report, plan = run.folder.report(), run.folder.plan()
    own = report["synapses"]["projections"][1]
    assert (own["name"], own["pre"], own["post"], own["pairs"]) == ("lif1-lif1", "lif1", "lif1", 40 * 7 * 40)
    assert max(own["longest_row"].values()) <= 7 * plan.max_row_length("lif1-lif1") <= 256
    assert report["fits"]
    assert [cause["name"] for cause in report["explanation"]["projections"]].count("lif1-lif1") == 2
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy: measured again")
    page = neurosparse("report", "run", "--html", cwd=tmp_path)
    assert page.returncode == 0, page.stderr
    assert "lif1-lif1" in (tmp_path / "run" / "report.html").read_text()


def test_neurons_that_never_fire_are_named(tmp_path):
    done = neurosparse(
        "train", "--data", "digits-rows", "--layers", "lif:20:tau_mem=1,lif:10", "--gain", "0.001", "--epochs", "1",
        "--learning-rate", "0.000001", "--profile", "spinnaker2", "--neurons-per-core", "1000",
        "--synapses-per-core", "10000", "--out", "run", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "warning: the neurons of lif1 never fire" in done.stderr
    assert "warning: the neurons of lif2 never fire" in done.stderr


@pytest.mark.parametrize(
    ("layers", "options", "live"),
    [
        # Weights of a channel that two cores share are on both.
        ("conv:4:3", {"neurons_per_core": 100, "synapses_per_core": 27, "synapses": "36,9"}, [18, 27, 9, 9]),
        ("avgpool:2,conv:4:3", {"neurons_per_core": 20, "synapses_per_core": 50, "synapses": "36,9"}, None),
        ("pad:1,8", {"profile": "spinnaker", "connectivity": "100%"}, None),
        ("maxpool:2", {"neurons_per_core": 20, "synapses_per_core": 50, "synapses": "9"}, None),
        # The neurons before an image is padded or cropped are not as many as its numbers.
        ("conv:4:3,pad:1,12", {"neurons_per_core": 900, "synapses_per_core": 9000, "connectivity": "30%"}, None),
        ("conv:4:3,crop:5,12", {"neurons_per_core": 900, "synapses_per_core": 9000, "connectivity": "30%"}, None),
        # A limit binds no weights that are shared, and all others.
        ("crop:4,8", {"neurons_per_core": 5, "synapses_per_core": 99, "max_row_length": "2", "synapses": "30,9"}, None),
    ],
)
def test_shared_weights_are_on_every_core_with_a_neuron_of_their_channel(layers, options, live, tmp_path):
    asked = {"profile": "spinnaker2", "data": "digits", "layers": layers, "epochs": 1, "batch": 400}
    run = start(configure({**asked, **options}), tmp_path / "run")
    for _ in run.events():
        pass
    report = run.folder.report()
    assert report["fits"]
    assert live in (None, [core["synapses"]["live"] for core in report["cores"]])
    assert all(core["synapses"]["live"] <= core["synapses"]["capacity"] for core in report["cores"])
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy: measured again")


def test_recurrent_connections_are_no_layer_of_a_chain(tmp_path):
    run = start(
        configure({**_ANY, "data": "digits-rows", "layers": "lif:60", "connectivity": "3%", "epochs": 1}),
        tmp_path / "run",
    )
    for _ in run.events():
        pass
    rows = (tmp_path / "run" / "projections.csv").read_text().splitlines()
    names = rows[0].split(",")
    for row in rows[1:]:
        values = dict(zip(names, row.split(","), strict=True))
        assert values["effective"] == values["live"]


def test_more_shared_weights_than_one_core_holds_are_refused(tmp_path):
    asked = {"profile": "spinnaker2", "data": "digits", "layers": "conv:4:3", "synapses": "24,9"}
    with pytest.raises(OverBudget) as caught:
        start(configure({**asked, "neurons_per_core": 128, "synapses_per_core": 12}), tmp_path / "run")
    assert caught.value.numbers == {"needs": "24 synapses", "there is": "12 slots", "too much": "12"}


@pytest.mark.parametrize("layers", ["conv:4:3:stride=2", "avgpool:2,conv:4:2,8", "crop:4,12", "pad:1,12"])
def test_a_limit_on_rows_holds_wherever_a_plan_counts_on_it(layers, tmp_path):
    asked = {"data": "digits", "layers": layers, "connectivity": "20%", "max_row_length": 2, "epochs": 1, "batch": 400}
    run = start(configure(asked), tmp_path / "run")
    for _ in run.events():
        pass
    plan = run.folder.plan()
    limited = [p for p in plan.graph.projections if not plan.graph.is_shared(p)]
    assert {p.name: plan.max_row_length(p.name) for p in limited} == {p.name: 2 for p in limited}
    assert run.folder.report()["fits"]
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy: measured again")
