import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.config import Config, configure
from neurosparse.errors import BadInput, FileFault, NeurosparseError
from neurosparse.settings import DEFAULT_CONNECTIVITY, Settings


def test_defaults_fill_what_nobody_names():
    config = configure()
    assert config.settings.connectivity == DEFAULT_CONNECTIVITY
    assert set(config.origins.values()) == {"default"}


def test_flags_win_over_the_file_and_the_budget_is_replaced_whole(tmp_path):
    (tmp_path / "a.toml").write_text("# mine\nsynapses = 500\nseed = 3\n")
    from_file = configure(file=tmp_path / "a.toml")
    assert (from_file.settings.synapses, from_file.settings.connectivity) == (500, None)
    assert from_file.origins["synapses"] == "a.toml:2"
    flagged = configure({"connectivity": "5%", "seed": None}, tmp_path / "a.toml")
    assert (flagged.settings.synapses, flagged.settings.connectivity) == (None, 0.05)
    assert flagged.origins["connectivity"] == "--connectivity"
    assert flagged.origins["seed"] == "a.toml:3"


def test_a_budget_of_memory_stands_beside_a_number_of_connections_or_alone(tmp_path):
    alone = configure({"budget": "80%"})
    assert (alone.settings.budget, alone.settings.connectivity, alone.settings.synapses) == (0.8, None, None)
    (tmp_path / "a.toml").write_text('budget = "64 KiB"\nmax_row_length = [3, 3, 5]\nmax_fan_in = 20\n')
    beside = configure({"connectivity": "5%"}, tmp_path / "a.toml")
    assert (beside.settings.budget, beside.settings.connectivity) == (65_536, 0.05)
    assert (beside.settings.max_row_length, beside.settings.max_fan_in) == ((3, 3, 5), 20)
    assert configure({"max_row_length": "3,4", "max_fan_in": "7"}).settings.max_row_length == (3, 4)
    assert configure(file=tmp_path / "a.toml").settings.connectivity is None


@pytest.mark.parametrize("value", ["0", "120%", "1.5", "-3", "many", 0, 0.0, 1.5, float("nan"), True, "0%"])
def test_what_is_no_share_of_a_memory_is_refused(value):
    with pytest.raises(BadInput, match="budget"):
        configure({"budget": value})


def test_a_configuration_without_any_number_of_connections_is_refused():
    values = configure({"budget": "100%"}).to_json()
    assert Config.from_json(values).settings.budget == 1.0
    values["budget"]["value"] = None
    with pytest.raises(BadInput, match="give connectivity, synapses or budget"):
        Config.from_json(values)


@pytest.mark.parametrize(
    "extra", [{}, {"budget": "64 KiB", "max_row_length": "3,4", "max_fan_in": 9}, {"budget": "80%"}]
)
def test_a_configuration_survives_json(extra):
    config = configure({"layers": "20,10", "synapses": "300", "tau": "0", **extra})
    again = Config.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert again.fingerprint() == config.fingerprint()


@pytest.mark.parametrize("flags", [{"levels": 4}, {"ceiling": 0.5}, {"activation": "relu", "levels": "16"}])
def test_levels_without_the_activation_that_has_them_are_refused(flags):
    with pytest.raises(BadInput, match="levels and ceiling are those of --activation qcfs"):
        configure(flags)
    assert configure({**flags, "activation": "qcfs"}).settings.activation == "qcfs"


@pytest.mark.parametrize(
    "flags", [{"levels": 0}, {"levels": 1025}, {"ceiling": 0}, {"ceiling": "inf"}, {"ceiling": 1e-9}]
)
def test_levels_and_ceilings_out_of_range_are_refused(flags):
    with pytest.raises(BadInput, match=next(iter(flags))):
        configure({**flags, "activation": "qcfs"})


def test_threads_do_not_change_the_fingerprint_but_all_else_does():
    base = configure()
    assert configure({"threads": 2}).fingerprint() == base.fingerprint()
    for name, value in {"seed": 2, "epochs": 61, "alpha": 0.0, "layers": "300", "scope": "network"}.items():
        assert configure({name: value}).fingerprint() != base.fingerprint()


@given(
    st.dictionaries(
        st.sampled_from([*Settings.model_fields, "nonsense"]),
        st.one_of(st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.lists(st.integers(), max_size=3)),
    )
)
def test_any_flags_give_a_configuration_or_a_clear_error(flags):
    try:
        config = configure(flags)
    except NeurosparseError as fault:
        assert isinstance(fault, BadInput)
        assert "fault" in fault.what
        return
    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    "text", ["layers = [", "= 3", "seed = 1\nseed = 2", "a = " + "[" * 3000, "epochs = " + "9" * 5000]
)
def test_what_is_not_toml_is_told(tmp_path, text):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(BadInput, match="not TOML"):
        configure(file=tmp_path / "a.toml")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileFault, match="cannot read the configuration"):
        configure(file=tmp_path / "a.toml")


@pytest.mark.parametrize("damage", [lambda d: d.pop("seed"), lambda d: d["seed"].pop("value"), lambda d: d.update(x=1)])
def test_a_damaged_stored_configuration_is_told(damage):
    document = configure().to_json()
    damage(document)
    with pytest.raises(BadInput):
        Config.from_json(document)


def test_budgets_and_dropout_may_be_named_for_each_projection():
    settings = configure({"synapses": "300,200,40", "dropout": "20%,0.1,0"}).settings
    assert settings.synapses == (300, 200, 40)
    assert settings.dropout == (0.2, 0.1, 0.0)
    assert configure({"synapses": "300", "dropout": "0.5"}).settings.dropout == 0.5


def test_a_preconditioner_may_be_named_for_each_projection():
    assert configure({"preconditioner": "1,0.5,2"}).settings.preconditioner == (1.0, 0.5, 2.0)
    assert configure({"preconditioner": "2"}).settings.preconditioner == 2.0


@pytest.mark.parametrize("preconditioner", ["0", "-1", "1,nan", "1,,2", "inf", "1e9", "half"])
def test_a_preconditioner_out_of_range_is_refused(preconditioner):
    with pytest.raises(BadInput, match="preconditioner"):
        configure({"preconditioner": preconditioner})


@pytest.mark.parametrize("dropout", ["1", "-0.1", "0.1,2", "half"])
def test_dropout_out_of_range_is_refused(dropout):
    with pytest.raises(BadInput, match="dropout"):
        configure({"dropout": dropout})


def test_dropout_of_clipped_neurons_is_refused_and_that_of_inputs_is_not():
    with pytest.raises(BadInput, match="does not go with --activation qcfs"):
        configure({"activation": "qcfs", "dropout": "0.1"})
    assert configure({"activation": "qcfs", "dropout": "0.1,0,0"}).settings.dropout == (0.1, 0.0, 0.0)
