"""`python -m losscli` and the `losscli` script."""

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        # scripts ask for it often, and importing the command line takes longer than all the rest
        from losscli.version import __version__

        sys.argv[0] = "losscli"
        print(f"losscli {__version__}")  # noqa: T201 - the one line that is printed without the command line
        return
    import gc

    # nothing that imports make is garbage, and looking for it takes a tenth of the start
    gc.disable()
    from losscli.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
