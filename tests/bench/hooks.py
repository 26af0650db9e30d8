"""What the shell hook costs at a prompt where nothing has changed.

The hook's own function is called a thousand times in one shell, so no start of
a process is in the figure: neither the shell's nor one of the hook's.
"""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import subprocess
from typing import TYPE_CHECKING

from keyswitch.shells.hook_scripts import hook_script

if TYPE_CHECKING:
    from tests.bench.run import Bench

BUDGET = 1.0  # milliseconds a prompt
CALLS = 1000
LOOPS = 5
HOME = "values"

_POSIX_LOOP = f"""
__keyswitch_hook
printf '%s\\n' "${{KEYSWITCH_ENV%%:*}}"
for loop in {" ".join(map(str, range(LOOPS)))}; do
  start=$(date +%s%N)
  for ((i = 0; i < {CALLS}; i++)); do __keyswitch_hook; done
  printf '%s\\n' "$(($(date +%s%N) - start))"
done
"""

_FISH_LOOP = f"""
__keyswitch_hook
string replace -r ':.*' '' -- $KEYSWITCH_ENV
for loop in (seq {LOOPS})
    set start (date +%s%N)
    for i in (seq {CALLS})
        __keyswitch_hook
    end
    math (date +%s%N) - $start
end
"""

# Shell -> how it is started without the person's files, and the loop.
SHELLS = {
    "bash": (("bash", "--norc", "--noprofile"), _POSIX_LOOP),
    "zsh": (("zsh", "-f"), _POSIX_LOOP),
    "fish": (("fish", "--no-config"), _FISH_LOOP),
}


def milliseconds(bench: Bench, shell: str) -> float:
    """Return the time of one call, in a project four folders down."""
    argv, loop = SHELLS[shell]
    project = bench.folder / HOME / "src" / "group" / "project" / "part"
    project.mkdir(parents=True, exist_ok=True)
    state = bench.folder / HOME / ".local" / "state" / "keyswitch"
    script = bench.folder / f"hook-{shell}"
    config = bench.folder / HOME / ".config" / "keyswitch" / "config.toml"
    hook = hook_script(shell, str(state / "state.json"), str(config))
    script.write_text(hook + loop)
    path = os.pathsep.join([str(bench.launcher.parent), os.environ["PATH"]])
    done = subprocess.run(
        [*argv, str(script)],
        env=bench.environ(HOME) | {"PATH": path},
        cwd=project, check=True, capture_output=True, text=True,
    )  # fmt: skip
    name, *loops = done.stdout.split()
    if (name, len(loops)) != ("work", LOOPS):
        raise ValueError(f"{shlex.join(argv)}: the hook did not follow")
    return statistics.median(map(int, loops)) / CALLS / 1e6


def print_hooks(bench: Bench) -> bool:
    """Print a row a shell; False where one is over its budget."""
    good = True
    print(f"\n{'hook at an unchanged prompt':34} {'a call':>9} {'budget':>14}")
    for shell in SHELLS:
        if shutil.which(shell) is None:
            print(f"{shell:34} not there")
            continue
        cost = milliseconds(bench, shell)
        kept = cost <= BUDGET
        good &= kept
        print(
            f"{shell:34} {cost:6.3f} ms {BUDGET:11.1f} ms "
            f"{'ok' if kept else 'TOO SLOW'}",
            flush=True,
        )
    return good
