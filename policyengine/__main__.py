"""``python -m policyengine`` is the command ``policyengine``."""

from __future__ import annotations

import signal


def main() -> None:
    """Run one command line. Ctrl-C while libraries are loaded, before there is a guard, ends it without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from policyengine.cli import main as command

    command()


if __name__ == "__main__":
    main()
