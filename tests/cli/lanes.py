"""keyswitch's two ways to answer, each alone, for forks."""

import os

from keyswitch import express as express_lane
from keyswitch.cli.main import run

LEFT = 99  # the express lane left it to the full one
EXPRESS, FULL = (f"{__name__}:{name}" for name in ("express", "full"))


def express(args):
    """Answer at once, or leave it."""
    code = express_lane.run(args, os.environ)
    return LEFT if code is None else int(code)


def full(args):
    """Answer with the whole command line."""
    return run(args)
