"""A run that is recorded, viewed and replayed: no secret is in any of it."""

import json
import stat

from tests.cli.keyswitch import KEY
from tests.trace.test_trace import ASK

OPAQUE = "q8FAKEw7r2m9x4c1v5b3EXAMPLE"  # of no known shape
SENDS = f"""
print(ask(x_api_key={KEY!r}))
print(ask("POST", "/v1/messages?api_key={OPAQUE}", '{{"it": "{KEY}"}}',
    authorization="Bearer {OPAQUE}", cookie="id={OPAQUE}"))
"""


def test_a_run_is_recorded_viewed_and_replayed(trace, upstream, ks):
    ks("add", "work", "--provider", "anthropic", "--stdin", stdin=KEY)
    har, page = ks.home / "run.har", ks.home / "run.html"
    record = ("--record", str(har), "--bodies", "all")
    done = trace(*record, code=ASK + SENDS)
    assert done.code == 0
    entries = json.loads(har.read_bytes())["log"]["entries"]
    assert [e["response"]["status"] for e in entries] == [200, 200]
    assert entries[0]["_keyswitch"]["credentials"][0]["profile"] == "work"

    viewed = ks("trace", "--view", str(har))
    assert viewed.out.strip() == str(page)
    for path in (har, page):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert KEY[20:] not in path.read_text()
        assert OPAQUE not in path.read_text()

    asked = len(upstream.got)
    again = trace("--replay", str(har), code=ASK + SENDS)
    assert [one["status"] for one in again.requests] == [200, 200]
    assert len(upstream.got) == asked


def test_a_recording_that_exists_is_not_written_over(trace, ks):
    har = ks.home / "run.har"
    har.write_text("mine")
    done = trace("--record", str(har), code="print('ran')")
    assert done.code == 1
    assert "already exists" in done.err
    assert "ran" not in done.err
    assert har.read_text() == "mine"
