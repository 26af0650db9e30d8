"""The page of a recording: one file, whole, and safe whatever was recorded."""

import base64
import hashlib
import json
import re
import stat

import pytest

from keyswitch.errors import FileStateError, InputError
from keyswitch.trace.page import rendered, view
from keyswitch.trace.recording import Recording
from keyswitch.trace.requests.exchange import Body
from tests.trace.sample_recording import exchange, session

SECRET = "sk-ant-api03-FAKE0123456789abcdefghijklmnopqrstuvEXAMPLE"
HOSTILE = (
    "</script><script>alert(1)</script>", "<!--", "]]>", "\u202egnp.exe",
    "{{data}}", "{{script}}", "\\u003c", "'\"&<>`", "\x00\x1b[2J", "\u2028",
)  # fmt: skip


def data_of(page):
    start = '<script type="application/json" id="data">'
    found = re.findall(f"{start}(.*?)</script>", page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def test_a_page_has_its_requests_as_data():
    page = rendered(session(), "run.har")
    found = data_of(page)
    assert [one["number"] for one in found] == list(range(1, 17))
    assert found[2]["credentials"][0]["profile"] == "personal"
    assert found[2]["likely"]["id"] == "login-expired"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_request_leaves_its_place(text):
    harmless = rendered([exchange()], "x")
    one = exchange(
        url=f"https://h.example/{text}", reason=text, failure=text,
        headers=((text, text),), answer=Body(9, text, text), method=text,
    )  # fmt: skip
    page = rendered([one], text)
    assert page.lower().count("<script") == harmless.lower().count("<script")
    assert page.count("<!--") == harmless.count("<!--")
    assert data_of(page)[0]["answer"]["text"] == text
    assert "\u202e" not in page


def test_the_policy_names_the_script_and_the_style_and_nothing_else():
    page = rendered(session(), "run.har")
    policy = re.search(r'Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = hashlib.sha256(text.encode()).digest()
        word = base64.b64encode(digest).decode()
        assert f"{tag}-src 'sha256-{word}'" in policy
    assert not re.search(
        r'(?:src|href)="|url\(|@import|\sstyle="|\son\w+="', page
    )
    assert "innerHTML" not in page


def test_no_secret_is_on_a_page():
    one = exchange(
        headers=(("x-api-key", "q8FAKEw7r2m9x4c1v5b3EXAMPLE"),),
        answer=Body(9, "text/plain", SECRET), url=f"https://h.example/{SECRET}",
    )  # fmt: skip
    page = rendered([one], "x")
    assert SECRET[16:] not in page
    assert "q8FAKE" not in page


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "run.har"
    kept = Recording(str(path))
    kept.add(exchange())
    kept.close()
    return path


def test_a_page_lies_beside_its_recording_for_its_owner_only(recording):
    page = recording.with_suffix(".html")
    assert view.written(str(recording)) == str(page)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    view.written(str(recording))  # over its own
    assert data_of(page.read_text())


def test_a_page_may_lie_elsewhere(recording, tmp_path):
    page = str(tmp_path / "other.html")
    assert view.written(str(recording), page) == page


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_keyswitch_did_not_write_is_left_alone(recording, kind):
    page = recording.with_suffix(".html")
    {
        "file": lambda: page.write_text("<p>mine"),
        "folder": page.mkdir,
        "link": lambda: page.symlink_to(recording),
    }[kind]()
    before = recording.read_bytes()
    with pytest.raises(InputError, match="did not write it") as caught:
        view.written(str(recording))
    assert caught.value.hint
    assert recording.read_bytes() == before
    assert kind != "file" or page.read_text() == "<p>mine"


def test_a_page_that_cannot_be_written_is_said(recording, tmp_path):
    with pytest.raises(FileStateError):
        view.written(str(recording), str(tmp_path / "none" / "x.html"))


def test_without_a_display_no_browser_is_asked(monkeypatch):
    import webbrowser

    asked = []
    monkeypatch.setattr(webbrowser, "open", lambda url: not asked.append(url))
    monkeypatch.setattr(view.sys, "platform", "linux")
    for name in (*view._DISPLAYS, *view._REMOTE):
        monkeypatch.delenv(name, raising=False)
    assert not view.show("a b.html")
    assert asked == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert view.show("a b.html")
    assert asked[0].startswith("file:///")
    assert asked[0].endswith("/a%20b.html")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    assert not view.show("a b.html")
