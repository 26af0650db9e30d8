"""Repairs of doctor: exact, refused where a file changed, taken back whole."""

import json
import os
from pathlib import Path

import pytest

from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.switching.upkeep.repairs import mend
from keyswitch.switching.upkeep.undo import undo_last
from keyswitch.targets.verdict import Mend
from keyswitch.workspace import Workspace

CANARY = "sk-ant-api03-FAKE-canary-000000000000000000EXAMPLE"
FLAG = "CLAUDE_CODE_USE_BEDROCK"
EXPORT = f"export {FLAG}=1"
SETTINGS = f"""{{
\t"env" : {{ "ANTHROPIC_API_KEY": "{CANARY}",
\t\t"{FLAG}": "1", "A": null, "KEEP": "\u00e9" }},
\t"n": 1e5}}"""
REJECTED = ("customApiKeyResponses", "rejected")
TAILS = ["0000000000000000FAKE", "1111111111111111FAKE"]


@pytest.fixture
def workspace(home):
    environ = {"HOME": str(home), "PATH": os.defpath}
    return Workspace(environ, cwd=str(home))


def write(home, name, data, mode=0o644):
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    path.chmod(mode)
    return path


def line(path, number, text=EXPORT):
    return Mend(Mend.LINE, str(path), line=number, expected=text)


def member(path, *keys, raw='"1"'):
    return Mend(Mend.MEMBER, str(path), keys, expected=raw)


def rejected(path, tail):
    return Mend(Mend.ELEMENT, str(path), REJECTED, expected=tail)


def state_of(home):
    """Return the bytes of everything that keyswitch keeps."""
    folder = Path(home) / ".local" / "state" / "keyswitch"
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


RC = {
    "alone": (EXPORT, 1),
    "first": (f"{EXPORT}\na=b\n", 1),
    "last, no newline": (f"a=b\n{EXPORT}", 2),
    "blank lines": (f"\n\n{EXPORT}\n\n", 3),
    "CRLF": (f"a=b\r\n{EXPORT}\r\nc=d\r\n", 2),
    "twice the same": (f"{EXPORT}\n{EXPORT}\n", 2),
    "not UTF-8": (b"# f\xfcr\n" + EXPORT.encode() + b"\n\xff\xfe\n", 2),
    "a secret beside it": (f"export K={CANARY}\n{EXPORT}\nx={CANARY}\n", 2),
}


@pytest.mark.parametrize("what", RC)
def test_a_line_goes_and_every_other_byte_stays(home, workspace, what):
    data, number = RC[what]
    path = write(home, ".zshrc", data)
    before = path.read_bytes()
    lines = before.split(b"\n")
    mend(workspace, [line(path, number, lines[number - 1].decode())])
    assert path.read_bytes() == b"\n".join(lines[: number - 1] + lines[number:])
    assert CANARY.encode() not in state_of(home)
    undo_last(workspace)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_line_with_bytes_of_another_encoding_is_known_again(home, workspace):
    data = EXPORT.encode() + b" # f\xfcr\nx=1\n"
    path = write(home, ".zshrc", data)
    mend(workspace, [line(path, 1, f"{EXPORT} # f\ufffdr")])
    assert path.read_bytes() == b"x=1\n"
    undo_last(workspace)
    assert path.read_bytes() == data


def test_several_lines_and_members_go_in_one_change(home, workspace):
    rc = write(home, ".zshrc", f"{EXPORT}\na=b\n{EXPORT}\n")
    settings = write(home, ".claude/settings.json", SETTINGS)
    mend(
        workspace,
        [
            line(rc, 1),
            member(settings, "env", FLAG),
            line(rc, 3),
            member(settings, "env", "A", raw="null"),
        ],
    )
    assert rc.read_text() == "a=b\n"
    document = json.loads(settings.read_text())
    assert set(document["env"]) == {"ANTHROPIC_API_KEY", "KEEP"}
    assert CANARY.encode() not in state_of(home)
    undo_last(workspace)
    assert rc.read_text() == f"{EXPORT}\na=b\n{EXPORT}\n"
    assert settings.read_text() == SETTINGS
    with pytest.raises(KeyswitchError, match="nothing to undo"):
        undo_last(workspace)


def test_the_only_member_leaves_an_empty_block(home, workspace):
    text = f'\ufeff{{"env": {{\r\n  "{FLAG}": "1"\r\n}}}}'
    path = write(home, ".claude/settings.json", text)
    mend(workspace, [member(path, "env", FLAG)])
    assert path.read_text(encoding="utf-8") == '\ufeff{"env": {}}'
    undo_last(workspace)
    assert path.read_bytes() == text.encode()


def test_a_rejection_goes_as_often_as_it_is_there(home, workspace):
    text = json.dumps(
        {
            "primaryApiKey": CANARY,
            "customApiKeyResponses": {
                "rejected": [TAILS[0], TAILS[1], TAILS[0]]
            },
        }
    )
    path = write(home, ".claude.json", text, 0o600)
    mend(workspace, [rejected(path, TAILS[0])])
    found = json.loads(path.read_text())["customApiKeyResponses"]
    assert found == {"rejected": [TAILS[1]]}
    assert not (home / ".claude.json.lock").exists()
    assert CANARY.encode() not in state_of(home)
    undo_last(workspace)
    assert path.read_text() == text


def test_two_names_of_one_file_are_one_file(home, workspace):
    real = write(home, "dotfiles/zshrc", f"a=b\n{EXPORT}\n")
    for name in (".zshrc", ".bashrc"):
        (home / name).symlink_to("dotfiles/zshrc")
    mend(workspace, [line(home / ".zshrc", 2), line(home / ".bashrc", 2)])
    assert real.read_text() == "a=b\n"
    assert (home / ".zshrc").is_symlink()
    undo_last(workspace)
    assert real.read_text() == f"a=b\n{EXPORT}\n"
    assert (home / ".bashrc").is_symlink()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o444, 0o777])
def test_rights_are_only_taken_and_given_back(home, workspace, mode):
    path = write(home, ".aws/credentials", CANARY, mode)
    repair = Mend(Mend.MODE, str(path), mode=0o600, expected=f"{mode:04o}")
    mend(workspace, [repair])
    assert path.stat().st_mode & 0o777 == mode & 0o600
    undo_last(workspace)
    assert path.stat().st_mode & 0o777 == mode
    assert CANARY.encode() not in state_of(home)


def test_a_file_is_edited_and_closed_to_others_at_once(home, workspace):
    path = write(home, ".claude/settings.json", SETTINGS)
    repair = Mend(Mend.MODE, str(path), mode=0o600, expected="0644")
    mend(workspace, [repair, member(path, "env", FLAG)])
    assert path.stat().st_mode & 0o777 == 0o600
    undo_last(workspace)
    assert path.read_text() == SETTINGS
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_modes_of_a_link_s_target_are_narrowed(home, workspace):
    path = write(home, "elsewhere", CANARY)
    (home / "link").symlink_to("elsewhere")
    mend(workspace, [Mend(Mend.MODE, str(home / "link"), mode=0o600)])
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_folder_goes_and_a_full_one_stays(home, workspace):
    for name in ("a.lock", "b.lock/x"):
        (home / name).mkdir(parents=True)
    mend(workspace, [Mend(Mend.FOLDER, str(home / f"{n}.lock")) for n in "ab"])
    assert not (home / "a.lock").exists()
    assert (home / "b.lock").exists()


CHANGED = {
    "line": lambda rc, _: line(rc, 1, "export OTHER=1"),
    "line that is missing": lambda rc, _: line(rc, 99),
    "value": lambda _, s: member(s, "env", FLAG, raw='"true"'),
    "member that is missing": lambda _, s: member(s, "env", "GONE"),
    "element": lambda _, s: rejected(s, TAILS[0]),
    "mode": lambda rc, _: Mend(Mend.MODE, str(rc), mode=0o600, expected="0640"),
    "file": lambda rc, _: line(f"{rc}.gone", 1),
    "file of a mode": lambda rc, _: Mend(
        Mend.MODE, f"{rc}.gone", mode=0o600, expected="0644"
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_changed_since_the_look_is_refused_with_everything(
    home, workspace, what
):
    rc = write(home, ".zshrc", f"{EXPORT}\n")
    settings = write(home, ".claude/settings.json", SETTINGS)
    fine = [line(rc, 1), member(settings, "env", "A", raw="null")]
    with pytest.raises(FileStateError) as raised:
        mend(workspace, [*fine, CHANGED[what](rc, settings)])
    assert raised.value.hint
    assert rc.read_text() == f"{EXPORT}\n"
    assert settings.read_text() == SETTINGS
    assert rc.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("data", [b"{nope", b'{"x": "\xfc"}', b"[]", b""])
def test_a_file_that_cannot_be_read_is_refused(home, workspace, data):
    path = write(home, ".claude/settings.json", data)
    with pytest.raises(FileStateError):
        mend(workspace, [member(path, "env", FLAG)])
    assert path.read_bytes() == data


def test_undo_refuses_a_file_that_was_changed_since(home, workspace):
    rc = write(home, ".zshrc", f"{EXPORT}\n")
    settings = write(home, ".claude/settings.json", SETTINGS)
    mend(workspace, [line(rc, 1), member(settings, "env", FLAG)])
    rc.write_text("mine=1\n")
    between = settings.read_bytes()
    with pytest.raises(FileStateError, match="has changed since"):
        undo_last(workspace)
    assert rc.read_text() == "mine=1\n"
    assert settings.read_bytes() == between


def test_nothing_to_do_writes_nothing(home, workspace):
    mend(workspace, [])
    assert list(home.iterdir()) == []
