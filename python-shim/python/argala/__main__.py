"""`python -m argala`: the command, where the folder of scripts isn't on the path."""

import sys

from argala._command import main

sys.exit(main([sys.executable, "-m", "argala"]))
