"""The `neurosparse` command: a group that loads each command only when it is called."""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from collections.abc import Sequence

import click

from neurosparse.errors import NeurosparseError

# Name of the command, the module that holds it, and the line that --help shows without loading the module.
COMMANDS = {
    "train": ("neurosparse.cli.train", "Train a network inside the budget of a machine."),
    "sweep": (
        "neurosparse.cli.sweep",
        "Train settings x seeds from one file, and draw what came of them.",
    ),
    "plan": ("neurosparse.cli.plan", "Say what every core would hold, and whether it fits."),
    "report": ("neurosparse.cli.report", "Show what a run reached and what every core holds."),
    "compare": ("neurosparse.cli.compare", "Put two runs side by side, and say what got worse."),
    "export": ("neurosparse.cli.export", "Hand a network over to a simulator."),
    "simulate": ("neurosparse.cli.simulate", "Run a trained network in a simulator, and say where it parts."),
    "check": ("neurosparse.cli.check", "Prove from its files that a run keeps every promise."),
    "profiles": ("neurosparse.cli.profiles", "List, show and check hardware profiles."),
    "data": ("neurosparse.cli.data", "List data sets and fetch them."),
}


class LazyGroup(click.Group):
    """A click group whose commands are imported on first use, so that --help stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return the command called `name`: attribute `command` of its module."""
        if name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[name][0]).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="neurosparse", prog_name="neurosparse")
def cli() -> None:
    """Train ultra-sparse networks inside the memory of neuromorphic hardware, and hand them over running."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    0 yes; 1 no (does not fit, does not agree); 2 asked wrongly; 3 the world failed (file, network, disk);
    70 a fault of this program; 130 interrupted.
    """
    # Who ends the process in another way than Ctrl-C wants the same: nothing half-written, no simulator left behind.
    ends = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    before = {number: signal.signal(number, signal.default_int_handler) for number in ends}
    try:
        code = cli.main(args=arguments, prog_name="neurosparse", standalone_mode=False)
    except NeurosparseError as fault:
        click.echo(str(fault), err=True)
        code = fault.exit_code
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.ClickException as fault:
        fault.show()
        code = fault.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    except BrokenPipeError:
        # The reader of our output has left (`| head`): not a fault. Point stdout at nothing for the flush at exit.
        sys.stdout = None
        code = 0
    except (OSError, MemoryError) as fault:
        click.echo(
            f"error[file]: {fault}" if isinstance(fault, OSError) else "error[memory]: not enough memory", err=True
        )
        code = 3
    except Exception:
        traceback.print_exc()
        click.echo(
            "error[internal]: this is a fault of neurosparse, not yours: please report what stands above", err=True
        )
        code = 70
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
