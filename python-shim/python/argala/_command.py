"""The `argala` command: the very one of the gateway, in this process."""

import os
import signal
import sys
from collections.abc import Sequence

from argala._argala import run_command


def main(itself: Sequence[str] = ()) -> int:
    """Runs the command with `sys.argv`; gives back the exit code. `itself`: the words that start it."""
    # Python's own handler would only make a note for Python code, and none runs until the command has ended: as every
    # other program, the command ends, or hears of it itself. Where SIGINT is ignored, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    script, *arguments = sys.argv
    return run_command(list(itself) or [os.path.abspath(script)], arguments)
