"""Other programs write Claude Code's files while keyswitch switches."""

import json
import random

import pytest

from tests.faults.cases import ENVIRON, cli
from tests.faults.concurrency import key_home
from tests.faults.concurrency.crowd import LONGEST, crowd
from tests.faults.concurrency.key_home import CONFIG, NAMES, SETTINGS
from tests.faults.concurrency.simulators import (
    Polite,
    Reader,
    Torn,
    at_work,
    rude_writers,
)
from tests.faults.harness import Warm, folder_in_memory
from tests.proof import record

# What keyswitch is about to put into place goes to a file as well.
SPY = """
import json
from keyswitch.disk import atomic
real = atomic.stage
def stage(target, path, data, **options):
    if target.endswith(("/settings.json", "/.claude.json")):
        with open("staged", "a") as file:
            file.write(json.dumps([target, data.decode()]) + "\\n")
    return real(target, path, data, **options)
atomic.stage = stage
"""
OVERTAKEN = b"another program is changing"
REFUSALS = (
    b"keyswitch does not write what it cannot read",
    b"another program is writing",
    b"not UTF-8 text",
    OVERTAKEN,
    # With exit 4: it is done, and was gone again when keyswitch looked.
    b"Claude Code sends nothing",
    b"is active, but",
)


@pytest.fixture
def spied():
    starter = Warm(defect=SPY)
    yield starter
    starter.close()


def switches(times, names=NAMES):
    chance = random.Random(times)
    return [cli("use", chance.choice(names)) for _ in range(times)]


def beside_polite(home, name, starters, times):
    """Switch while a polite program counts in one of the files."""
    known = key_home.make_home(home, starters[0])
    writer, reader = Polite(home, name), Reader(home, known)
    with at_work(writer, reader):
        ended = crowd(switches(times), home, starters)
    counted = json.loads((home / name).read_text())["turns"]
    found = writer.found + reader.found + list(key_home.wrong_with(home, known))
    if counted != writer.count:
        found.append(f"{counted} of {writer.count} turns are left")
    found += ended.unexpected([OVERTAKEN])
    refused = sum(OVERTAKEN in done.stderr for _, done, _ in ended.all)
    print(f"{times} switches beside {writer.count} writes, {refused} overtaken")
    record(promise="P1", what=f"switches beside a polite writer of {name}",
           points=times + writer.count, violations=len(found))  # fmt: skip
    assert found[:5] == []
    assert writer.count > times / 4
    # A tenth where nothing else runs; a busy machine lets it in more often.
    assert refused <= times / 2
    assert ended.longest < LONGEST


def test_a_polite_writer_of_claude_json_loses_nothing(tmp_path, starters):
    with folder_in_memory(tmp_path) as room:
        beside_polite(room / "home", CONFIG, starters(4), 12)


@pytest.mark.full
def test_many_turns_of_a_polite_writer_are_all_kept(tmp_path, starters):
    with folder_in_memory(tmp_path) as room:
        beside_polite(room / "home", CONFIG, starters(8), 200)


def beside_rude(home, name, start, times):
    """Switch while three programs write one of the files in place."""
    key_home.make_home(home, start)
    (home / "staged").unlink()
    torn = Torn(home / name)
    with rude_writers(home / name), at_work(torn):
        ended = crowd(switches(times), home, [start])
    refused = [done for _, done, _ in ended.all if done.returncode == 1]
    found = ended.unexpected(REFUSALS)
    found += staged_wrongly(home, name)
    found += ends_well(home, name, start)
    print(
        f"{times} switches beside rude writers, {len(refused)} refused, "
        f"{torn.times} times torn"
    )
    record(promise="P1", what=f"switches beside rude writers of {name}",
           points=times, violations=len(found))  # fmt: skip
    assert found[:5] == []
    assert torn.times >= times
    assert len(refused) < times


def staged_wrongly(home, name):
    """Yield what was staged and is not a whole file of the rude writers."""
    lines = (home / "staged").read_text().splitlines()
    assert any(json.loads(line)[0].endswith(name) for line in lines)
    for line in lines:
        target, text = json.loads(line)
        if target.endswith(name):
            try:
                document = json.loads(text)
            except ValueError:
                yield f"staged what does not parse: {text}"
                continue
            if not document.keys() & {"end", "numStartups", "theme"}:
                yield f"staged over a file that was empty: {text}"


def ends_well(home, name, start):
    """Yield what is wrong after the rude writers have ended."""
    (home / name).write_text('{"end": "mended", "begin": "mended"}')
    for profile in ("key1", "gate1", "aws1"):
        done = start(cli("use", profile), home, ENVIRON)
        if done.returncode != 0:
            yield f"use {profile}: {done.returncode} {done.stderr}"
    settings = json.loads((home / SETTINGS).read_text())
    if settings["env"].get("CLAUDE_CODE_USE_BEDROCK") != "1":
        yield f"the settings are not those of aws1: {settings}"
    done = start(cli("off"), home, ENVIRON)
    if done.returncode != 0:
        yield f"off: {done.stderr}"
    text = (home / name).read_text()
    if json.loads(text) != {"end": "mended", "begin": "mended"}:
        yield f"off left {text}"
    yield from key_home.leftovers(home)
    yield from key_home.ownerless_secrets(home)


@pytest.mark.parametrize("name", [SETTINGS, CONFIG])
def test_rude_writers_cost_tries_and_nothing_else(tmp_path, spied, name):
    with folder_in_memory(tmp_path) as room:
        beside_rude(room / "home", name, spied, 12)


@pytest.mark.full
@pytest.mark.parametrize("name", [SETTINGS, CONFIG])
def test_rude_writers_for_long(tmp_path, spied, name):
    with folder_in_memory(tmp_path) as room:
        beside_rude(room / "home", name, spied, 60)
