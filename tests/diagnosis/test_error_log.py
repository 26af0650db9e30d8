"""The newest error in Claude Code's transcripts, whatever lies there."""

import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.diagnosis.explain import error_log
from keyswitch.diagnosis.explain.error_log import newest_error

NOON = 1_800_000_000.0

# As Claude Code 2.1.330 wrote it, less what is not looked at.
OBSERVED = {
    "isSidechain": False,
    "type": "assistant",
    "timestamp": "2027-01-15T08:00:00.000Z",
    "message": {
        "model": "<synthetic>",
        "role": "assistant",
        "type": "message",
        "content": [
            {"type": "text", "text": "Invalid API key · Fix external API key"}
        ],
    },
    "requestId": "req_FAKE",
    "error": "authentication_failed",
    "isApiErrorMessage": True,
    "apiErrorStatus": 401,
    "version": "2.1.330",
}


def entry(text, at=NOON, **changes):
    moment = datetime.fromtimestamp(at, UTC)
    return {
        **OBSERVED,
        "timestamp": moment.isoformat().replace("+00:00", "Z"),
        "message": {"content": [{"type": "text", "text": text}]},
        **changes,
    }


@pytest.fixture
def log(tmp_path):
    """Write a transcript; return its path."""

    def write(name, *entries, written=NOON + 100):
        path = tmp_path / "projects" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (e if isinstance(e, str) else json.dumps(e) for e in entries)
        path.write_text("".join(f"{line}\n" for line in lines))
        os.utime(path, (written, written))
        return path

    return write


def newest(tmp_path):
    return newest_error([str(tmp_path)])


def text_of(found):
    return found.text if found else None


def test_what_claude_code_wrote_is_found_with_place_and_time(log, tmp_path):
    path = log("-home-you/a.jsonl", {"type": "user"}, OBSERVED)
    found = newest(tmp_path)
    assert found.text == "Invalid API key · Fix external API key"
    assert found.path == str(path)
    assert found.at == NOON


def test_the_last_error_of_a_file_counts(log, tmp_path):
    log("p/a.jsonl", entry("first"), entry("last", NOON + 1), {"type": "x"})
    assert text_of(newest(tmp_path)) == "last"


def test_the_newest_error_counts_not_the_newest_file(log, tmp_path):
    log("p/busy.jsonl", entry("old", NOON), written=NOON + 500)
    log("p/q/r.jsonl", entry("new", NOON + 90), written=NOON + 95)
    log("p/older.jsonl", entry("oldest", NOON - 9), written=NOON - 5)
    assert text_of(newest(tmp_path)) == "new"


def test_an_error_without_a_time_is_as_old_as_its_file(log, tmp_path):
    log("p/a.jsonl", entry("dated", NOON))
    log("p/b.jsonl", entry("not dated", timestamp=None), written=NOON + 50)
    assert text_of(newest(tmp_path)) == "not dated"


def test_a_time_in_the_future_does_not_win_for_ever(log, tmp_path):
    log("p/a.jsonl", entry("odd", NOON + 10**6), written=NOON)
    log("p/b.jsonl", entry("new", NOON + 5), written=NOON + 6)
    assert text_of(newest(tmp_path)) == "new"


def test_several_parts_are_one_text(log, tmp_path):
    parts = [{"text": "one"}, {"type": "image"}, {"text": "two"}, "three"]
    log("p/a.jsonl", entry("", message={"content": parts}))
    assert text_of(newest(tmp_path)) == "one\ntwo"


@pytest.mark.parametrize(
    "line",
    [
        entry("no", isApiErrorMessage=False),
        entry("no", isApiErrorMessage="true"),
        entry("no", message=None),
        entry("no", message={"content": None}),
        entry("no", message={"content": [{"text": 5}]}),
        {"message": {"content": [{"text": '"isApiErrorMessage": true'}]}},
        ["isApiErrorMessage"],
        '{"isApiErrorMessage": true',
        '{"isApiErrorMessage": ' + "[" * 100_000,
        "",
    ],
    ids=lambda line: str(line)[:30],
)
def test_what_is_no_error_is_passed_over(log, tmp_path, line):
    log("p/a.jsonl", line, written=NOON + 200)
    log("p/b.jsonl", entry("found"))
    assert text_of(newest(tmp_path)) == "found"


def test_without_transcripts_there_is_nothing(tmp_path):
    assert newest(tmp_path) is None
    assert newest(tmp_path / "\0") is None
    assert newest_error([]) is None


def test_only_the_end_of_a_long_file_is_read(log, tmp_path, monkeypatch):
    monkeypatch.setattr(error_log, "TAIL", 2000)
    filler = json.dumps({"type": "user", "text": "x" * 900})
    log("p/a.jsonl", entry("lost"), filler, filler, filler, entry("kept"))
    assert text_of(newest(tmp_path)) == "kept"
    log("p/a.jsonl", entry("lost"), filler, filler, filler)
    assert newest(tmp_path) is None


def test_only_the_newest_files_are_read(log, tmp_path, monkeypatch):
    monkeypatch.setattr(error_log, "FILES", 2)
    for n in range(3):
        log(f"p/{n}.jsonl", {"type": "user"}, written=NOON + n)
    log("p/old.jsonl", entry("too old"), written=NOON - 1)
    assert newest(tmp_path) is None


def test_links_and_pipes_are_left_alone(log, tmp_path):
    path = log("p/a.jsonl", entry("real", NOON - 5), written=NOON - 4)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.jsonl").write_text(json.dumps(entry("outside")))
    (path.parent / "loop").symlink_to(tmp_path / "projects")
    (path.parent / "away").symlink_to(outside)
    (path.parent / "l.jsonl").symlink_to(outside / "x.jsonl")
    os.mkfifo(path.parent / "pipe.jsonl")
    assert text_of(newest(tmp_path)) == "real"


def test_several_directories_are_one_search(log, tmp_path):
    log("p/a.jsonl", entry("here"))
    found = newest_error([str(tmp_path / "none"), str(tmp_path)])
    assert text_of(found) == "here"


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("log") / "projects"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b'{"isApiErrorMessage": ' + data)
    assert newest_error([str(folder.parent)]) is None
