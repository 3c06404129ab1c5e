"""The description of a sweep, what it comes to, and the folder that holds it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.errors import BadInput, FileFault, NeurosparseError, OverBudget
from neurosparse.run.folder import RunFolder
from neurosparse.run.pool import Failed, Finished, News, train_all
from neurosparse.run.sweep_file import read_sweep
from neurosparse.run.sweep_folder import SweepFolder, open_folder, plan_points
from neurosparse.settings import Settings

WHOLE = """\
title = "Mine"
seeds = [3, 1]
series = ["scope"]

[settings]
layers = [30, 20]
epochs = 1

[sweep]
scope = ["projection", "network"]
connectivity = ["20%", 0.1]
[[where]]
scope = "network"
settings.alpha = 1e-3
[[where]]
scope = "network"
connectivity = "10%"
[where.settings]
alpha = 2e-3
"""


@pytest.fixture
def read(tmp_path):
    def read(text, name="mine.toml"):
        (tmp_path / name).write_text(text)
        return read_sweep(tmp_path / name)

    return read


def test_points_are_all_combinations_with_their_exceptions(read):
    sweep = read(WHOLE)
    assert (sweep.title, sweep.seeds, sweep.x, sweep.series) == ("Mine", (3, 1), "connectivity", ("scope",))
    assert [(p.name, p.config.settings.alpha) for p in sweep.points] == [
        ("connectivity=20%_scope=projection", 2e-4),
        ("connectivity=10%_scope=projection", 2e-4),
        ("connectivity=20%_scope=network", 1e-3),
        ("connectivity=10%_scope=network", 2e-3),
    ]
    config = sweep.points[-1].config_of(3, "mine.toml:2")
    assert (config.settings.seed, config.settings.layers, config.settings.connectivity) == (3, (30, 20), 0.1)
    told = {name: config.origins[name].removeprefix("mine.toml:") for name in config.origins}
    assert {told.pop(name): name for name in ("seed", "layers", "scope", "connectivity", "alpha")} == {
        "2": "seed", "6": "layers", "10": "scope", "11": "connectivity", "19": "alpha",
    }  # fmt: skip
    assert told.pop("epochs") == "7"
    assert set(told.values()) == {"default"}


def test_what_the_figure_shows_is_chosen_where_nobody_says_it(read):
    sweep = read('seeds = 3\n[sweep]\nscope = ["network"]\nlayers = ["20", "30,20"]\nalpha = [0, 0.1]\ntau = [0.5]\n')
    assert (sweep.seeds, sweep.x, sweep.series) == ((1, 2, 3), "alpha", ("scope", "layers", "tau"))
    assert sweep.points[0].name == "alpha=0_layers=20_scope=network_tau=0.5"
    assert [dict(p.values)["alpha"] for p in sweep.points] == [0, 0.1, 0, 0.1]
    assert read('seeds = 1\n[sweep]\nscope = ["network"]\n').x == "scope"
    (point,) = read('seeds = 1\n[sweep]\ndata = ["some/where/my $data_1.npz"]\n').points
    assert point.name == "data=my--data_1.npz"


def test_points_can_be_left_out(read):
    text = 'seeds = 1\n[sweep]\nlevels = [4, 8]\nactivation = ["relu", "qcfs"]\n'
    with pytest.raises(BadInput, match=r"mine.toml:2 sweep: levels and ceiling are .* \(activation=relu_levels=4\)"):
        read(text)
    sweep = read(text + '[[where]]\nactivation = "relu"\nlevels = 4\nskip = true\n')
    assert len(sweep.points) == 3
    with pytest.raises(BadInput, match="where: no point is left"):
        read(text + '[[where]]\nprofile = "spinnaker"\nskip = true\n')


def test_a_number_of_connections_replaces_another_name_of_it(read):
    text = 'seeds = 1\n[settings]\nconnectivity = "5%"\n[sweep]\nscope = ["network", "projection"]\n'
    sweep = read(text + '[[where]]\nscope = "network"\nsettings.synapses = 900\n')
    assert [(p.config.settings.connectivity, p.config.settings.synapses) for p in sweep.points] == [
        (None, 900), (0.05, None),
    ]  # fmt: skip


def test_an_exception_may_change_what_varies_and_the_point_keeps_its_name(read):
    sweep = read(
        'seeds = 1\nx = "connections"\nseries = "rule"\n'
        "where = [\n"
        '  {rule = "pruning", connectivity = "1%", settings = {connectivity = 1.0, final_connectivity = 0.01}},\n'
        '  {rule = "pruning", connectivity = "10%", settings = {connectivity = 1.0, final_connectivity = 0.1}},\n]\n'
        '[sweep]\nconnectivity = ["1%", "10%"]\nrule = ["deepr", "pruning"]\n'
    )
    assert (sweep.x, sweep.series) == ("connections", ("rule",))
    assert [
        (p.name, p.values["connectivity"], p.config.settings.connectivity, p.config.settings.final_connectivity)
        for p in sweep.points
    ] == [
        ("connectivity=1%_rule=deepr", 0.01, 0.01, None),
        ("connectivity=10%_rule=deepr", 0.1, 0.1, None),
        ("connectivity=1%_rule=pruning", 0.01, 1.0, 0.01),
        ("connectivity=10%_rule=pruning", 0.1, 1.0, 0.1),
    ]


FAULTY = """\
seeds = 0
x = "tau"
series = "scope"
colour = 1
[settings]
alpha = -1
seed = 3
threads = 2
synapses = 9
[sweep]
connectivity = ["1%", "200%", 0.01]
alhpa = [0.0]
layers = [[20], "20"]
[[where]]
tau = 1.0
[[where]]
skip = true
[[where]]
scope = "all"
settings.connectivity = 0.5
"""


def test_all_faults_are_told_at_once_with_their_lines(read):
    with pytest.raises(BadInput) as told:
        read(FAULTY)
    lines = [line.strip().removeprefix("mine.toml:") for line in told.value.what.splitlines()[1:]]
    assert [line.split(": ")[0] for line in lines] == [
        "1 seeds", "2 x", "3 series", "3 series", "4 colour", "6 settings.alpha", "7 settings.seed",
        "8 settings.threads", "11 sweep.connectivity", "11 sweep.connectivity", "11 sweep.connectivity",
        "12 sweep.alhpa", "13 sweep.layers", "14 where[0]", "16 where[1]", "19 where[2].scope",
    ]  # fmt: skip
    assert "did you mean alpha?" in told.value.what
    assert "names 20 twice" in told.value.what
    assert told.value.what.startswith("the sweep has 16 faults")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "seeds: missing; write it like seeds = 5"),
        ("seeds = 1", "sweep: missing"),
        ("seeds = [1, 1]\n[sweep]\nalpha = [1]", "a seed is named twice"),
        ("seeds = true\n[sweep]\nalpha = [1]", "give the number of seeds"),
        ("seeds = 1\n[sweep]\nalpha = []", "sweep.alpha: List should have at least 1 item"),
        ("seeds = 1\n[sweep]\nalpha = 1", "sweep.alpha: Input should be a valid list"),
        ("seeds = 1\n[sweep]\nalpha = [1]\n[[where]]\nalpha = 3\nskip = true", "where[0]: no point matches"),
        ("seeds = 1\nx = 'connections'\n[sweep]\nalpha = [1]", "x: connections are counted, not set"),
        ("seeds = 1\n[sweep]\nalpha = [1]\n[[where]]\nalpha = 1\nskip = 'no'", "skip is true or false"),
        ("seeds = 1\nseries = ['alpha']\nx = 'alpha'\n[sweep]\nalpha = [1]", "that of x"),
        ("seeds = 1\n[sweep]\nalpha = [1]\nscope = ['network']\ndata = ['a/x.npz', 'b/x.npz']", "names x.npz twice"),
        ("seeds = 1\n[sweep]\nsynapses = [9]\nconnectivity = [0.1]", "give the number of connections once"),
        (
            "seeds = 1\n[sweep]\ndata = ['my data.npz', 'my-data.npz']",
            "two points would lie in the folder data=my-data.npz",
        ),
        (
            "seeds = 1\n[sweep]\nrule = ['deepr', 'rigel']\nbirths = ['path']",
            "there is no rewiring rule called 'rigel'",
        ),
        ("seeds = 1\n[sweep]\nrule = ['deepr', 'rigel']\nbirths = ['path']", "sweep.births: "),
        ("seeds = 1\n[sweep", "is not TOML"),
    ],
)
def test_what_has_no_meaning_is_refused(read, text, said):
    with pytest.raises(BadInput) as told:
        read(text)
    assert said in told.value.what


def test_points_with_long_values_have_names_that_file_systems_hold(read):
    deep = "'" + "', '".join(["conv:64:3:padding=valid", "norm"] * 9) + "'"
    points = read(f"seeds = 1\n[sweep]\nlayers = [[{deep}], [{deep}, '20'], ['20']]").points
    names = [point.name for point in points]
    assert len(set(names)) == 3
    assert [len(name) for name in names] == [255, 255, len("layers=20")]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name in ("bytes.toml", "nowhere.toml", "."):
        with pytest.raises(FileFault):
            read_sweep(tmp_path / name)


_values = st.one_of(st.text(max_size=6), st.integers(), st.floats(), st.booleans(), st.lists(st.integers(), max_size=2))
_tables = st.dictionaries(st.sampled_from([*Settings.model_fields, "nonsense"]), _values, max_size=3)


@settings(max_examples=50)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "title": _values,
            "seeds": _values,
            "x": _values,
            "series": _values,
            "settings": _tables,
            "sweep": st.dictionaries(
                st.sampled_from([*Settings.model_fields, "nonsense"]), st.lists(_values, max_size=2), max_size=3
            ),
            "where": st.lists(_tables.flatmap(lambda t: st.just({**t, "settings": t})), max_size=2),
        },
    )
)
def test_any_document_is_a_sweep_or_a_clear_error(document):
    from neurosparse.run.sweep_file import _Reader

    try:
        sweep = _Reader("mine.toml", "").read(document)
    except NeurosparseError as fault:
        assert "mine.toml:1" in str(fault)
    else:
        assert sweep.points


def test_points_that_cannot_be_run_are_named_together(read):
    sweep = read("seeds = 1\n[sweep]\nconnectivity = ['1%', '90%']\nsynapses_per_core = [50, 100000]\n")
    with pytest.raises(OverBudget) as told:
        plan_points(sweep)
    assert told.value.what.startswith("2 of 4 points cannot be run\n  connectivity=1%_synapses_per_core=50\n")
    assert "needs 209 synapses   there is 100 slots   too much 109" in told.value.what
    with pytest.raises(BadInput, match=r"data=cifar99_tau=1, data=cifar99_tau=2\n.*'cifar99'"):
        plan_points(read('seeds = 1\n[sweep]\ntau = [1, 2]\ndata = ["cifar99"]\n'))


def trained(folder, sweep, jobs=1):
    return list(train_all(folder.orders(sweep), jobs))


SMALL = 'seeds = 1\n[settings]\nlayers = [20]\nepochs = 2\n[sweep]\nconnectivity = ["20%", "10%"]\n'


def test_a_folder_goes_on_with_its_own_sweep_alone(read, tmp_path):
    sweep, path = read(SMALL), tmp_path / "out"
    path.mkdir()
    folder = open_folder(path, sweep)
    news = trained(folder, sweep)
    assert sum(isinstance(each, Finished) for each in news) == 2
    assert [each.done for each in news if isinstance(each, News) and each.validation is not None].count(1.0) == 2
    marks = plan_points(sweep)
    runs = open_folder(path, sweep).finished(sweep, marks)
    assert len(runs) == 2
    assert all(run.steps == 258 and run.weights == run.budget for run in runs.values())
    renamed = read(f'title = "Renamed"\nx = "connectivity"\n# a comment\n{SMALL}')
    assert open_folder(path, renamed).finished(renamed, marks) == runs
    assert (path / "sweep.toml").read_text().startswith('title = "Renamed"')
    other = read(SMALL.replace("epochs = 2", "epochs = 1\nalpha = 0.5"))
    with pytest.raises(BadInput, match=r"differs in settings.epochs and settings.alpha") as told:
        open_folder(path, other)
    assert told.value.numbers == {
        "settings.epochs": "2 there, 1 asked",
        "settings.alpha": "nothing there, 0.5 asked",
    }
    again = open_folder(path, other, overwrite=True)
    assert again.finished(other, plan_points(other)) == {}
    assert not (path / "runs").exists()


def test_a_run_of_another_making_is_refused(read, tmp_path):
    sweep = read(SMALL.replace(', "10%"', ""))
    folder, marks = open_folder(tmp_path / "out", sweep), plan_points(sweep)
    trained(folder, sweep)
    (order,) = folder.orders(sweep)
    head = json.loads((order.path / "config.json").read_text())
    for table, name, value, said in (
        ("configuration", "alpha", {"value": 0.5, "from": "--alpha"}, "with other values of alpha"),
        ("configuration", "epochs", {"value": 9, "from": "mine.toml:4"}, "with other values of epochs"),
        ("fingerprints", "data", "other", "the data 'digits' is not what the run was started with"),
    ):
        changed = {**head, table: {**head[table], name: value}}
        (order.path / "config.json").write_text(json.dumps(changed))
        with pytest.raises(BadInput, match=said):
            folder.finished(sweep, marks)
    filled = {**head["configuration"], "gain": {"value": 2.0, "from": "default"}}
    (order.path / "config.json").write_text(json.dumps({**head, "configuration": filled}))
    assert len(folder.finished(sweep, marks)) == 1, "a default of the time when it was made"


def test_two_sweeps_never_share_a_folder(read, tmp_path):
    sweep = read(SMALL)
    folder = open_folder(tmp_path / "out", sweep)
    with folder.claimed():
        with pytest.raises(FileFault, match="another sweep is running in out"), folder.claimed():
            pass
        with pytest.raises(FileFault, match="another sweep is running in out"):
            open_folder(tmp_path / "out", sweep, overwrite=True)


def test_nothing_but_a_sweep_is_replaced(read, tmp_path):
    sweep = read(SMALL)
    (tmp_path / "here").mkdir()
    (tmp_path / "here/sweep.toml").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("here", "file"):
        for overwrite in (False, True):
            with pytest.raises(BadInput, match="holds no sweep"):
                open_folder(tmp_path / name, sweep, overwrite=overwrite)
    (tmp_path / "here/sweep.json").write_text("{}")
    with pytest.raises(FileFault, match=r"sweep.json is not neurosparse.sweep-folder/1"):
        SweepFolder(tmp_path / "here")
    assert (tmp_path / "here/sweep.toml").read_text() == "mine"


def test_a_worker_tells_any_fault_and_goes_on(read, tmp_path):
    sweep = read(SMALL)
    folder = open_folder(tmp_path / "out", sweep)
    first, second = folder.orders(sweep)
    first.path.parent.mkdir(parents=True)
    first.path.write_text("no folder")
    failed, *_, finished = train_all([first, second], 1)
    assert isinstance(failed, Failed)
    assert (failed.order, failed.kind) == (first, "file")
    assert finished == Finished(second)
    assert RunFolder(second.path).is_finished
