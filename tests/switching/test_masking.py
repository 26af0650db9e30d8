"""Masking: whatever the form, and wherever a text is cut into pieces."""

import base64
import html
import json
import random
import shlex
import urllib.parse
from functools import lru_cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyswitch.switching.redacting.masking import Masker
from keyswitch.switching.redacting.redacted import automaton_for

KEY = "sk-ant-api03-FAKEmask0q7XvTz/WmRb2+LpYdHs9EXAMPLE"
MASK = "[redacted: work.key]"


def utf8(text):
    return text.encode("utf-8", "surrogateescape")


@lru_cache
def automaton(**secrets):
    return automaton_for("work", secrets)


def masked(text, secret=KEY, cuts=(), **more):
    """Return what is shown of a text that comes in pieces."""
    masker = Masker(automaton(key=secret, **more))
    text = text if isinstance(text, bytes) else utf8(text)
    shown, at = b"", 0
    for cut in [*sorted(cuts), len(text)]:
        shown += masker.feed(text[at:cut])
        at = max(at, cut)
    return (shown + masker.end()).decode("utf-8", "surrogateescape")


def base64_in(text, before=0, after=""):
    return base64.b64encode(b"u" * before + utf8(text + after)).decode()


def safe_base64(text):
    return base64.urlsafe_b64encode(utf8(text)).decode()


FORMS = {
    "raw": str,
    "base64": base64_in,
    "base64, one byte before": lambda s: base64_in(s, 1),
    "base64, two bytes before": lambda s: base64_in(s, 2),
    "base64, in a text": lambda s: base64_in(s, 5, " and more"),
    "base64, no padding": lambda s: base64_in(s).rstrip("="),
    "base64, safe in addresses": safe_base64,
    "base64, in lines": lambda s: base64.encodebytes(utf8(s * 2)).decode(),
    "base64, quoted": lambda s: urllib.parse.quote(base64_in(s), safe=""),
    "hexadecimal": lambda s: utf8(s).hex(),
    "hexadecimal, large": lambda s: utf8(s).hex().upper(),
    "hexadecimal, with colons": lambda s: utf8(s).hex(":"),
    "address": lambda s: urllib.parse.quote(s, safe=""),
    "address, small": lambda s: "".join(f"%{b:02x}" for b in utf8(s)),
    "form": urllib.parse.quote_plus,
    "address, twice": lambda s: urllib.parse.quote(urllib.parse.quote(s)),
    "JSON": json.dumps,
    "JSON, UTF-8": lambda s: json.dumps(s, ensure_ascii=False),
    "JSON, slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "JSON, all escaped": lambda s: "".join(
        json.dumps(chr(0x100 + ord(c))).replace("\\u01", "\\u00")[1:-1]
        if ord(c) < 0x100
        else json.dumps(c)[1:-1]
        for c in s
    ),
    "JSON in JSON": lambda s: json.dumps(json.dumps({"k": s})),
    "JSON in an address": lambda s: urllib.parse.quote(json.dumps(s)),
    "shell": lambda s: shlex.quote(f" {s} "),
    "shell, backslashes": lambda s: "".join(
        c if c.isalnum() or c == "\n" else f"\\{c}" for c in s
    ),
    "Python": repr,
    "Python, bytes": lambda s: repr(utf8(s)),
    "markup": html.escape,
}
SECRETS = {
    "a key": KEY,
    "a password": "p4s'w\"o rd/&<é%\\",
    "two lines": "first line, FAKE\nsecond line, FAKE",
    "another alphabet": "пароль🔑FAKE",
    "six characters": "x7!q2Z",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_is_masked(secret, form):
    text = form(secret)
    shown = masked(f"it is {text} .", secret)
    assert MASK in shown
    left = shown.replace(MASK, "")
    assert len(f"it is {text} .") - len(left) >= len(secret) - 1
    assert shown.startswith("it is ")
    assert shown.endswith(" .")


AROUND = st.text(alphabet="ab sk-\\%\n=\x1b[m1\r+/'c2\"", max_size=40)
SECRET = st.one_of(
    st.text(min_size=6, max_size=30),
    st.text(alphabet="ab", min_size=6, max_size=12),
    st.text(alphabet="\\/%\"' \n", min_size=6, max_size=10),
    st.sampled_from(list(SECRETS.values())),
)


@given(SECRET, st.sampled_from(sorted(FORMS)), AROUND, AROUND, st.data())
def test_pieces_are_masked_as_the_whole(secret, form, before, after, data):
    try:
        written = FORMS[form](secret)
    except UnicodeEncodeError:
        return  # no program writes a lone surrogate so
    text = utf8(before + written + after + secret[:-1])
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    whole = masked(text, secret)
    assert masked(text, secret, cuts) == whole
    assert masked(text, secret, range(len(text))) == whole
    assert not any(secret in piece for piece in whole.split(MASK))


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_what_is_no_secret_passes_byte_by_byte(text, cuts):
    cuts = [min(cut, len(text)) for cut in cuts]
    assert utf8(masked(text, KEY, cuts)) == text


@given(st.text(alphabet="fg", max_size=60), st.data())
def test_of_two_secrets_the_first_and_longest_counts(text, data):
    """As a naive search finds them: no other secret, no other form."""
    secrets = {"key": "fgffgf", "long": "fgffgfgg", "odd": "gffgfgg"}
    text += "."
    shown, at = "", 0
    while at < len(text):
        found = [
            (len(value), field)
            for field, value in secrets.items()
            if text.startswith(value, at)
        ]
        if found:
            length, field = max(found)
            shown, at = f"{shown}[redacted: work.{field}]", at + length
        else:
            shown, at = shown + text[at], at + 1
    left = {k: v for k, v in secrets.items() if k != "key"}
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    assert masked(text, secrets["key"], cuts, **left) == shown


BETWEEN = {
    "a colour": "\x1b[1;31m",
    "no colour": "\x1b[0m",
    "a cursor": "\x1b[12;4H",
    "a line end": "\r\n",
    "a margin": "\r\n     │ ",
    "a line end in JSON": "\\n",
    "a wrap of less": " \b",
    "a wrap of readline": " \r",
    "several": "\x1b[K\r\n\x1b[2C  ",
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
@pytest.mark.parametrize("form", ["raw", "base64", "address", "JSON"])
def test_what_a_terminal_puts_in_between_hides_nothing(form, between):
    text = FORMS[form](KEY)
    for at in range(2, len(text) - 4):
        shown = masked(f"it is {text[:at]}{between}{text[at:]} .")
        assert MASK in shown, at
        assert KEY[20:] not in shown
    wrapped = between.join(text[at : at + 7] for at in range(1, len(text), 7))
    assert MASK in masked(text[0] + wrapped)


def test_a_line_that_vim_breaks():
    """Observed, Vim 9.0: it repeats the last letter of the line."""
    for at in range(1, len(KEY)):
        text = f"{KEY[:at]}{KEY[at - 1]}\x1b[4;1H{KEY[at:]}"
        assert masked(text) == f"{MASK}\x1b[4;1H"


def test_a_line_that_zsh_breaks():
    """Observed, zsh 5.9: it writes the first letter of the next line twice."""
    for at in range(1, len(KEY)):
        text = f"{KEY[:at]} \r\x1b[K{KEY[at]}\r{KEY[at:]}"
        assert masked(text) == f"{MASK}\x1b[K"


def test_what_moves_the_cursor_stays():
    """Observed, Claude Code 2.1.332: what follows is placed by rows."""
    text = f"it is {KEY[:20]}\r\x1b[5C\x1b[1B{KEY[20:]}\r\x1b[35B and"
    masker = Masker(automaton(key=KEY), is_screen=True)
    shown = masker.feed(utf8(text)) + masker.end()
    kept = "\r\x1b[5C\x1b[1B"
    assert shown.decode() == f"it is {MASK}{kept}\r\x1b[35B and"
    assert masked(text) == f"it is {MASK}\x1b[5C\x1b[1B\r\x1b[35B and"


def test_blanks_that_the_cursor_moves_past():
    """Observed, Claude Code 2.1.332: it draws a text so."""
    secret = "correct horse battery FAKE"
    text = "correct\x1b[10Ghorse\x1b[1Cbattery\x1b[25GFAKE"
    assert masked(f"it is {text} .", secret).startswith(f"it is {MASK}")


def test_a_long_gap_is_none():
    text = f"{KEY[:20]}{chr(10) * 300}{KEY[20:]}"
    assert masked(text) == text


@pytest.mark.parametrize("text", ["sk-", "sk-ant-api03-", "c2st", "F"])
def test_a_public_beginning_at_the_end_is_shown(text):
    assert masked(f"keys begin with {text}") == f"keys begin with {text}"


def test_most_of_a_secret_is_masked_as_well():
    """Two letters of fifty are quickly tried."""
    assert masked(f"it is {KEY[:-2]}, or so") == f"it is {MASK}, or so"
    assert quiet(f"it is {KEY[:-2]}, or so", every=45).count(MASK) == 1
    assert masked(f"it is {KEY[:-2]}\n") == f"it is {MASK}\n"
    assert masked("a test may pass", "password") == "a test may pass"


def test_a_beginning_elsewhere_is_shown():
    text = f"it begins with {KEY[:20]}, and so on"
    assert masked(text) == text


def quiet(text, secret=KEY, every=1):
    """Return what is shown where nothing comes for a while, again and again."""
    masker = Masker(automaton(key=secret))
    shown = []
    for at in range(0, len(text), every):
        shown.append(masker.feed(utf8(text[at : at + every])))
        shown.append(masker.pause())
    return b"".join([*shown, masker.end()]).decode()


@pytest.mark.parametrize("prompt", ["sure? [s", "password: p", "$ ", "sk-"])
def test_a_prompt_is_shown_whole(prompt):
    for secret in (KEY, "password1", "$ {x}y z"):
        masker = Masker(automaton(key=secret))
        shown = masker.feed(utf8(prompt)) + masker.pause()
        assert shown.decode() == prompt


@given(SECRET, AROUND, AROUND, st.integers(1, 40))
@example(KEY, "", "", 1)
@example("aaaaaab", "a", "", 1)
def test_silence_shows_no_more_than_a_beginning(secret, before, after, every):
    text = before + secret + after
    pieces = quiet(text, secret, every).split(MASK)
    assert not any(secret in piece for piece in pieces)
    for length in range(len(secret), 0, -1):
        beginning = secret[:length]
        if text.count(beginning) == 1 and any(beginning in p for p in pieces):
            assert length <= max(3, 13 * secret.startswith("sk-ant-api03-"))


def test_what_was_shown_of_a_secret_is_not_shown_twice():
    assert quiet(f"it is {KEY} .") == f"it is {KEY[:13]}{MASK} ."


def test_short_texts_are_no_secrets():
    assert masked("pin 12345", "12345") == "pin 12345"


DOCUMENT = json.dumps(
    {
        "type": "service_account",
        "private_key_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0FAKE",
        "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEFAKE0a1b2c3d4e5f\n"
        "Zz9Yy8Xx7Ww6EXAMPLE\n-----END PRIVATE KEY-----\n",
        "token_uri": "https://oauth2.example.com/token",
    },
    indent=2,
)


@pytest.mark.parametrize(
    "part", ["MIIEFAKE0a1b2c3d4e5f", "Zz9Yy8Xx7Ww6EXAMPLE",
             "0f1e2d3c4b5a69788796a5b4c3d2e1f0FAKE", DOCUMENT]
)  # fmt: skip
def test_parts_of_a_document_are_secrets_too(part):
    assert masked(f"< {part} >", DOCUMENT) == f"< {MASK} >"


@pytest.mark.parametrize(
    "word", ["service_account", "https://oauth2.example.com/token", "type",
             "-----BEGIN PRIVATE KEY-----"]
)  # fmt: skip
def test_words_of_a_document_are_not(word):
    assert masked(word, DOCUMENT) == word


def test_each_line_and_the_token_of_a_header():
    secret = "X-Team: blue\nAuthorization: Bearer FAKEtoken0123456789"
    assert masked("got FAKEtoken0123456789", secret) == f"got {MASK}"
    assert masked("got X-Team: blue !", secret) == f"got {MASK} !"


def test_basic_authorization():
    header = base64.b64encode(f"user:{KEY}".encode()).decode()
    shown = masked(f"Authorization: Basic {header}\n")
    assert shown == f"Authorization: Basic {header[:7]}{MASK}\n"


def test_much_text_passes_quickly():
    """Said in docs/guides/redact.md; the time itself is in tests/bench."""
    pieces = random.Random(1)
    masker = Masker(automaton(key=KEY))
    line = b"2026-11-30 09:12:11 INFO task-agent served /a%20b in 12 ms\n"
    text = line * 20_000
    at = 0
    shown = 0
    while at < len(text):
        size = pieces.randint(1, 1 << 16)
        shown += len(masker.feed(text[at : at + size]))
        at += size
    assert shown + len(masker.end()) == len(text)
