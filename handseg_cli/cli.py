"""The command line: the table of commands, the Typer app, and the one place where errors become messages."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, NoReturn, cast

import typer

from handseg_cli import __version__
from handseg_cli.config import DoctorConfig, DownloadConfig, ExportConfig, PredictConfig, PrepareConfig, ShowConfig
from handseg_cli.errors import HandsegError
from handseg_cli.options import options_from
from handseg_cli.paths import shown
from handseg_cli.registry import resolve

# "\b" keeps Typer from joining the lines that follow.
PREDICT_NOTES = """
\b
Examples:
  handseg predict photos                              masks beside the photos
  handseg predict photos -r -o masks                  the whole tree, mirrored under masks/
  handseg predict a.jpg --kind mask --kind overlay    a.jpg.png and a.jpg.overlay.jpg
  find . -name '*.jpg' -print0 | handseg predict --files0-from -
  handseg predict - < a.jpg > mask.png
  handseg predict clip.mp4 --frames -o frames

\b
Names:
  mask         image.jpg.png               8-bit grey, 255 on hands
  probability  image.jpg.probability.png   8-bit grey, 255 for certainty
  overlay      image.jpg.overlay.jpg       the photo with its hands tinted
  cutout       image.jpg.cutout.png        the hands alone, the rest transparent
  of a video   clip.mp4.mkv                or with --frames the folder clip.mp4.frames

A mask that is up to date is skipped, one made with other weights or settings, or from a photo that has changed
since, is redone. A file handseg did not write is never replaced without --overwrite. Interrupted? Run it again.

\b
Exit codes:
  0    all done, now or before
  1    some inputs failed (see --fail-on)
  2    the command line makes no sense
  3    no photo was found
  4    cannot start: weights, a device or a package is missing
  5    the disk is full
  130  interrupted (143: terminated, 141: the reader of stdout went away)
"""

DOWNLOAD_NOTES = """
\b
Examples:
  handseg download-datasets                     the four hand mask datasets, after you agree to their terms
  handseg download rhd --dry-run                what would be fetched, from where, under which licence
  handseg download egohands --yes               without asking, as in cron
  handseg download hof --from hand_over_face_corrected.tar.gz

Exits with 1 if something could not be had; run it again and it goes on where it stopped.
"""

PREPARE_NOTES = """
\b
Examples:
  handseg prepare egohands eyth hof gtea        what `handseg download-datasets` has fetched
  handseg prepare folder --raw my_photos        images/ and masks/, or a.jpg beside a.jpg.png
  handseg show prepared/egohands.h5             what is in it

It can be interrupted: run it again and it goes on. The same input makes the same file, byte for byte.
"""

HELP = "Masks of the hands in photos: folders in, masks out, fast and unattended."

NOTES = """
\b
Begin with:
  handseg predict photos      write a mask beside each photo
  handseg predict --help      inputs, outputs, names and exit codes
  handseg doctor              check this installation
"""


class Command(NamedTuple):
    """A configuration, the verb it is handed to, whether what the verb returns goes to stdout, and more help."""

    config: type[Any]
    verb: str
    answers: bool = False
    notes: str = ""


COMMANDS = {
    "predict": Command(PredictConfig, "handseg_cli.predict.stream:predict", notes=PREDICT_NOTES),
    "download": Command(DownloadConfig, "handseg_cli.datasets.fetch:download", answers=True, notes=DOWNLOAD_NOTES),
    "download-datasets": Command(DownloadConfig, "handseg_cli.datasets.fetch:download", answers=True),
    "prepare": Command(PrepareConfig, "handseg_cli.datasets.prepare:prepare", answers=True, notes=PREPARE_NOTES),
    "export": Command(ExportConfig, "handseg_cli.export.onnx:export"),
    "doctor": Command(DoctorConfig, "handseg_cli.about.doctor:doctor", answers=True),
    "show": Command(ShowConfig, "handseg_cli.about.show:show", answers=True),
}


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and exit: with the code of a HandsegError, whose message it prints, or that of the verb."""
    fill_streams()
    # NumPy would start as many threads as there are cores, which spin for a while and are never needed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, terminate)
    try:
        build_app()(args=arguments, prog_name="handseg")
    except HandsegError as error:
        print(f"handseg: {shown(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
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
        try:
            result = verb(config)
            if command.answers:
                print(result, flush=True)
        except BrokenPipeError:
            # Nobody reads on, as in `handseg ... | head`. Python would complain when it flushes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(128 + signal.SIGPIPE) from None
        if not (command.answers or getattr(config, "quiet", False)):
            print(result, file=sys.stderr)
        raise typer.Exit(getattr(result, "exit_code", 0))

    return run


def terminate(number: int, frame: object) -> NoReturn:
    """End as SIGTERM asks, but through every `finally` on the way."""
    sys.exit(128 + number)
