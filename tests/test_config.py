import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse.config import DEFAULT_CONNECTIVITY, Config, Settings, configure
from neurosparse.errors import BadInput, FileFault, NeurosparseError


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


def test_a_configuration_survives_json():
    config = configure({"layers": "20,10", "synapses": "300", "tau": "0"})
    again = Config.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert again.fingerprint() == config.fingerprint()


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
