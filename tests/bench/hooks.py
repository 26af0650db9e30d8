"""What the shell hook costs: in a new terminal, and at a prompt.

At a prompt where nothing has changed, the hook's own function is called a
thousand times in one shell, so no start of a process is in the figure. In a
new terminal the shell starts with the block that `install` writes and calls
the hook once, as its first prompt does; a bare shell's start is taken off.
"""

from __future__ import annotations

import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from keyswitch.shells.hook_scripts import hook_script

if TYPE_CHECKING:
    from tests.bench.run import Bench

BUDGET = 1.0  # milliseconds a prompt
CALLS = 1000
LOOPS = 5
HOME = "values"
NOTHING_ACTIVE = "idle"  # a home where no profile is
STARTS = 60  # of each shell
TERMINAL_BUDGET = 1.0  # milliseconds over a bare shell, nothing active
PROMPT_BUDGET = 1.4  # of a bare interpreter: the first prompt with a profile

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


def prepare(bench: Bench) -> None:
    """Make a home where no profile is active; install the hook in both."""
    bench.prepare(NOTHING_ACTIVE, "vault", "values", 2)
    bench.keyswitch(NOTHING_ACTIVE, "off")
    for home in (HOME, NOTHING_ACTIVE):
        for shell in SHELLS:
            if shutil.which(shell) is not None:
                bench.keyswitch(home, "install", shell, "--yes")


# Of a first prompt with a profile, what can be measured alone.
PARTS = ("hook file", "keyswitch env")

START_FILES = {
    "bash": ".bashrc",
    "fish": ".config/fish/config.fish",
    "zsh": ".zshrc",
}


def new_terminals(bench: Bench, shell: str) -> dict[str, float]:
    """Return the seconds of a start of each kind; they take turns."""
    (program, *options), _ = SHELLS[shell]
    start = [program, *options, "-i", "-c"]
    terminals = {
        "interpreter": (HOME, [sys.executable, "-c", "pass"]),
        "bare": (HOME, [*start, "true"]),
    }
    for home in (HOME, NOTHING_ACTIVE):
        file = bench.folder / home / START_FILES[shell]
        terminals[home] = (home, [*start, f". {file}; __keyswitch_hook"])
    file = bench.folder / HOME / START_FILES[shell]
    parts = (f". {file}", f"keyswitch env --shell {shell} </dev/null")
    for name, line in zip(PARTS, parts, strict=True):
        terminals[name] = (HOME, [*start, line])
    taken: dict[str, list[float]] = {name: [] for name in terminals}
    path = os.pathsep.join([str(bench.launcher.parent), os.environ["PATH"]])
    for _ in range(STARTS):
        for name, (home, argv) in terminals.items():
            began = time.perf_counter()
            subprocess.run(
                argv, env=bench.environ(home) | {"PATH": path},
                stdin=subprocess.DEVNULL, capture_output=True, check=True,
            )  # fmt: skip
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def print_terminals(bench: Bench) -> bool:
    """Print two rows a shell; False where one is over its budget."""
    good = True
    print(f"\n{'new terminal':34} {'over bare':>9} {'ratio':>6} {'budget':>7}")
    for shell in SHELLS:
        if shutil.which(shell) is None:
            print(f"{shell:34} not there")
            continue
        found = new_terminals(bench, shell)
        for home, what in (
            (NOTHING_ACTIVE, "nothing active"),
            (HOME, "first prompt with a profile"),
        ):
            over = found[home] - found["bare"]
            ratio = over / found["interpreter"]
            if home == HOME:
                kept, budget = ratio <= PROMPT_BUDGET, f"{PROMPT_BUDGET:7.1f}"
            else:
                kept = over * 1000 <= TERMINAL_BUDGET
                budget = f"{TERMINAL_BUDGET:4.1f} ms"
            good &= kept
            print(
                f"{f'{shell}, {what}':34} {over * 1000:6.2f} ms {ratio:6.2f} "
                f"{budget} {'ok' if kept else 'TOO SLOW'}",
                flush=True,
            )
            if home == HOME and not kept:
                parts = {n: found[n] - found["bare"] for n in PARTS}
                parts["trial and eval of its text"] = over - sum(parts.values())
                shown = (f"{n} {t * 1000:.1f} ms" for n, t in parts.items())
                print(f"  of it: {', '.join(shown)}", flush=True)
    return good


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
