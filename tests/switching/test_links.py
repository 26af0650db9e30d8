"""`.keyswitch` files: which one counts, and what is believed about it."""

import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.directories import links
from keyswitch.errors import InputError
from keyswitch.profiles.names import check_name
from keyswitch.profiles.paths import Paths

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


@pytest.fixture
def place(tmp_path):
    state = tmp_path / "state"
    (state / "trust").mkdir(parents=True, mode=0o700)
    (tmp_path / "tree").mkdir()
    return LinkFile(tmp_path, Paths(config="", data="", state=str(state)))


class LinkFile:
    def __init__(self, tmp_path, paths):
        self.paths = paths
        self.tree = tmp_path / "tree"
        self.file = self.tree / links.FILE

    def judge(self, word, path=None, data=None):
        path = self.file if path is None else path
        data = path.read_bytes() if data is None else data
        return self.record(word + b"\n", links.mark_of(str(path), data))

    def record(self, text, mark):
        path = type(self.tree)(self.paths.trusted(mark))
        path.write_bytes(text)
        path.chmod(0o600)
        return path

    def read(self):
        return links.read(self.paths, str(self.file))

    def look(self, folder=None):
        found = links.look(self.paths, str(folder or self.tree))
        return [(link.status, link.name) for link in found]


def test_a_file_counts_once_this_text_at_this_path_is_allowed(place):
    place.file.write_text("work\n")
    assert place.look() == [(links.UNKNOWN, "work")]
    place.judge(b"allow")
    assert place.look() == [(links.ALLOWED, "work")]
    place.file.write_text("other\n")
    assert place.look() == [(links.UNKNOWN, "other")]
    place.file.write_text("work\n")
    assert place.look() == [(links.ALLOWED, "work")]
    moved = place.tree / "moved"
    moved.mkdir()
    place.file.rename(moved / links.FILE)
    assert place.look(moved) == [(links.UNKNOWN, "work")]


def test_each_byte_of_the_text_is_part_of_what_was_allowed(place):
    for text in (b"work", b"work\n", b"work\r\n"):
        place.file.write_bytes(text)
        assert place.look() == [(links.UNKNOWN, "work")]
        place.judge(b"allow")


def test_a_path_and_a_text_cannot_be_mistaken_for_each_other():
    assert links.mark_of("/a", b"b") != links.mark_of("/ab", b"")
    assert links.mark_of("/a\udcff", b"b") != links.mark_of("/a", b"\xffb")


def test_the_nearest_that_counts_is_the_one(place):
    inner = place.tree / "a/b"
    inner.mkdir(parents=True)
    for folder, name in ((place.tree, "far"), (inner, "near")):
        (folder / links.FILE).write_text(f"{name}\n")
    place.judge(b"allow")
    near, far = (links.UNKNOWN, "near"), (links.ALLOWED, "far")
    assert place.look(inner) == [near, far]
    place.judge(b"deny", inner / links.FILE)
    assert place.look(inner) == [(links.DENIED, "near"), far]
    place.judge(b"allow", inner / links.FILE)
    assert place.look(inner) == [(links.ALLOWED, "near")]


def test_a_tree_full_of_links_names_the_nearest_few(place):
    folder = place.tree
    place.file.write_text("far\n")
    place.judge(b"allow")
    for _ in range(200):
        folder = folder / "d"
        folder.mkdir()
        (folder / links.FILE).write_text("evil\n")
    found = place.look(folder)
    assert found[-1] == (links.ALLOWED, "far")
    assert len(found) == links.NAMED + 1


def test_a_denied_file_of_any_kind_is_silent_until_it_changes(place):
    place.file.write_bytes(b"no name at all")
    assert place.look() == [(links.UNUSABLE, "")]
    place.judge(b"deny")
    assert place.look() == [(links.DENIED, "")]
    place.file.write_bytes(b"no name at all!")
    assert place.look() == [(links.UNUSABLE, "")]


def test_what_cannot_be_used_cannot_be_allowed(place):
    place.file.write_bytes(b"no name at all")
    place.judge(b"allow")
    assert place.look() == [(links.UNUSABLE, "")]
    place.file.unlink()
    place.file.symlink_to("/dev/null")
    place.record(b"allow\n", place.read().mark)
    assert place.look() == [(links.UNUSABLE, "")]


def test_a_folder_of_that_name_is_no_link(place):
    place.file.mkdir()
    assert place.look() == []


@pytest.mark.parametrize(
    "text", [b"", b"allo", b"allowed\n", b"ALLOW\n", b" allow\n", b"deny allow",
             b"\0allow\n", b"allow \n", b"\xff" * 5000],
)  # fmt: skip
def test_a_damaged_record_says_nothing(place, text):
    place.file.write_text("work\n")
    place.record(text, place.read().mark)
    assert place.look() == [(links.UNKNOWN, "work")]


def symlink(record, tmp_path):
    record.rename(tmp_path / "elsewhere")
    record.symlink_to(tmp_path / "elsewhere")


def fifo(record, tmp_path):
    record.unlink()
    os.mkfifo(record)


def folder(record, tmp_path):
    record.unlink()
    record.mkdir()


PLANTED = {
    "symlink": symlink,
    "fifo": fifo,
    "folder": folder,
    "others may write": lambda record, _: record.chmod(0o666),
    "the group may write": lambda record, _: record.chmod(0o620),
    "others may write beside it": lambda r, _: r.parent.chmod(0o777),
    "sticky": lambda r, _: r.parent.chmod(0o1777),
    "another's record": lambda record, _: os.chown(record, 1235, -1),
    "root's for a user": lambda record, _: os.chown(record.parent, 1235, -1),
}


@pytest.mark.parametrize("how", sorted(PLANTED))
def test_a_record_that_another_could_have_written_says_nothing(
    place, tmp_path, how
):
    if "'s" in how and os.getuid() != 0:
        pytest.skip("needs root")
    place.file.write_text("work\n")
    record = place.judge(b"allow")
    assert place.look() == [(links.ALLOWED, "work")]
    PLANTED[how](record, tmp_path)
    began = time.monotonic()
    assert place.look() == [(links.UNKNOWN, "work")]
    assert time.monotonic() - began < 2


@ROOT_ONLY
def test_a_file_of_another_user_is_not_used_even_if_allowed(place):
    place.file.write_text("work\n")
    place.judge(b"allow")
    os.chown(place.file, 1235, 1235)
    assert place.read().why == "it belongs to another user"
    assert place.look() == [(links.UNUSABLE, "")]


def test_a_huge_file_is_not_read(place):
    with place.file.open("wb") as f:
        f.write(b"work\n")
        f.truncate(1 << 30)
    began = time.monotonic()
    assert place.look() == [(links.UNUSABLE, "")]
    assert time.monotonic() - began < 2


def test_a_file_that_takes_the_place_of_the_one_looked_at_is_not_read(
    place, monkeypatch
):
    place.file.write_text("work\n")
    place.judge(b"allow")
    secret = place.tree / "secret"
    secret.write_text("work\n")
    look = os.lstat

    def exchange(path):
        found = look(path)
        secret.replace(path)
        return found

    monkeypatch.setattr(links.os, "lstat", exchange)
    assert place.read() is None


def test_links_of_a_path_as_deep_as_the_system_takes_are_found_quickly(place):
    """Also of one that is deeper than any path may be long."""
    for length in (4000, 60_000):
        deep = str(place.tree) + "/d" * (length // 2)
        began = time.process_time()
        assert links.look(place.paths, deep) == []
        assert time.process_time() - began < 2


SWAP = """
import os, sys
path, beside = sys.argv[1], sys.argv[1] + ".new"
open(path + ".ready", "w").close()
while os.path.exists(path + ".ready"):
    for kind in ("text", "link", "evil", "fifo", "zero", "none", "large"):
        if kind == "fifo":
            os.mkfifo(beside)
        elif kind in ("link", "zero"):
            os.symlink(path + ".secret" if kind == "link" else "/dev/zero", beside)
        elif kind != "none":
            with open(beside, "w") as f:
                f.write({"text": "work\\n", "evil": "evil\\n"}.get(kind, "a" * 9999))
        if kind == "none":
            os.unlink(path)
        else:
            os.rename(beside, path)
"""  # noqa: E501


def test_a_file_that_is_exchanged_all_the_time_counts_only_as_allowed(place):
    place.file.write_text("work\n")
    place.judge(b"allow")
    secret = place.tree / ".keyswitch.secret"
    secret.write_text("secret\n")
    ready = place.tree / ".keyswitch.ready"
    swapper = subprocess.Popen([sys.executable, "-c", SWAP, str(place.file)])
    try:
        end = time.monotonic() + 20
        while not ready.exists():
            assert time.monotonic() < end
        seen = set()
        end = time.monotonic() + 1
        while time.monotonic() < end:
            link = place.read()
            seen.add(link and (link.status, link.name))
    finally:
        ready.unlink(missing_ok=True)
        assert swapper.wait(20) == 0
    assert seen - {None, (links.UNUSABLE, "")} == {
        (links.ALLOWED, "work"),
        (links.UNKNOWN, "evil"),
    }


@given(data=st.one_of(
    st.binary(max_size=100),
    st.text(max_size=70).map(str.encode),
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,70}\r?\n?", fullmatch=True)
    .map(str.encode),
))  # fmt: skip
def test_a_text_holds_a_name_or_nothing(tmp_path_factory, data):
    name = links._name_in(data)
    if name:
        check_name(name)
        assert data in (f"{name}{end}".encode() for end in ("", "\n", "\r\n",
                                                            "\r"))  # fmt: skip
        return
    with pytest.raises((InputError, UnicodeDecodeError)):
        check_name(data.decode("ascii").removesuffix("\n").removesuffix("\r"))
