"""Profile files that were changed since their secret was stored."""

from keyswitch.profiles.paths import resolve
from keyswitch.providers.binding import Binding, path_of, text_of
from keyswitch.providers.shapes import fingerprint
from keyswitch.targets.verdict import ERROR, WARNING
from tests.diagnosis.homes import INSTALL_KEY, KEY, Home, found_in, profile

CHECK = "secret-for-another-place"
ITEM = f"ks1-{fingerprint(INSTALL_KEY, KEY)}"
STORED = Binding("work", "anthropic", "api_key", "api.anthropic.com", {})
RECORD = path_of(resolve({"HOME": "/s", "XDG_STATE_HOME": "/s"}), ITEM)


def kept(text, stored=STORED):
    """Return a home with a profile file, and what its secret is for."""
    place = ".local/state" + RECORD.removeprefix("/s")
    return Home(
        files={place: text_of(stored)},
        profiles={"work": text},
    )


REDIRECTED = kept(profile(base_url="https://evil.example.net"))
HOMES = {CHECK: (REDIRECTED, kept(profile(model="another")))}


def test_it_names_both_hosts_and_a_way_back(home, monkeypatch):
    (found,) = [
        f for f in found_in(REDIRECTED, home, monkeypatch) if f.check == CHECK
    ]
    assert found.severity == WARNING
    assert "evil.example.net" in found.what
    assert "api.anthropic.com" in found.what
    assert found.fix == "keyswitch edit work"
    assert "confirm the change" in found.why


def test_it_is_an_error_for_the_profile_that_is_chosen(home, monkeypatch):
    chosen = REDIRECTED.but(chosen="work")
    found = found_in(chosen, home, monkeypatch)
    assert {f.severity for f in found if f.check == CHECK} == {ERROR}
