"""Samples of the posterior: kept from the last epochs, averaged at the end, and proved by the check."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from neurosparse.config import configure
from neurosparse.errors import BadInput, CheckFailed, FileFault
from neurosparse.nn.trained import TrainedNetwork
from neurosparse.report.terminal import print_report
from neurosparse.run.check import check_run
from neurosparse.run.samples import samples_of
from neurosparse.run.training import resume, start

FLAGS = {"layers": "30,20", "epochs": 4, "posterior_samples": 3, "schedule": "constant", "rewire_until": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    run = start(configure(FLAGS), tmp_path_factory.mktemp("samples") / "run")
    for _ in run.events():
        pass
    return run.folder


def softmax(logit):
    e = np.exp(logit - logit.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_the_mean_of_what_the_last_networks_predict_decides(folder, digits):
    paths = sorted((folder.path / "samples").iterdir())
    assert [path.name for path in paths] == ["epoch-0002.npz", "epoch-0003.npz", "epoch-0004.npz"]
    networks = [TrainedNetwork.load(path) for path in paths]
    assert (folder.path / "network.npz").read_bytes() == paths[-1].read_bytes()
    for a, b in itertools.pairwise(networks):
        pairs = [set(zip(*n.projections[0].weight.nonzero(), strict=True)) for n in (a, b)]
        assert a.synapses == b.synapses
        assert pairs[0] != pairs[1]
    told = folder.report()["averaged"]
    assert told.pop("samples") == 3
    for name, accuracy in told.items():
        split = digits.splits[name]
        x = split.x.astype(np.float64) * digits.scale
        mean = np.mean([softmax(network.activations(x)[-1]) for network in networks], axis=0)
        assert accuracy == np.mean(mean.argmax(axis=1) == split.y)


def test_the_report_tells_it_and_the_check_measures_it(folder, capsys):
    print_report(folder.report())
    said = re.search(r"mean prediction of 3 posterior samples: validation ([0-9.]+) %", capsys.readouterr().out)
    assert float(said[1]) == round(100 * folder.report()["averaged"]["validation"], 2)
    assert "samples: the mean prediction of 3 measured again, as the report tells it" in list(check_run(folder.path))


def test_a_resumed_run_keeps_the_same_samples(folder, tmp_path):
    run = start(configure(FLAGS), tmp_path / "run")
    halves = itertools.count()
    for _ in run.events(stop=lambda: next(halves) == 300):
        pass
    for _ in resume(tmp_path / "run").events():
        pass
    for path in sorted((folder.path / "samples").iterdir()):
        assert (tmp_path / "run" / "samples" / path.name).read_bytes() == path.read_bytes()
    assert (tmp_path / "run" / "report.json").read_bytes() == (folder.path / "report.json").read_bytes()


def test_another_sample_fails_the_check(folder, tmp_path):
    run = start(configure(FLAGS | {"posterior_samples": 1}), tmp_path / "run")
    for _ in run.events():
        pass
    sample = tmp_path / "run" / "samples" / "epoch-0004.npz"
    whole = sample.read_bytes()
    sample.write_bytes((tmp_path / "run" / "initial.npz").read_bytes())
    with pytest.raises(CheckFailed, match="mean prediction of the posterior samples") as fault:
        list(check_run(tmp_path / "run"))
    assert set(fault.value.numbers) == {"measured validation", "measured test", "told validation", "told test"}
    network = TrainedNetwork.load(tmp_path / "run" / "initial.npz")
    first = network.projections[0]
    fewer = replace(first, weight=csr_array(first.weight * 0))
    fewer.weight.eliminate_zeros()
    replace(network, projections=(fewer, *network.projections[1:])).save(sample)
    with pytest.raises(CheckFailed, match="sample of epoch 4 has another number of connections"):
        list(check_run(tmp_path / "run"))
    sample.write_bytes(whole)
    list(check_run(tmp_path / "run"))
    shape = first.weight.shape[0] - 1, first.weight.shape[1]
    smaller = replace(first, weight=csr_array(first.weight[:-1], shape=shape))
    replace(network, projections=(smaller, *network.projections[1:])).save(sample)
    with pytest.raises((FileFault, CheckFailed), match="another"):
        list(check_run(tmp_path / "run"))
    with pytest.raises(FileFault, match="sample of epoch 4 is of another network"):
        samples_of(run.folder, configure(FLAGS | {"posterior_samples": 1}).settings).averaged(run.job.data)
    sample.unlink()
    with pytest.raises(FileFault, match="sample of epoch 4 is not there"):
        list(check_run(tmp_path / "run"))


def test_more_samples_than_epochs_are_refused():
    with pytest.raises(BadInput, match="posterior_samples is 5, one an epoch, and epochs is 4"):
        configure(FLAGS | {"posterior_samples": 5})


def test_without_samples_nothing_is_kept_or_told(tmp_path):
    run = start(configure(FLAGS | {"posterior_samples": 0, "epochs": 1}), tmp_path / "run")
    for _ in run.events():
        pass
    assert not (tmp_path / "run" / "samples").exists()
    assert "averaged" not in run.folder.report()
