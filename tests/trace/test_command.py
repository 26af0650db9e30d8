"""The command line of `trace`: its errors, where its lines go, its notices."""

import json
import os
import stat
import sys
from functools import partial
from types import SimpleNamespace

import pytest

from keyswitch.cli.checks.trace_report import TraceReport
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.trace import tracing
from keyswitch.trace.requests.exchange import Body, Exchange, Timing
from keyswitch.trace.tracing import Tracing
from tests.cli.accounts import two_accounts
from tests.cli.keyswitch import KEY
from tests.cli.terminal import Terminal
from tests.trace.test_trace import ASK

EXCHANGE = Exchange(
    1, 0.0, "GET", "https://h.example.com/", "base-url", (), (), Body(),
    Timing(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("trace",), "no command after --"),
        (("trace", "--"), "no command after --"),
        (("trace", "--", "nowhere-at-all"), "command not found: 'nowhere-at-"),
        (
            ("trace", "--to", "no/such/file", "--", "true"),
            "cannot write to no/",
        ),
        (("trace", "--view", "x.har", "--", "true"), "--view takes neither"),
        (
            ("trace", "--simulate", "401", "--replay", "x", "--", "true"),
            "--simulate and --replay cannot be combined",
        ),
        (
            ("trace", "--profile", "absent", "--", "true"),
            "no profile named 'absent'",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines(ks, words, message):
    code = 2 if "exclude" in message or "--" in message else 1
    done = ks(*words, code=None)
    assert done.error.startswith(message), done.err
    assert done.code == code
    assert "Traceback" not in done.err


def test_without_aiohttp_it_says_what_to_install(ks, tmp_path):
    folder = tmp_path / "no aiohttp"
    folder.mkdir()
    (folder / "aiohttp.py").write_text("raise ImportError('not here')")
    ks.fresh = True
    done = ks(
        "trace", "--", "true", code=1,
        PYTHONPATH=f"{folder}:{os.getcwd()}",
    )  # fmt: skip
    assert "needs aiohttp" in done.error
    assert "pipx inject keyswitch aiohttp" in done.err


def test_lines_say_who_pays_and_repeat_no_credential(trace, ks, upstream):
    ks("add", "work", "--provider", "anthropic", "--label", "Acme", "--stdin",
       stdin=KEY)  # fmt: skip
    code = ASK + f"for _ in range(2): ask(x_api_key={KEY!r})"
    target = ks.home / "lines"
    target.touch()
    trace("--to", str(target), code=code)
    done = json.loads(target.read_text().splitlines()[0])
    assert done["credentials"][0]["whose"] == "work (anthropic, Acme)"


def test_a_person_reads_lines_on_standard_error(trace, ks, upstream):
    upstream.answers["/v1/models"] = (
        401,
        {"error": {"type": "authentication_error"}},
    )
    ks("add", "work", "--provider", "anthropic", "--stdin", stdin=KEY)
    words = [sys.executable, "-c", ASK + f"ask(x_api_key={KEY!r})\nask()"]
    done = ks("trace", "--", *words, ANTHROPIC_BASE_URL=upstream.url)
    assert done.out == ""
    lines = [line.removeprefix("keyswitch: ") for line in done.err.splitlines()]
    host = f"127.0.0.1:{upstream.port}/v1/models"
    assert lines[0].startswith("time  status  request  account  ")
    assert f" 401  GET {host}  work  " in lines[1]
    assert lines[2].strip() == "x-api-key sk-ant-api03-…MPLE: work (anthropic)"
    assert lines[3].strip().startswith("cause: ")
    assert any(f" 401  GET {host}  no credential  " in line for line in lines)
    assert lines[-1].startswith("2 requests; 2 with an error; ")
    assert "accounts: work 1, no credential 1" in lines[-1]
    assert KEY not in done.err


def test_quiet_says_nothing(trace, ks, upstream):
    words = [sys.executable, "-c", ASK + "ask()"]
    done = ks("-q", "trace", "--", *words, ANTHROPIC_BASE_URL=upstream.url)
    assert (done.out, done.err) == ("", "")


def test_nothing_is_written_unasked(trace, ks):
    before = sorted(ks.home.rglob("*"))
    trace(code=ASK + "ask()")
    assert sorted(ks.home.rglob("*")) == before


def fake_claude(home, script):
    """Make a program that is called like Claude Code."""
    path = home / "bin" / "claude"
    path.parent.mkdir()
    # Not this interpreter: its path may have a space.
    path.write_text(f"#!/usr/bin/env python3\n{script}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_lines_wait_while_a_program_draws_the_screen(ks, upstream):
    script = ASK + "ask()\nprint('THE SCREEN', flush=True)"
    claude = fake_claude(ks.home, script)
    words = [sys.executable, "-m", "keyswitch", "trace", "--", str(claude)]
    terminal = Terminal(ks, *words, ANTHROPIC_BASE_URL=upstream.url)
    terminal.sees("1 request; ")
    assert terminal.shown.index("THE SCREEN") < terminal.shown.index("GET")


@pytest.mark.parametrize(
    ("name", "intercepts", "said"),
    [
        ("ANTHROPIC_BASE_URL", None, "its requests are not shown"),
        ("ANTHROPIC_BASE_URL", (), None),  # an https address
        ("https_proxy", None, None),
        ("https_proxy", (), "nothing is shown"),
    ],
)
def test_what_an_administrator_sets_is_said_to_outrank_it(
    ks, monkeypatch, name, intercepts, said
):
    folder = ks.home / "managed"
    folder.mkdir()
    (folder / "managed-settings.json").write_text(
        json.dumps({"env": {name: "https://of-the-administrator.example.com"}})
    )
    home = str(ks.home)
    made = partial(Scene, managed_dir=str(folder))
    monkeypatch.setattr(tracing, "Scene", made)
    lines = []
    subject = Tracing.__new__(Tracing)
    subject.home, subject.cwd, subject.say = home, home, lines.append
    subject.proxy = SimpleNamespace(token="TOKEN")
    subject.interception = intercepts
    env = {"ANTHROPIC_BASE_URL": "TOKEN", "https_proxy": "http://OURS"}
    subject._warn_of_others(
        ["claude", "--settings", json.dumps({"env": env})],
        {"HTTPS_PROXY": "http://OURS"},
    )
    if said is None:
        assert lines == []
        return
    (line,) = lines
    assert "overrides trace" in line
    assert said in line
    assert "managed-settings.json" in line


def test_a_settings_file_that_a_nested_claude_would_read_is_named(trace, ks):
    folder = ks.home / ".claude"
    folder.mkdir()
    env = {"ANTHROPIC_BASE_URL": trace.environ["ANTHROPIC_BASE_URL"]}
    (folder / "settings.json").write_text(json.dumps({"env": env}))
    done = trace(code=ASK + "ask()")
    assert "a Claude Code that the command starts is not shown" in done.err
    assert len(done.requests) == 1


def test_a_recording_that_cannot_go_on_does_not_end_the_command(ks):
    class Full:
        def add(self, exchange):
            raise OSError(28, "No space left on device")

    class Said:
        json, quiet, said = True, False, ""

        def warn(self, text):
            self.said += text

    session = Said()
    ready = SimpleNamespace(program="/bin/true", command=["true"])
    report = TraceReport(session, ready, None, None)
    report._recording, report._record = Full(), "run.har"
    for _ in range(2):
        report.add(EXCHANGE)
    assert session.said.count("run.har ends before request 1") == 1


def test_a_run_without_a_request_says_what_would_see_more(ks):
    done = ks("trace", "--", "true")
    assert "no request seen: the command sent none, or" in done.err


def test_a_login_of_a_profile_is_named_after_the_command_renewed_it(trace, ks):
    two_accounts(ks)  # b's is live, so a's comes in a folder of its own
    code = """
import json
path = os.environ["CLAUDE_CONFIG_DIR"] + "/.credentials.json"
document = json.load(open(path))
token = document["claudeAiOauth"]["accessToken"] = "sk-ant-oat01-FAKE-renewed"
json.dump(document, open(path, "w"))
ask(authorization="Bearer " + token)
"""
    claude = fake_claude(ks.home, ASK + code)
    done = trace("--profile", "a", command=[str(claude)])
    (request,) = done.requests
    assert [c["profile"] for c in request["credentials"]] == ["a"]
