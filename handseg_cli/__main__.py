"""Makes `python -m handseg_cli` the same as `handseg`."""

from handseg_cli.cli import main

if __name__ == "__main__":
    main()
