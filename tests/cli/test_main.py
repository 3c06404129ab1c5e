"""How the command ends where nothing else has a say."""

import signal

import pytest

from neurosparse.cli import main as cli


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (ValueError("a fault of ours"), 70, "error[internal]: this is a fault of neurosparse"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 3, "not enough memory"),
    ],
)
def test_what_nobody_foresaw_has_an_exit_code_of_its_own(fault, code, said, monkeypatch, capsys):
    def fail(**options):
        raise fault

    monkeypatch.setattr(cli.cli, "main", fail)
    with pytest.raises(SystemExit) as leave:
        cli.main(["profiles"])
    assert leave.value.code == code
    assert said in capsys.readouterr().err


def test_signals_mean_what_they_meant_afterwards():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert {number: signal.getsignal(number) for number in before} == before
