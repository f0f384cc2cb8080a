"""What `handseg` and `python -m handseg_cli` start."""

import os


def main() -> None:
    """Run one command and exit, also where Ctrl-C comes while all is being loaded."""
    try:
        from handseg_cli import cli
    except KeyboardInterrupt:
        os.write(2, b"handseg: interrupted\n")
        os._exit(130)  # Python may die of SIGINT although that was caught
    cli.main()


if __name__ == "__main__":
    main()
