"""Nothing that was read from a file or typed reaches a terminal raw."""

import json
import os
import shutil
import sys

import pytest

from keyswitch.profiles.paths import resolve
from keyswitch.transfer import bundle
from tests.cli.accounts import log_in
from tests.cli.keyswitch import Keyswitch
from tests.faults.full.warm import Command, Warm
from tests.leaks.bad_text import CLASSES, PHRASE, WAYS, raw_in
from tests.proof import record

SITES = [
    "list", "list --json", "show work", "show work --json", "use work",
    "use me", "use -", "use gw --dry-run", "current", "current --prompt",
    "current --usage", "use --suggest", "statusline",
    "whoami", "whoami --json", "doctor", "doctor --json", "doctor --report",
    "history", "history --json", "link", "allow", "deny", "env --unset",
    "revoke-local --all --dry-run", "login new --capture --store vault",
    "providers", "edit work --label plain", "undo", "off",
    "import bundle0 --dry-run --passphrase-file phrase",
    "import bundle0 --yes --store vault --passphrase-file phrase",
    "import bundle1 --dry-run --passphrase-file phrase", "lock",
    "completion bash", "copy work again", "vault status", "hook bash",
]  # fmt: skip
TYPED = [
    "T", "use T", "show T", "add T", "add x --provider T", "edit work --set T",
    "edit work --set T=1", "edit work --set model=T", "edit work --label T",
    "edit work --expires T", "edit work --expect T", "edit work --only T",
    "run T -- true", "run work -- T", "env T", "env --shell T", "link T",
    "link --remote T work", "unlink --remote T", "import T", "explain T",
    "whoami T", "helper T", "helper api-key T", "install T", "completion T",
    "rename work T", "copy work T", "vault T", "login T --capture",
    "login x --email T", "revoke-local T", "add x --from-env T",
    "add x --provider anthropic --from-file T", "unlock --timeout T",
    "export T --to x", "hook T", "list --T", "undo T",
]  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    home = tmp_path_factory.mktemp("text") / "home"
    home.mkdir()
    ks = Keyswitch(home).with_vault()
    ks.add("work")
    ks.add("gw", "--set", "base_url=https://gw.example.com",
           provider="gateway", secret="FAKE-gateway-token-EXAMPLE")  # fmt: skip
    log_in(home, "a")
    ks("login", "me", "--capture", "--store", "vault")
    (home / "phrase").write_text(PHRASE)
    ks("use", "gw")
    ks("use", "work")
    return home


@pytest.fixture(scope="module")
def warm():
    server = Warm()
    yield server
    server.close()


@pytest.fixture
def home(template, tmp_path):
    """Not this test's HOME, but the one that its commands have."""
    copy = tmp_path / "home"
    shutil.copytree(template, copy, symlinks=True)
    return copy


def said(warm, home, args, stdin=b"", cwd=None):
    argv = (sys.executable, "-m", "keyswitch", *args)
    # Without Claude Code: nobody is to log in.
    environ = {**Keyswitch(home).environ, "PATH": os.defpath}
    done = warm(Command(argv, stdin), home, environ)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode in (0, 1, 2, 4, 5, 6, 130), done.stderr.decode()
    return done.stdout, done.stderr


def noted(what, found, points):
    record(promise="P7", what=f"text for a terminal: {what}", points=points,
           violations=len(found))  # fmt: skip
    assert found == {}


NAMES = sorted(CLASSES)
EACH_CLASS = pytest.mark.parametrize(
    "kind",
    [
        name if not i % 5 else pytest.param(name, marks=pytest.mark.full)
        for i, name in enumerate(NAMES)
    ],
)
# Each way with one class of text, and in the long tier with every fourth one.
PAIRS = [
    (way, kind) if j == 2 * i else
    pytest.param(way, kind, marks=pytest.mark.full)
    for i, way in enumerate(sorted(WAYS)) for j, kind in enumerate(NAMES)
    if (i + j // 2) % 4 == 0 or j == 2 * i
]  # fmt: skip


@pytest.mark.parametrize(("way", "kind"), PAIRS)
def test_text_in_a_file_is_not_printed_raw(warm, home, way, kind):
    found = {}
    sites = SITES[NAMES.index(kind) % 2 :: 2]
    for site in sites:
        WAYS[way](home, CLASSES[kind])
        out, err = said(warm, home, site.split())
        if raw := raw_in(out) | raw_in(err):
            found[site] = raw
    noted("from files", found, len(sites))


@EACH_CLASS
def test_a_typed_word_is_not_printed_raw(warm, home, kind):
    text = CLASSES[kind].replace("\0", "\x01")
    found = {}
    for place in TYPED:
        args = [text if w == "T" else w.replace("T=", f"{text}=").replace(
            "=T", f"={text}").replace("--T", f"--{text}") for w in
            place.split()]  # fmt: skip
        args = [os.fsdecode(a.encode("utf-8", "surrogatepass")) for a in args]
        out, err = said(warm, home, args)
        if raw := raw_in(out) | raw_in(err):
            found[place] = raw
    noted("typed", found, len(TYPED))


@EACH_CLASS
def test_an_error_text_is_not_printed_raw(warm, home, kind):
    texts = (f"API Error: 401 {CLASSES[kind]} invalid x-api-key",
             json.dumps({"error": {"message": CLASSES[kind]}}))  # fmt: skip
    found = {}
    for number, text in enumerate(texts):
        data = text.encode("utf-8", "surrogatepass")
        out, err = said(warm, home, ["explain", "-"], data)
        if raw := raw_in(out) | raw_in(err):
            found[number] = raw
    noted("explain", found, len(texts))


def test_the_bundle_is_opened_and_looked_at(home):
    """So that its text is refused for what it is, not for its passphrase."""
    from keyswitch.errors import KeyswitchError
    from keyswitch.providers.catalogue import load_catalogue

    WAYS["bundle_entry"](home, CLASSES["csi"])
    catalogue = load_catalogue(resolve({"HOME": str(home)}))
    data = (home / "bundle0").read_bytes()
    with pytest.raises(KeyswitchError, match="printable"):
        bundle.unpack(data, PHRASE.encode(), catalogue)


@pytest.mark.parametrize("kind", sorted(set(CLASSES) - {
    "combining flood", "private and unassigned", "line end"}))  # fmt: skip
def test_the_look_itself_sees_every_class(kind):
    data = CLASSES[kind].encode("utf-8", "surrogatepass")
    assert raw_in(data) or kind == "soft hyphen"


def test_a_print_without_escapes_is_caught(home, tmp_path, template):
    defect = "from keyswitch import display; display.printable = lambda t: t"
    server = Warm(defect=defect)
    try:
        out, err = said(server, home, ["use", CLASSES["csi"]])
    finally:
        server.close()
    assert raw_in(out) | raw_in(err)


@pytest.mark.parametrize("address", ["a\x1b[31m@b.c", "-h@b.c", "nobody", ""])
def test_a_login_s_address_is_looked_at_first(home, tmp_path, address):
    """It is an argument of Claude Code's, which prints what it does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    claude = folder / "claude"
    claude.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    claude.chmod(0o700)
    ks = Keyswitch(home, PATH=f"{folder}:{os.defpath}")
    done = ks("login", "x", "--store", "vault", "--email", address, code=1)
    assert "e-mail address" in done.error
    assert not (tmp_path / "started").exists()
