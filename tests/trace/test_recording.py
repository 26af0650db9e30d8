"""Recordings: whole after each entry, read as they were, safe from anybody."""

import json
import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyswitch.errors import FileStateError, InputError
from keyswitch.trace.recording import Recording, read
from keyswitch.trace.recording.last_look import cleared
from keyswitch.trace.requests.exchange import (
    Body,
    Credential,
    Exchange,
    Likely,
    Timing,
)
from tests.trace.sample_recording import exchange, many, session

CANARY = "sk-ant-api03-FAKE0123456789abcdefghijklmnopqrstuvEXAMPLE"
OPAQUE = "q8FAKEw7r2m9x4c1v5b3EXAMPLE"  # of no known shape


def recorded(path, exchanges):
    recording = Recording(str(path))
    for one in exchanges:
        recording.add(one)
    recording.close()
    return json.loads(path.read_bytes())


def test_a_recording_is_whole_after_each_entry(tmp_path):
    path = tmp_path / "run.har"
    recording = Recording(str(path))
    for count, one in enumerate([None, *session()]):
        if one is not None:
            recording.add(one)
        assert len(json.loads(path.read_bytes())["log"]["entries"]) == count
    recording.close()
    recording.close()
    assert read(str(path)) == session()


def test_a_recording_is_for_its_owner_only(tmp_path):
    before = os.umask(0)
    try:
        recorded(tmp_path / "run.har", [])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "run.har").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["file", "folder", "link", "nowhere", "fifo"])
def test_what_is_there_already_is_left_alone(tmp_path, kind):
    path, aim = tmp_path / "run.har", tmp_path / "aim"
    {
        "file": lambda: path.write_text("mine"),
        "folder": path.mkdir,
        "link": lambda: (aim.write_text("mine"), path.symlink_to(aim)),
        "nowhere": lambda: path.symlink_to(aim),
        "fifo": lambda: os.mkfifo(path),
    }[kind]()
    with pytest.raises(InputError, match="already exists") as caught:
        Recording(str(path))
    assert caught.value.hint
    assert not aim.exists() or aim.read_text() == "mine"


@pytest.mark.parametrize("name", ["none/run.har", "file/run.har", "a\0b"])
def test_a_place_where_no_file_can_be_is_said(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises((InputError, FileStateError)) as caught:
        Recording(f"{tmp_path}/{name}")
    assert caught.value.hint


def test_a_full_disk_leaves_what_was_recorded(tmp_path, monkeypatch):
    path = tmp_path / "run.har"
    recording = Recording(str(path))
    recording.add(exchange())
    write, fails = os.write, [True]

    def full(descriptor, data):
        if fails and fails.pop():
            write(descriptor, bytes(data[:40]))
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(FileStateError, match="no space"):
        recording.add(exchange(2))
    assert read(str(path)) == [exchange()]
    recording.add(exchange(3))
    recording.close()
    assert [one.number for one in read(str(path))] == [1, 3]


TEXT = st.text(max_size=20)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
SECONDS = st.none() | st.floats(0, 1e6)
BODIES = st.builds(
    Body, st.integers(0, 2**40), TEXT, st.none() | TEXT, st.booleans()
)
EXCHANGES = st.builds(
    Exchange,
    number=st.integers(1, 2**40),
    started=st.floats(0, 4e9),
    method=TEXT.filter(bool),
    url=TEXT,
    way=TEXT,
    credentials=st.lists(
        st.builds(Credential, TEXT, TEXT, TEXT, TEXT, TEXT), max_size=3
    ).map(tuple),
    request_headers=PAIRS,
    request=BODIES,
    timing=st.builds(Timing, SECONDS, SECONDS, SECONDS, SECONDS),
    status=st.integers(0, 999),
    reason=TEXT,
    headers=PAIRS,
    answer=BODIES,
    http_version=TEXT.filter(bool),
    retry=st.integers(0, 99),
    limits=PAIRS,
    failure=TEXT,
    simulated=TEXT,
    likely=st.none()
    | st.builds(Likely, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple)),
)


@given(st.lists(EXCHANGES, max_size=3))
@settings(deadline=None, max_examples=100)
def test_what_is_read_is_what_was_recorded(tmp_path_factory, exchanges):
    path = tmp_path_factory.mktemp("har") / "run.har"
    recorded(path, exchanges)
    assert read(str(path)) == [cleared(one) for one in exchanges]


def test_the_fields_of_har_are_as_other_programs_expect_them(tmp_path):
    one = exchange(
        url="https://h.example/a?b=c%20d&e=",
        timing=Timing(0.5, 1.0, 3.0, 7.0),
        answer=Body(900, "text/plain", "beginn", cut=True),
    )
    entry = recorded(tmp_path / "run.har", [one])["log"]["entries"][0]
    assert entry["startedDateTime"] == "2026-11-30T08:00:00.000+00:00"
    assert entry["time"] == 7000
    assert entry["timings"] == {
        "blocked": -1, "dns": -1, "ssl": -1, "connect": 500,
        "send": 500, "wait": 2000, "receive": 4000,
    }  # fmt: skip
    assert entry["request"]["queryString"] == [
        {"name": "b", "value": "c d"}, {"name": "e", "value": ""},
    ]  # fmt: skip
    assert entry["request"]["headersSize"] == -1
    assert entry["response"]["content"] == {
        "size": 900, "mimeType": "text/plain", "text": "beginn",
        "comment": "not all of it was recorded",
    }  # fmt: skip


def test_what_is_not_known_of_the_timing(tmp_path):
    one = exchange(timing=Timing())
    entry = recorded(tmp_path / "run.har", [one])["log"]["entries"][0]
    assert entry["timings"]["connect"] == -1
    assert entry["time"] == 0


def test_the_last_look_finds_what_redaction_has_missed(tmp_path):
    """Each place of a request, with a secret that nobody has masked."""
    url = f"https://h.example/{CANARY}"
    headers = (
        ("X-Api-Key", OPAQUE), ("Authorization", f"Bearer {OPAQUE}"),
        ("Cookie", f"a=…; b={OPAQUE}"), ("x-other", f"is {CANARY}"),
        ("Set-Cookie", f"id={OPAQUE}; Path=/"), ("Cookie", OPAQUE),
        ("Api-Key", OPAQUE), ("x-amz-security-token", OPAQUE),
    )  # fmt: skip
    body = Body(1, "text/plain", f'{{"key": "{CANARY}"}}')
    one = exchange(
        url=url, request_headers=headers, headers=headers, request=body,
        answer=body, failure=CANARY, reason=CANARY, limits=(("a", CANARY),),
        credentials=(Credential("a", CANARY, CANARY, CANARY, CANARY),),
        likely=Likely("a", CANARY, (CANARY,)),
    )  # fmt: skip
    recorded(tmp_path / "run.har", [one])
    text = (tmp_path / "run.har").read_text()
    assert CANARY[16:] not in text
    assert OPAQUE not in text


def foreign(**more):
    """Return a HAR document as a browser exports it."""
    secret = {"name": "Authorization", "value": f"Bearer {OPAQUE}"}
    entry = {
        "startedDateTime": "2026-11-30T08:00:00.250Z",
        "time": 12.5,
        "request": {
            "method": "POST",
            "url": f"https://you:{OPAQUE}@h.example/a?api_key={OPAQUE}&b=1",
            "httpVersion": "h2",
            "headers": [secret, {"name": "accept", "value": "*/*"}],
            "cookies": [{"name": "id", "value": OPAQUE}],
            "bodySize": 12,
            "postData": {"mimeType": "text/plain", "text": f"x {OPAQUE} x"},
        },
        "response": {
            "status": 200, "statusText": "OK",
            "headers": [{"name": "set-cookie", "value": f"id={OPAQUE}"}],
            "content": {
                "size": 20, "mimeType": "application/json",
                "text": f'{{"it": "{OPAQUE}"}}',
            },
        },
        "timings": {"blocked": 1, "dns": -1, "connect": 2, "ssl": 1, "send": 1,
                    "wait": 4, "receive": 4},
    }  # fmt: skip
    log = {"version": "1.2", "creator": {"name": "B"}, "entries": [entry]}
    return {"log": log | more}


def test_a_recording_of_another_program_is_read_without_its_secrets(tmp_path):
    path = tmp_path / "browser.har"
    # A byte order mark is allowed.
    path.write_text(json.dumps(foreign()), encoding="utf-8-sig")
    (one,) = read(str(path))
    assert OPAQUE not in repr(one)
    assert (one.host, one.status, one.started) == (
        "h.example", 200, 1796025600.25,
    )  # fmt: skip
    assert one.timing == Timing(0.002, 0.004, 0.008, 0.012)
    assert [c.header for c in one.credentials] == ["authorization"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"), (b"no", "not JSON"), (b"\xff\xfe{\0}\0", "not JSON"),
        (b"[" * 200_000, "not JSON"), (b'{"log": NaN}', "not JSON"),
        (b"9" * 5000, "not JSON"), (b"[]", "the whole is not an object"),
        (b"{}", "log is not an object"),
        (b'{"log": []}', "log is not an object"),
        (b'{"log": {"entries": {}}}', "log.entries is not a list"),
        (b'{"log": {"entries": [1]}}', r"entries\[0\] is not an object"),
        (b'{"log": {"entries": [{}]}}', r"\[0\].request is not an object"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_said_to_be_none(tmp_path, data, message):
    path = tmp_path / "run.har"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read(str(path))
    assert caught.value.hint


def test_what_is_no_file_is_said_to_be_none(tmp_path):
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(tmp_path / "fifo")
    for path in (huge, tmp_path, tmp_path / "none", tmp_path / "fifo", "a\0"):
        with pytest.raises(InputError) as caught:
            read(str(path))
        assert caught.value.hint


def places(document, way=()):
    """Yield the way to each value of a document."""
    if way:
        yield way
    inner = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        inner = enumerate(document)
    for name, value in inner:
        yield from places(value, (*way, name))


WRONG = (None, True, 7, -1, 1e308, 10**400, "x", "", [], [1], {}, {"a": 1})


def test_a_value_of_any_other_type_is_read_or_refused(tmp_path):
    own = recorded(tmp_path / "own.har", [session()[5], session()[2]])
    path = tmp_path / "run.har"
    refused = 0
    for document in (own, foreign()):
        text = json.dumps(document)
        for way in places(document):
            for wrong in WRONG:
                broken = inside = json.loads(text)
                for name in way[:-1]:
                    inside = inside[name]
                inside[way[-1]] = wrong
                path.write_text(json.dumps(broken))
                try:
                    found = read(str(path))
                except InputError:
                    refused += 1
                else:
                    recorded(tmp_path / f"again-{refused}", found)
                    (tmp_path / f"again-{refused}").unlink()
    assert refused > 500


def test_memory_stays_flat(tmp_path):
    import tracemalloc

    body = Body(1 << 18, "text/plain", "x" * (1 << 18))
    recording = Recording(str(tmp_path / "run.har"))
    tracemalloc.start()
    for one in many(40):
        recording.add(one._replace(answer=body))
    assert tracemalloc.get_traced_memory()[0] < 1 << 20
    tracemalloc.stop()
    recording.close()
