"""`neurosparse plan`: the table, the verdict, the exit codes, and that it stays quick."""

import json
import subprocess
import sys

import pytest

from neurosparse.cli.main import main
from neurosparse.mapping.plan import Plan

_PAPER = ["plan", "--profile", "spinnaker", "--layers", "784,300,100,10", "--connectivity", "1.33%"]


def _run(capsys, *arguments):
    """Run the command; return exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as leave:
        main(list(arguments))
    captured = capsys.readouterr()
    return leave.value.code, captured.out, captured.err


def test_the_table_names_every_core_and_the_verdict(capsys):
    code, out, err = _run(capsys, *_PAPER)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert (
        " ".join(lines[0].split())
        == "population slice neurons chip, core slots SDRAM share used held by DTCM heap used"
    )
    assert [line.split()[:2] for line in lines[1:6]] == [
        ["input", "0-783"],
        ["hidden1", "0-255"],
        ["hidden1", "256-299"],
        ["hidden2", "0-99"],
        ["output", "0-9"],
    ]
    assert "(0, 0) 4" in lines[2]
    assert "200,704" in lines[2]
    assert "synaptic matrix" in lines[2]
    assert "39.2 %" in lines[2]
    assert lines[-4:-2] == [
        "fullest core: hidden1 0-255 on chip (0, 0) core 4, DTCM 39.2 %",
        "synapses 3,540 of 266,200 slots",
    ]
    assert lines[-2].startswith("not covered: what DTCM really holds")
    assert lines[-1] == "fits spinnaker: 5 cores on 1 chip"


def test_layers_may_be_written_with_dashes_and_synapses_as_numbers(capsys):
    for count in ("3540", "2408,888,244"):
        assert _run(capsys, "plan", "--layers", "784-300-100-10", "--synapses", count)[1] == _run(capsys, *_PAPER)[1]


def test_json_is_one_document_that_is_the_plan(capsys):
    code, out, err = _run(capsys, *_PAPER, "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document["fits"] is True
    plan = Plan.from_json(document)
    assert len(plan.cores) == 5
    assert sum(projection.synapses for projection in plan.graph.projections) == 3_540


def test_recurrent_neurons_with_delays_are_planned_with_what_holds_their_spikes_back(capsys):
    def planned(delays, connectivity="5%"):
        layers = f"28x28,lif:100:delays={delays},leaky:20,last,10"
        return _run(capsys, "plan", "--layers", layers, "--connectivity", connectivity)

    code, out, err = planned(8)
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["input", "lif1", "output"]
    assert "lif1-lif1: row of each delay at most 32" in out
    assert "holds spikes" not in out
    assert out.endswith("fits spinnaker: 3 cores on 1 chip\n")
    code, out, err = planned(100)
    assert (code, err) == (0, "")
    assert "\nnote: lif1_delayed holds spikes of lif1 back, for delays beyond" in out
    assert out.splitlines()[4].split()[:3] == ["lif1_delayed", "0-99", "100"]
    assert out.endswith("fits spinnaker: 4 cores on 1 chip\n")
    code, out, err = planned(600)
    assert (code, out) == (1, "")
    assert "needs 600 timesteps   there is 319   too much 281" in err
    assert "help: delays of up to 319 fit" in err
    assert planned(319, "1%")[0] == 0


def test_what_does_not_fit_exits_1_and_says_what_would(capsys):
    big = ["plan", "--layers", "4000,4000", "--connectivity", "1%"]
    code, out, err = _run(capsys, *big)
    assert (code, out) == (1, "")
    assert err.startswith("error[over-budget]: projection 'input-output' cannot be guaranteed to fit")
    assert "needs 160,000 synapses" in err
    assert "--neurons-per-core 188" in err
    code, out, err = _run(capsys, *big, "--json")
    assert code == 1
    assert json.loads(out)["fits"] is False
    assert json.loads(out)["numbers"]["needs"] == "160,000 synapses"
    assert _run(capsys, *big, "--neurons-per-core", "188")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--layers", "784,300"], "--connectivity or --synapses, or --budget alone"),
        (["--layers", "784,300", "--connectivity", "1%", "--synapses", "3"], "say once how many connections"),
        (["--layers", "784,x", "--connectivity", "1%"], "the output 'x' is not a number of classes"),
        (["--layers", "784", "--synapses", "3"], "an input and an output layer"),
        (["--layers", "784,300", "--connectivity", "120%"], "not a fraction between 0 and 1"),
        (["--layers", "10,2", "--synapses", "21"], "fewer pairs of neurons"),
        (["--layers", "10,2", "--synapses", "0"], "'0' is not a positive number"),
        (["--layers", "10,5,2", "--synapses", "5,5,5"], "synapses names 3 values for 2 projections"),
        (["--layers", "10,2", "--synapses", "5", "--neurons-per-core", "0"], "0 neurons on a core"),
        (["--layers", "10,2", "--synapses", "5", "--profile", "loihi9"], "no profile called 'loihi9'"),
        (["--synapses", "5"], "--layers"),
        (
            ["--layers", "8x8,lif:20:adaptive=5,10", "--synapses", "50"],
            "the layer lif:20:adaptive=5 has thresholds that adapt",
        ),
        (["--layers", "8x8,lif:20,max,10", "--synapses", "50"], "the layer max cannot be told as synapses"),
        (["--layers", "8x8,lif:20,leaky,lif:5,10", "--synapses", "50"], "the layer lif:5 cannot be told as synapses"),
        (["--layers", "8x8,leaky,lif:20,10", "--synapses", "50"], "the layer leaky cannot be told as synapses"),
        (["--layers", "8x8,lif:20,leaky,leaky,10", "--synapses", "50"], "the layer leaky cannot be told as synapses"),
        (["--layers", "8x8,lif:20,mean,30,10", "--synapses", "50"], "the layer 30 cannot be told as synapses"),
        *(
            (["--layers", layers, "--synapses", "40", "--profile", machine], "cannot be told as synapses")
            for layers, machine in (
                ("8x8,lstm:4,10", "loihi"), ("8x8,lstm:4,10", "dynapse2"), ("8x8,bilstm:4,10", "odin"),
                ("1x4x4,maxpool:2,10", "loihi"), ("8x8,12,10", "brainscales2"),
            )
        ),
        (["--layers", "1x4x4,avgpool:2,10", "--synapses", "20", "--profile", "loihi"], "means of an image"),
        (["--layers", "8x8,lif:4:adaptive=1,10", "--synapses", "20", "--profile", "xylo"], "thresholds that adapt"),
        (
            ["--layers", "8x8,lif:20:delays=3,10", "--synapses", "50", "--profile", "loihi"],
            "projection 'lif1-lif1' has delays of several timesteps",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_exits_2(capsys, arguments, fault):
    code, out, err = _run(capsys, "plan", *arguments)
    assert (code, out) == (2, "")
    assert fault in err


def test_planning_loads_no_compiler_and_no_arrays(tmp_path):
    script = (
        "import sys, time; start = time.perf_counter()\n"
        "from neurosparse.cli.main import cli\n"
        f"cli.main({_PAPER!r}, standalone_mode=False)\n"
        "print(f'{time.perf_counter() - start:.3f} s')\n"
        "loaded = [name for name in ('numba', 'numpy', 'scipy', 'llvmlite', 'matplotlib') if name in sys.modules]\n"
        "print('loaded', loaded)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path
    )
    print(done.stdout)
    assert done.stdout.splitlines()[-1] == "loaded []"
    assert "fits spinnaker: 5 cores on 1 chip" in done.stdout
