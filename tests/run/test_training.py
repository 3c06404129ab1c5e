"""A run keeps its folder whole, stops after any step, and goes on to the same bytes."""

import json
from dataclasses import replace

import numpy as np
import pytest

from neurosparse.archive import replacing_folder
from neurosparse.config import configure
from neurosparse.errors import BadInput, CheckFailed, Diverged, FileFault, NeurosparseError, OverBudget
from neurosparse.nn.activation import Activation
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.terminal import print_report
from neurosparse.run.check import check_run
from neurosparse.run.folder import RunFolder, next_free
from neurosparse.run.training import resume, start
from neurosparse.settings import LATER
from neurosparse.train.events import EpochEnd, Stopped

SMALL = {"layers": "30,20", "connectivity": "20%", "epochs": 3, "alpha": 1e-3}
RESULTS = ("network.npz", "report.json", "history.csv", "checkpoint.npz", "plan.json")


def train(path, **changes):
    run = start(configure({**SMALL, **changes}), path)
    return list(run.events())


def files(path):
    return {name: (path / name).read_bytes() for name in RESULTS}


def test_a_run_folder_holds_everything(tmp_path):
    events = train(tmp_path / "run")
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert [end.epoch for end in ends] == [1, 2, 3]
    assert sum(end.rewired for end in ends) > 0
    folder = RunFolder(tmp_path / "run")
    report = folder.report()
    assert report["fits"] is True
    assert report["synapses"]["live"] == report["synapses"]["budget"] == ends[-1].live
    assert report["synapses"]["steps_over_budget"] == 0
    assert report["accuracy"]["validation"] == ends[-1].validation_accuracy
    assert 0.5 < report["accuracy"]["test"] <= 1
    assert str(tmp_path) not in json.dumps(report)
    assert len(folder.history()) == 3
    assert folder.trained().synapses == report["synapses"]["live"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"], "nothing temporary stays behind"


def test_equal_runs_give_equal_bytes_and_seeds_differ(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(tmp_path / name, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a")["network.npz"] != files(tmp_path / "c")["network.npz"]


FOR_SPIKES = {"activation": "qcfs", "ceiling": 2.0, "levels": 4, "weights": "int6"}


def test_a_run_trained_for_conversion_goes_on_to_the_same_bytes_and_proves_its_grid(tmp_path):
    train(tmp_path / "whole", **FOR_SPIKES)
    run = start(configure({**SMALL, **FOR_SPIKES}), tmp_path / "stopped")
    list(run.events(stop=lambda: run.trainer.position.step >= 57))
    list(resume(tmp_path / "stopped", {"threads": 2}).events())
    assert files(tmp_path / "whole") == files(tmp_path / "stopped")
    folder = RunFolder(tmp_path / "whole")
    network = folder.trained()
    assert network.activation(0) == Activation("qcfs", 2.0, 4)
    assert all(np.unique(np.abs(p.weight.data)).size <= 32 for p in network.projections)
    assert folder.report()["accuracy"]["test"] > 0.5
    assert "weights: whole steps, at most 31 of either sign, one step for each projection" in check_run(folder.path)


def test_a_weight_between_two_steps_is_found(tmp_path):
    train(tmp_path / "run", **FOR_SPIKES)
    folder = RunFolder(tmp_path / "run")
    network = folder.trained()
    weight = network.projections[1].weight.data
    weight[np.argmax(np.abs(weight))] *= 0.99
    network.save(tmp_path / "run/network.npz")
    (tmp_path / "run/checkpoint.npz").unlink()
    with pytest.raises(CheckFailed, match="'hidden1-hidden2' has weights that are no whole steps"):
        list(check_run(folder.path))


def test_another_activation_in_the_file_fails_the_check(tmp_path):
    train(tmp_path / "run", activation="qcfs")
    first, *others = RunFolder(tmp_path / "run").trained().projections
    TrainedNetwork((replace(first, activation=None), *others)).save(tmp_path / "run/network.npz")
    with pytest.raises(CheckFailed, match="not the network of the last checkpoint"):
        list(check_run(tmp_path / "run"))


def test_a_run_from_before_there_were_activations_goes_on(tmp_path):
    then = {"births": "anywhere", "rewire_until": 1.0, "fan_in_of": "all"}
    run = start(configure({**SMALL, **then}), tmp_path / "run")
    list(run.events(stop=lambda: run.trainer.position.step >= 57))
    head = json.loads((tmp_path / "run/config.json").read_text())
    for name in LATER:
        del head["configuration"][name]
    (tmp_path / "run/config.json").write_text(json.dumps(head))
    list(resume(tmp_path / "run").events())
    train(tmp_path / "now", **then)
    assert (tmp_path / "run/network.npz").read_bytes() == (tmp_path / "now/network.npz").read_bytes()
    assert list(check_run(tmp_path / "run"))[-1].startswith("accuracy")


def test_the_network_before_the_first_step_is_kept(tmp_path):
    run = start(configure(SMALL), tmp_path / "run")
    first = (tmp_path / "run/initial.npz").read_bytes()
    initial = run.folder.initial()
    assert initial.synapses == sum(p.synapses for p in run.job.graph.projections)
    list(run.events(stop=lambda: run.trainer.position.step >= 5))
    list(resume(tmp_path / "run").events())
    assert (tmp_path / "run/initial.npz").read_bytes() == first
    trained = run.folder.trained()
    assert trained.sizes == initial.sizes
    assert (trained.projections[0].weight != initial.projections[0].weight).nnz > 0
    (tmp_path / "run/initial.npz").unlink()
    assert run.folder.initial() is None


def test_two_threads_give_the_bytes_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr("neurosparse.nn.workers.Workers.MIN_WORK", 0)
    train(tmp_path / "one", threads=1)
    train(tmp_path / "two", threads=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("changes", [{}, {"momentum": 0.5, "learning_rate": 0.1}, {"scope": "network"}])
@pytest.mark.parametrize("stops", [[1], [129], [130, 131, 300]])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path, changes, stops):
    """129 steps are an epoch: stops in an epoch, at its end, and again and again."""
    train(tmp_path / "whole", **changes)
    run = start(configure({**SMALL, **changes}), tmp_path / "parts")
    for step in stops:
        events = list(run.events(stop=lambda run=run, step=step: run.trainer.position.step >= step))
        assert isinstance(events[-1], Stopped)
        assert events[-1].step == step
        assert not run.folder.is_finished
        list(check_run(tmp_path / "parts"))
        run = resume(tmp_path / "parts")
        assert run.trainer.position.step == step
    list(run.events())
    assert files(tmp_path / "whole") == files(tmp_path / "parts")


def test_a_run_killed_before_its_first_checkpoint_starts_again(tmp_path):
    train(tmp_path / "whole")
    start(configure(SMALL), tmp_path / "killed")
    list(resume(tmp_path / "killed").events())
    assert files(tmp_path / "whole") == files(tmp_path / "killed")


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    train(tmp_path / "run")
    before = files(tmp_path / "run")
    assert list(resume(tmp_path / "run").events()) == []
    assert files(tmp_path / "run") == before


def test_resuming_with_other_settings_names_each_that_differs(tmp_path):
    start(configure(SMALL), tmp_path / "run")
    with pytest.raises(BadInput, match="other values of layers and epochs") as fault:
        resume(tmp_path / "run", {"layers": "30,21", "epochs": 9, "seed": 1})
    assert fault.value.numbers["epochs"] == "3 in the run, 9 given"
    assert resume(tmp_path / "run", {"layers": "30,20", "threads": 2}).job.config.settings.threads == 2


def test_resuming_with_another_profile_is_refused(tmp_path):
    start(configure(SMALL), tmp_path / "run")
    with pytest.raises(BadInput, match="other values of profile"):
        resume(tmp_path / "run", {"profile": "elsewhere.toml"})


def test_a_profile_changed_since_the_start_is_noticed(tmp_path):
    import importlib.resources

    text = (importlib.resources.files("neurosparse.hardware_profiles") / "spinnaker.toml").read_text()
    profile = tmp_path / "mine.toml"
    profile.write_text(text)
    start(configure({**SMALL, "profile": str(profile)}), tmp_path / "run")
    resume(tmp_path / "run")
    assert "router_entries = { value = 1023" in text
    profile.write_text(text.replace("router_entries = { value = 1023", "router_entries = { value = 1000"))
    with pytest.raises(BadInput, match="its content differs"):
        resume(tmp_path / "run")


def test_a_run_that_exists_is_refused_unless_told(tmp_path):
    train(tmp_path / "run")
    before = files(tmp_path / "run")
    with pytest.raises(BadInput, match="exists already"):
        start(configure(SMALL), tmp_path / "run")
    assert files(tmp_path / "run") == before
    start(configure({**SMALL, "seed": 5}), tmp_path / "run", overwrite=True)
    assert not RunFolder(tmp_path / "run").is_finished
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("flags", [{"batch": 5_000}, {"synapses_per_core": 10}, {"data": "nowhere.npz"}])
def test_a_request_that_is_refused_costs_no_run(tmp_path, flags):
    train(tmp_path / "run")
    before = files(tmp_path / "run")
    with pytest.raises(NeurosparseError):
        start(configure({**SMALL, **flags}), tmp_path / "run", overwrite=True)
    assert files(tmp_path / "run") == before
    with pytest.raises(NeurosparseError):
        start(configure({**SMALL, **flags}), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_no_run_is_told_apart_and_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="exists already") as fault:
        start(configure(SMALL), tmp_path / "mine")
    assert "--resume" not in str(fault.value)
    for act in (resume, RunFolder, lambda path: start(configure(SMALL), path, overwrite=True)):
        with pytest.raises(FileFault, match=r"mine is not a run folder: it has no config\.json"):
            act(tmp_path / "mine")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_the_second_of_two_that_make_one_folder_is_told(tmp_path):
    with pytest.raises(BadInput, match="exists already"), replacing_folder(tmp_path / "run", False) as new:
        (new / "mine").write_text("")
        train(tmp_path / "run")
    assert RunFolder(tmp_path / "run").is_finished


def test_a_folder_is_trained_in_by_one_process_at_a_time(tmp_path):
    first = start(configure(SMALL), tmp_path / "run")
    events = first.events()
    next(events)
    with pytest.raises(FileFault, match="another process is training"):
        list(resume(tmp_path / "run").events())
    with pytest.raises(FileFault, match="another process is training"):
        start(configure(SMALL), tmp_path / "run", overwrite=True)
    list(events)
    assert RunFolder(tmp_path / "run").is_finished


def test_what_a_killed_process_left_is_swept(tmp_path):
    run = start(configure(SMALL), tmp_path / "run")
    run.folder.samples.mkdir()
    for folder in (run.folder.path, run.folder.samples):
        (folder / ".checkpoint.npz.abc.part").write_bytes(b"half")
    list(run.events())
    assert not list((tmp_path / "run").rglob(".*"))


@pytest.mark.parametrize("flags", [{"threads": "x"}, {"epochs": 0}, {"synapses": 5020}, {"connectivity": "30%"}])
def test_a_resume_with_faulty_or_other_settings_is_refused(tmp_path, flags):
    start(configure(SMALL), tmp_path / "run")
    with pytest.raises(BadInput):
        resume(tmp_path / "run", flags)


def _places(node, path=()):
    """Yield the path of every value in a document."""
    yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _places(child, (*path, key))


def test_a_damaged_report_is_told_or_still_shows(tmp_path, capsys):
    train(tmp_path / "run")
    path = tmp_path / "run" / "report.json"
    whole = path.read_text()
    for place in list(_places(json.loads(whole)))[1:]:
        for value in (None, "x", -1, [], "gone"):
            document = json.loads(whole)
            node = document
            for key in place[:-1]:
                node = node[key]
            if value == "gone":
                del node[place[-1]]
            else:
                node[place[-1]] = value
            path.write_text(json.dumps(document))
            try:
                print_report(RunFolder(tmp_path / "run").report())
            except FileFault:
                continue
            assert capsys.readouterr().out


def test_a_folder_that_is_no_run_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    with pytest.raises(FileFault):
        start(configure(SMALL), tmp_path / "thesis", overwrite=True)
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_told_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileFault, match="cannot write the folder run"):
        start(configure(SMALL), tmp_path / "file" / "run")


def test_a_rate_that_diverges_stops_with_the_step_and_keeps_the_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr("neurosparse.run.training.CHECKPOINT_SECONDS", 0.0)
    run = start(configure({**SMALL, "learning_rate": 0.3, "epochs": 3}), tmp_path / "run")
    events = run.events()
    while not isinstance(next(events), EpochEnd):
        pass
    good = (tmp_path / "run" / "checkpoint.npz").read_bytes()
    monkeypatch.setattr(type(run.trainer._optimizer), "rate_at", lambda self, step, steps: 1e30)
    with pytest.raises(Diverged, match="diverged at step 13"):
        list(events)
    assert (tmp_path / "run" / "checkpoint.npz").read_bytes() == good


@pytest.mark.parametrize("batch", [100, 14], ids=["a sign of life after every step", "stopped before one"])
def test_weights_that_diverge_behind_a_finite_loss_are_never_written(tmp_path, batch):
    asked = {**SMALL, "data": "digits-rows", "layers": "lif:25:beta=1e8:adaptive=13,max", "profile": "spinnaker2"}
    asked |= {"neurons_per_core": 100, "synapses_per_core": 100_000, "batch": batch, "epochs": 2}
    run = start(configure(asked), tmp_path / "run")
    with pytest.raises(Diverged, match="not finite"):
        list(run.events(lambda: True))
    assert not run.folder.checkpoint.exists()


def test_a_budget_that_does_not_fit_names_the_numbers(tmp_path):
    with pytest.raises(OverBudget) as fault:
        start(configure({**SMALL, "synapses_per_core": 100}), tmp_path / "run")
    assert "needs" in str(fault.value)
    assert "too much" in str(fault.value)
    assert fault.value.help
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"synapses": 10**9}, "fewer pairs"),
        ({"synapses": 2}, "without a synapse"),
        ({"layers": "64,30,10"}, "name the hidden layers alone"),
        ({"batch": 5_000}, "larger than the training split"),
        ({"profile": "spinaker"}, "did you mean 'spinnaker'"),
        ({"data": "minst"}, "did you mean 'mnist'"),
    ],
)
def test_impossible_requests_are_refused_before_work_starts(tmp_path, flags, message):
    values = {**SMALL, **flags}
    if "synapses" in flags:
        del values["connectivity"]
    with pytest.raises(BadInput) as fault:
        start(configure(values), tmp_path / "run")
    assert message in str(fault.value)


@pytest.mark.parametrize("name", ["checkpoint.npz", "network.npz", "plan.json", "config.json", "report.json"])
def test_every_truncated_file_is_told(tmp_path, name):
    train(tmp_path / "run")
    path = tmp_path / "run" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FileFault, match=name):
        list(check_run(tmp_path / "run"))


def test_a_run_that_keeps_its_promises_passes(tmp_path):
    train(tmp_path / "run")
    lines = list(check_run(tmp_path / "run"))
    assert [line.split(":")[0] for line in lines] == ["plan", "history", "checkpoint", "network", "report", "accuracy"]


def more_live(folder):
    document = json.loads((folder / "report.json").read_text())
    document["cores"][1]["synapses"]["live"] += 1
    (folder / "report.json").write_text(json.dumps(document))


def fewer_bytes(folder):
    document = json.loads((folder / "report.json").read_text())
    document["cores"][1]["memories"]["sdram"]["used"] -= 4
    (folder / "report.json").write_text(json.dumps(document))


def over_in_history(folder):
    lines = (folder / "history.csv").read_text().splitlines()
    lines[2] = lines[2].rsplit(",", 1)[0] + ",1"
    (folder / "history.csv").write_text("\n".join(lines) + "\n")


def bigger_plan(folder):
    document = json.loads((folder / "plan.json").read_text())
    for core in document["cores"]:
        core["slots"] = {name: slots + 1 for name, slots in core["slots"].items()}
    (folder / "plan.json").write_text(json.dumps(document))


def better_accuracy(folder):
    document = json.loads((folder / "report.json").read_text())
    document["accuracy"]["test"] = 1.0
    (folder / "report.json").write_text(json.dumps(document))


def other_births(folder):
    path = folder / "projections.csv"
    path.write_text(path.read_text().replace("input-hidden1", "hidden1-hidden2", 1))


def lost_births(folder):
    (folder / "projections.csv").unlink()


def another_seed(folder):
    document = json.loads((folder / "report.json").read_text())
    document["configuration"]["seed"]["value"] = 99
    (folder / "report.json").write_text(json.dumps(document))


def better_history(folder):
    lines = (folder / "history.csv").read_text().splitlines()
    values = lines[1].split(",")
    values[3] = "0.0001"
    lines[1] = ",".join(values)
    (folder / "history.csv").write_text("\n".join(lines) + "\n")


TAMPERS = [
    more_live, fewer_bytes, over_in_history, bigger_plan, better_accuracy, another_seed, better_history, other_births,
    lost_births,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERS)
def test_what_was_tampered_with_fails_the_check(tmp_path, tamper):
    train(tmp_path / "run")
    tamper(tmp_path / "run")
    with pytest.raises(CheckFailed):
        list(check_run(tmp_path / "run"))


def test_another_networks_file_fails_the_check(tmp_path):
    train(tmp_path / "a")
    train(tmp_path / "b", seed=2)
    (tmp_path / "a" / "network.npz").write_bytes((tmp_path / "b" / "network.npz").read_bytes())
    with pytest.raises(CheckFailed, match="not the network of the last checkpoint"):
        list(check_run(tmp_path / "a"))


def test_another_runs_checkpoint_is_refused(tmp_path):
    train(tmp_path / "a")
    start(configure({**SMALL, "seed": 2}), tmp_path / "b")
    (tmp_path / "b" / "checkpoint.npz").write_bytes((tmp_path / "a" / "checkpoint.npz").read_bytes())
    with pytest.raises(FileFault, match="belongs to another"):
        resume(tmp_path / "b")


def test_names_of_new_runs_count_up(tmp_path):
    (tmp_path / "digits-1").mkdir()
    assert next_free(tmp_path, "digits") == tmp_path / "digits-2"


def test_a_finished_run_that_lost_its_network_makes_it_again(tmp_path):
    train(tmp_path / "run")
    before = files(tmp_path / "run")
    (tmp_path / "run/network.npz").unlink()
    with pytest.raises(FileFault, match="no trained network"):
        RunFolder(tmp_path / "run").trained()
    list(resume(tmp_path / "run").events())
    assert files(tmp_path / "run") == before


def test_births_are_counted_by_projection_and_connections_on_paths_too(tmp_path):
    run = start(configure({"connectivity": 0.02, "epochs": 2, "births": "paths"}), tmp_path / "run")
    ends = [event for event in run.events() if isinstance(event, EpochEnd)]
    for end in ends:
        assert sum(part.rewired for part in end.projections) == end.rewired > 0
        assert sum(part.live for part in end.projections) == end.live
        assert all(0 < part.effective <= part.live for part in end.projections)
    lines = (tmp_path / "run/projections.csv").read_text().splitlines()
    assert lines[0] == "epoch,projection,live,rewired,effective"
    assert len(lines) == 1 + 2 * 3
    names = [p.name for p in run.job.graph.projections]
    assert [line.split(",")[:2] for line in lines[1:]] == [[str(epoch), name] for epoch in (1, 2) for name in names]
    assert run.folder.report()["synapses"]["effective"] == sum(part.effective for part in ends[-1].projections)


def test_every_projection_gets_the_budget_that_is_named_for_it(tmp_path):
    run = start(configure({"layers": "30,20", "synapses": "150,100,200", "epochs": 1}), tmp_path / "run")
    list(run.events())
    found = run.folder.report()["synapses"]["projections"]
    assert [(p["live"], p["budget"]) for p in found] == [(150, 150), (100, 100), (200, 200)]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"synapses": "150,100"}, "2 values for 3 projections"),
        ({"dropout": "0.1,0.1"}, "2 values for 3 projections"),
        ({"preconditioner": "1,2"}, "2 values for 3 projections"),
        ({"preconditioner": "1,2,1", "rule": "soft_deepr"}, "the rule soft_deepr does not use preconditioner"),
    ],
)
def test_values_for_another_number_of_projections_are_refused_before_work_starts(tmp_path, flags, words):
    with pytest.raises(BadInput, match=words):
        start(configure({"layers": "30,20", **flags}), tmp_path / "run")
    assert not (tmp_path / "run").exists()
