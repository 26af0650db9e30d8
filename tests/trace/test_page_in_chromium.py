"""The page in a real browser: rows, filters, keys, colours, and no request."""

import asyncio

import pytest

from keyswitch.trace.page import rendered
from keyswitch.trace.requests.exchange import Body
from tests.trace import chromium
from tests.trace.sample_recording import exchange, many, session

pytestmark = pytest.mark.real("chromium")

ROWS = "document.querySelectorAll('#rows .row').length"
COUNT = "document.getElementById('count').textContent"
CHOSEN = "document.querySelector('#rows [aria-selected=true]')?.id"
DETAILS = "!document.getElementById('details').hidden"
NOTHING = "document.getElementById('nothing').innerText"


def button(label):
    """Return a script that presses the button of a filter."""
    return (
        "[...document.querySelectorAll('#tools button')]"
        f".find((one) => one.textContent === '{label}').click()"
    )


def in_browser(folder, steps):
    """Run steps in a browser; it may complain of nothing, ask for nothing."""

    async def run():
        async with chromium.tab(folder) as tab:
            pages = []

            async def opened(exchanges, title="run.har"):
                page = folder / f"page-{len(pages)}.html"
                page.write_text(rendered(exchanges, title), encoding="utf-8")
                pages.append(page.as_uri())
                await tab.open(page)
                await tab.look(1280, 720)

            await steps(tab, opened)
            assert tab.complaints == []
            assert tab.asked_for == pages

    asyncio.run(run())


def test_filters_and_keys(tmp_path):
    async def steps(tab, opened):
        await opened(session())
        assert await tab.js(ROWS) == 16
        for label, count in (("4xx", 4), ("5xx", 5), ("work", 2)):
            await tab.js(button(label))
            assert await tab.js(COUNT) == f"{count} of 16 requests"
        for label in ("4xx", "5xx", "work"):
            await tab.js(button(label))
        assert await tab.js(COUNT) == "16 requests"
        await tab.press("/")
        for letter in "bedrock":
            await tab.press(letter)
        assert await tab.js(COUNT) == "2 of 16 requests"
        for letter in "zz":
            await tab.press(letter)
        assert await tab.js(ROWS) == 0
        assert "No request matches" in await tab.js(NOTHING)
        await tab.press("Escape")
        assert await tab.js(ROWS) == 16
        for key, chosen in (
            ("j", 0), ("ArrowDown", 1), ("k", 0), ("ArrowUp", 0), ("End", 15),
            ("Home", 0), ("j", 1), ("j", 2),
        ):  # fmt: skip
            await tab.press(key)
            assert await tab.js(CHOSEN) == f"row-{chosen}"
        assert not await tab.js(DETAILS)
        await tab.press("Enter")
        text = await tab.js("document.getElementById('details').innerText")
        for part in (
            "Likely cause: the login has expired", "keyswitch login personal",
            "Bearer sk-ant-oat01-…9wAA", "personal (claude-login, Pro)",
            "OAuth token has expired", "First byte after",
        ):  # fmt: skip
            assert part in text
        await tab.press("Escape")
        assert not await tab.js(DETAILS)
        await tab.press("?")
        assert await tab.js("document.getElementById('help').open")
        await tab.press("Escape")
        assert not await tab.js("document.getElementById('help').open")

    in_browser(tmp_path, steps)


def test_colours_sizes_and_paper(tmp_path):
    async def steps(tab, opened):
        await opened(session())
        seen = {}
        for scheme in ("light", "dark"):
            for width in (1280, 700):
                await tab.look(width, 720, scheme)
                seen[scheme, width] = await tab.picture()
                wide = "document.documentElement.scrollWidth"
                assert await tab.js(wide) <= width
        assert len(set(seen.values())) == 4
        assert await tab.js(ROWS) == 16
        await tab("Page.printToPDF")

    in_browser(tmp_path, steps)


def test_no_request_one_and_thousands(tmp_path):
    async def steps(tab, opened):
        await opened([])
        assert "No requests were recorded" in await tab.js(NOTHING)
        for key in ("j", "Enter", "Escape", "End"):
            await tab.press(key)
        await opened([exchange(url="https://h.example/" + "long/" * 2000)])
        assert await tab.js(COUNT) == "1 request"
        assert await tab.js("document.documentElement.scrollWidth") <= 1280
        await opened(many(5000))
        assert await tab.js("performance.now()") < 5000  # ms; 0.2 s alone
        assert await tab.js(ROWS) < 100
        await tab.press("End")
        assert await tab.js(CHOSEN) == "row-4999"

    in_browser(tmp_path, steps)


def test_hostile_texts_stay_texts(tmp_path):
    evil = '</script><img src=x onerror="window.bad=1"><script>window.bad=1'
    one = exchange(
        url=f"https://h.example/{evil}", reason=evil, failure=evil,
        headers=((evil, evil),), answer=Body(9, "text/html", evil + "\u202e"),
        method="\u202eTEG", request_headers=(("a", "\u2066b"),),
    )  # fmt: skip

    async def steps(tab, opened):
        await opened([one], evil)
        await tab.press("Enter")
        assert await tab.js("window.bad") is None
        assert await tab.js("document.images.length") == 0
        text = await tab.js("document.body.innerText")
        assert "\\u{202e}TEG" in text
        assert "\u202e" not in text
        assert evil in text

    in_browser(tmp_path, steps)
