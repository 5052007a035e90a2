"""The ``monitor`` command, also as ``python -m monitor``."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from monitor.cli.faults import report_unexpected  # noqa: PLC0415  # Ctrl-C from the start
        from monitor.cli.root import monitor  # noqa: PLC0415 - likewise

        sys.excepthook = report_unexpected
        monitor(prog_name="monitor")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
