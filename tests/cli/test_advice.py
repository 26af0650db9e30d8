"""Advice never makes it worse: after `use`, every fix is tried.

A state that a switch leaves is no fault of the person's. So nothing that
doctor, whoami or `use` advises takes away what keyswitch wrote, and each fix
that can be carried out is: the profile is still what is sent, there is no new
error, and `off` gives every byte back.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keyswitch.errors import KeyswitchError
from keyswitch.targets.claude_code.settings.wanted import take_helpers
from keyswitch.targets.splice import Edited
from tests.cli.keyswitch import Keyswitch, copy_home
from tests.cli.used_homes import LOGIN, NAMES, Home, with_profiles
from tests.diagnosis.fix_lines import faults_of

COUNT = 500
REMOVE = re.compile(
    r"(?:remove|correct|take|use|give|mend) ('[^']+'|\S+).* (?:from|in|of) "
    r"(/\S+?)(?::(\d+))?(?:$|[ ,;)])"
)
UNSET = re.compile(r"unset ((?:[A-Z_]+(?: |$))+)")
COMMAND = re.compile(r"keyswitch ((?:[a-z0-9-]+)(?: [^\s;,\"()]+)*)")
EVAL = re.compile(r'eval "\$\(keyswitch ([^)]+)\)"')
# Words behind a command that belong to the sentence.
END = re.compile(
    r" (?:before|or|and|then|to|tells|makes|removes|mends|writes)\b.*"
)


def commands_of(fix):
    """Return (words, evaluated) of each command that a fix names."""
    found = [(m[1].split(), True) for m in EVAL.finditer(fix)]
    rest = EVAL.sub("", fix)
    for match in COMMAND.finditer(rest):
        words = END.sub("", match[1]).split()
        if not any(word.isupper() for word in words):
            found.append((words, False))
    return [c for c in found if c[0][0] in ALONE]


# Those that do something and ask for nothing.
ALONE = (
    "env",
    "link",
    "off",
    "remove",
    "revoke-local",
    "undo",
    "unlink",
    "use",
)


class Tried:
    """A home after `use`, and what became of it."""

    def __init__(self, ks, number):
        self.person = Home(ks, number)
        self.name = self.person.chance.choice(NAMES)
        self.ks = ks
        self.used = self.at(ks, "use", self.name)
        self.begun = self.state(ks)

    @staticmethod
    def at(ks, *words, **how):
        return ks.at("project", *words, **{"code": None, **how})

    def state(self, ks):
        """Return (in use, whether sent, errors, all findings, who is asked)."""
        verdict = json.loads(self.at(ks, "whoami", "--json").out)
        done = self.at(ks, "doctor", "--json")
        findings = [*verdict["warnings"], *json.loads(done.out)["findings"]]
        for finding in findings:
            assert not faults_of(finding["fix"]), finding["fix"]
        errors = {f["id"] for f in findings if f["severity"] == "error"}
        sent = verdict["request"]["sent"]
        return verdict["in_use"], sent, errors, findings, verdict["active"]

    def owned(self):
        """Return {(path, key)} of what keyswitch wrote and records."""
        folder = self.ks.home / ".local/state/keyswitch/baseline"
        return {
            (path, ".".join(one[0]))
            for record in folder.glob("*.json")
            if record.name != "logins.json"
            for path, file in json.loads(record.read_text())
            .get("files", {})
            .items()
            for one in file["owned"]
        }

    def worse(self, ks):
        """Yield what is worse in a home than right after `use`.

        Where nothing is sent, or another profile than the chosen one, of two
        reasons the second may show when the first is mended.
        """
        in_use, sent, errors, _, chosen = self.state(ks)
        if chosen != self.begun[4] and chosen == self.name:
            return  # a terminal's own choice ended, as `use` advised
        if self.begun[0] and not in_use:
            yield f"'{self.name}' is not in use any more"
        if self.begun[0] is False or not self.begun[1]:
            return
        if not sent:
            yield "nothing is sent any more"
        # What was a warning may be what counts once something is mended.
        new = errors - {finding["id"] for finding in self.begun[3]}
        if new:
            yield f"new errors: {new}"

    def copied(self, home):
        """Return the home once more, to try one fix in."""
        copy_home(self.ks.home, home)
        for path in home.rglob("*"):
            if path.is_symlink():
                target = str(path.readlink())
                path.unlink()
                path.symlink_to(target.replace(str(self.ks.home), str(home)))
        ks = Keyswitch(home)
        ks.environ |= {k: v for k, v in self.ks.environ.items() if k != "HOME"}
        return ks

    def not_given_back(self, ks, mends=()):
        """Yield each of the person's files that `off` does not give back."""
        done = self.at(ks, "off")
        if self.name == LOGIN and self.person.blanked:
            return  # a refused login: the profile's own copy stays
        for path, before in self.person.before.items():
            name = path.removeprefix(f"{self.ks.home}/")
            file, expected = ks.file(name), before
            if name == ".claude/settings.json":
                expected = without_left_helpers(before)
            now = file.read_bytes() if file.exists() else None
            for mend in dict.fromkeys(mends):
                at = mend.partition(": remove ")[0]
                if re.sub(r":\d+$", "", at) == path and expected:
                    expected = mended(expected, mend)
            if now == before and not mends:
                continue
            answers = any(ANSWERS in mend for mend in mends)
            if now != expected and not says_the_same(
                name, now, expected, answers=answers
            ):
                yield f"{name}: {expected!r} became {now!r}: {done.err}"


ANSWERS = "one entry of customApiKeyResponses.rejected"


def without_left_helpers(data):
    """Return settings without another keyswitch's commands: they go for good.

    `use` says so.
    """
    if not data or b"helper" not in data:
        return data
    text = Edited.of("", data)
    try:
        take_helpers(text)
    except KeyswitchError:
        return data
    return text.text.encode()


def mended(data, mend):
    """Return a file of a person's after a repair that doctor made."""
    what = mend.partition(": remove ")[2]
    if what.startswith("'"):
        lines = data.decode().split("\n")
        lines.remove(next(x for x in lines if x.strip() == what[1:-1]))
        return "\n".join(lines).encode()
    keys = tuple(what.split("."))
    text = Edited.of("", data)
    if ANSWERS in mend or text.raw(keys) is None:
        return data
    text.remove(keys)
    return text.text.encode()


def says_the_same(name, now, before, *, answers):
    """Tell whether a file of logins says the same, if in another order.

    Without the `answers` about keys that a repair took out.
    """
    if not name.endswith(("credentials.json", ".claude.json")):
        return False
    texts = [(d or b"").decode("utf-8-sig").strip() for d in (now, before)]
    try:
        both = [json.loads(text or "{}") for text in texts]
    except ValueError:
        return False
    if answers:
        for document in both:
            document.get("customApiKeyResponses", {}).pop("rejected", None)
    return both[0] == both[1]


def in_shell(ks, words):
    """Evaluate what a command prints in a shell; return its variables."""
    call = f'"{sys.executable}" -m keyswitch {" ".join(words)}'
    done = subprocess.run(
        ["bash", "-c", f'eval "$({call} 2>/dev/null)"; env -0'],
        env=ks.environ, cwd=ks.home / "project", capture_output=True,
        check=False,
    )  # fmt: skip
    pairs = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    found = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return {k: v for k, v in found.items() if k not in ("_", "SHLVL", "PWD")}


def violations(tried, tmp_path):
    """Yield everything that advice would make worse."""
    owned = tried.owned()
    fixes = {f["fix"]: f["id"] for f in tried.begun[3]}
    for line in tried.used.err.splitlines():
        fixes.setdefault(line, "use")
    for number, (fix, check) in enumerate(fixes.items()):
        for found in (
            *taken_away(fix, owned, tried.ks.environ),
            *unset(tried, fix, tmp_path / f"unset-{number}"),
            *carried_out(tried, fix, tmp_path / f"done-{number}"),
        ):
            yield f"{check}: {fix}: {found}"


def taken_away(fix, owned, environ):
    """Yield what a fix takes away that keyswitch wrote."""
    for key, path, line in REMOVE.findall(fix):
        keys = {key.strip("'"), f"env.{key.strip(chr(39))}"}
        if not key.startswith("'"):  # it, or a part of it
            keys |= {k for p, k in owned if p == path and on(path, line, k)}
        if any((path, k) in owned for k in keys):
            yield f"our {key}"
    ours = {k.removeprefix("env.") for _, k in owned}
    for names in UNSET.findall(fix):
        for name in ours & {*names.split()} - environ.keys():
            yield f"our {name}"


def unset(tried, fix, folder):
    """Unset what a fix says, and yield what is worse."""
    for names in UNSET.findall(fix):
        ks = tried.copied(folder)
        for name in names.split():
            ks.environ.pop(name, None)
        yield from tried.worse(ks)
        shutil.rmtree(folder)


def carried_out(tried, fix, folder):
    """Carry out the commands of a fix, each alone; yield what is worse."""
    for words, evaluated in commands_of(fix):
        ks = tried.copied(folder)
        if evaluated:
            ks.environ = in_shell(ks, words)
        else:
            done = tried.at(ks, *words)
            if "--yes" in done.err:
                tried.at(ks, *words, "--yes")
        for found in (*tried.worse(ks), *tried.not_given_back(ks)):
            yield f"{words}: {found}"
        shutil.rmtree(folder)


def on(path, line, key):
    """Tell whether a line of a file is that of a key."""
    name = key.rpartition(".")[2]
    lines = Path(path).read_text().split("\n") if line else []
    return len(lines) > 2 and f'"{name}"' in lines[int(line) - 1]


def fixed(tried, tmp_path):
    """Yield what `doctor --fix` makes worse."""
    found = [f for f in tried.begun[3] if f.get("mend")]
    if not found:
        return
    ks = tried.copied(tmp_path / "fixed")
    done = tried.at(ks, "doctor", "--fix", "--yes")
    mends = [f["mend"] for f in found]
    if "keyswitch: error: " in done.err:
        mends = []  # a file cannot be written: nothing is mended
    for path, key in tried.owned():
        if f"{path}: remove {key}" in mends:
            yield f"--fix takes our {key} away"
    for what in (*tried.worse(ks), *tried.not_given_back(ks, mends)):
        yield f"--fix: {mends}: {what}: {done.err}"
    shutil.rmtree(ks.home)


@pytest.mark.parametrize("number", range(COUNT))
def test_no_advice_after_a_switch_makes_it_worse(bare, tmp_path, number):
    ks = bare.begin_as(with_profiles)
    tried = Tried(ks, number)
    found = [*violations(tried, tmp_path), *fixed(tried, tmp_path)]
    found += [f"off: {one}" for one in tried.not_given_back(tried.ks)]
    assert not found, "\n".join([f"use {tried.name}", *found])
