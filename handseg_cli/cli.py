"""The command line: the table of commands, the Typer app, and the one place where errors become messages."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, NamedTuple, NoReturn, cast

import typer

from handseg_cli import __version__
from handseg_cli.config import (
    DoctorConfig,
    DownloadConfig,
    EvalConfig,
    ExportConfig,
    FinetuneConfig,
    PredictConfig,
    PrepareConfig,
    ShowConfig,
    StatusConfig,
    SynthConfig,
    TrainConfig,
)
from handseg_cli.errors import HandsegError
from handseg_cli.notes import (
    DOWNLOAD_NOTES,
    EVAL_NOTES,
    FINETUNE_NOTES,
    HELP,
    NOTES,
    PREDICT_NOTES,
    PREPARE_NOTES,
    STATUS_NOTES,
    SYNTH_NOTES,
    TRAIN_NOTES,
)
from handseg_cli.options import options_from
from handseg_cli.paths import shown
from handseg_cli.registry import resolve


class Command(NamedTuple):
    """A configuration, the verb it is handed to, whether what the verb returns goes to stdout, and more help."""

    config: type[Any]
    verb: str
    answers: bool = False
    notes: str = ""


COMMANDS = {
    "predict": Command(PredictConfig, "handseg_cli.predict.stream:predict", notes=PREDICT_NOTES),
    "status": Command(StatusConfig, "handseg_cli.predict.status:status", answers=True, notes=STATUS_NOTES),
    "download": Command(DownloadConfig, "handseg_cli.datasets.fetch:download", answers=True, notes=DOWNLOAD_NOTES),
    "download-datasets": Command(DownloadConfig, "handseg_cli.datasets.fetch:download", answers=True),
    "prepare": Command(PrepareConfig, "handseg_cli.datasets.prepare:prepare", answers=True, notes=PREPARE_NOTES),
    "synth": Command(SynthConfig, "handseg_cli.datasets.synthetic:synth", answers=True, notes=SYNTH_NOTES),
    "train": Command(TrainConfig, "handseg_cli.train.train:train", answers=True, notes=TRAIN_NOTES),
    "finetune": Command(FinetuneConfig, "handseg_cli.train.finetune:finetune", answers=True, notes=FINETUNE_NOTES),
    "eval": Command(EvalConfig, "handseg_cli.evaluate.verb:evaluate", answers=True, notes=EVAL_NOTES),
    "export": Command(ExportConfig, "handseg_cli.export.files:export"),
    "doctor": Command(DoctorConfig, "handseg_cli.about.doctor:doctor", answers=True),
    "show": Command(ShowConfig, "handseg_cli.about.show:show", answers=True),
}


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and exit: with the code of a HandsegError, whose message it prints, or that of the verb."""
    fill_streams()
    # NumPy would start as many threads as there are cores, which spin for a while and are never needed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, terminate)
    on_interrupt(signal.default_int_handler, leave)
    try:
        build_app()(args=arguments, prog_name="handseg")
    except HandsegError as error:
        print(f"handseg: {shown(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    finally:
        on_interrupt(interrupt, leave)
        # Python's own last steps take a while, and would end by the signal although all is done.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    sys.exit(0)


def fill_streams() -> None:
    """Open what a daemon closed: else the first mask would be file 1 or 2, and messages would be written into it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def build_app() -> typer.Typer:
    """Return the Typer app with every command of the table."""
    app = typer.Typer(
        help=HELP,
        epilog=NOTES,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help needs no import of rich, which takes longer than all the rest
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    # Typer's own --help option of a group has pydantic imported even where only a command's help is wanted.
    app.callback(invoke_without_command=True, add_help_option=False)(root)
    for name, command in COMMANDS.items():
        function = options_from(command.config, runner(command))
        app.command(name, help=command.config.__doc__, epilog=command.notes)(function)
    return app


def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    wants_help: Annotated[bool, typer.Option("--help", "-h", help="Show this message and exit.")] = False,
) -> None:
    """Handle the options that come before a command."""
    if version or wants_help:
        print(f"handseg {__version__}" if version else context.get_help())
        raise typer.Exit


def runner(command: Command) -> Callable[[Any], None]:
    """Return what runs a command's verb on its configuration, says what came of it and exits with its code."""

    def run(config: Any) -> None:
        verb = cast(Callable[[Any], object], resolve(command.verb))
        on_interrupt(leave, interrupt)
        try:
            result = verb(config)
            if command.answers:
                print(result, flush=True)
        except BrokenPipeError:
            # Nobody reads on, as in `handseg ... | head`. Python would complain when it flushes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(128 + signal.SIGPIPE) from None
        if not (command.answers or getattr(config, "quiet", False) or getattr(config, "log_json", False)):
            print(result, file=sys.stderr)
        raise typer.Exit(getattr(result, "exit_code", 0))

    return run


def terminate(number: int, frame: object) -> NoReturn:
    """End as SIGTERM asks, but through every `finally` on the way."""
    sys.exit(128 + number)


def on_interrupt(before: object, after: Callable[[int, object], NoReturn]) -> None:
    """Let Ctrl-C do another thing than before; where it does a third, as in nohup's silence, that stays."""
    if signal.getsignal(signal.SIGINT) is before:
        signal.signal(signal.SIGINT, after)


def interrupt(number: int, frame: object) -> NoReturn:
    """End as Ctrl-C asks, and say so; a second one ends the process at once.

    Not by KeyboardInterrupt: Python may die of SIGINT although that was caught.
    """
    signal.signal(signal.SIGINT, leave)
    with suppress(OSError):
        os.write(2, b"handseg: interrupted\n")
    terminate(number, frame)


def leave(number: int, frame: object) -> NoReturn:
    """End at once, where nothing has begun or all is done. While packages load, some swallow whatever is raised."""
    with suppress(OSError):
        os.write(2, b"handseg: interrupted\n")
    os._exit(128 + number)
