"""A real Chromium without a window, driven through its DevTools protocol."""

import asyncio
import base64
import contextlib
import os
import subprocess
from pathlib import Path

import aiohttp

from tests import components

_OPTIONS = (
    "--headless", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage", "--hide-scrollbars",
    "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip
_TRIES, _PAUSE = 1200, 0.05  # a minute
_KEYS = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "End": (35, ""),
    "Home": (36, ""),
    "ArrowUp": (38, ""),
    "ArrowDown": (40, ""),
}


class Tab:
    """One tab: what it is told, and whatever it complains of or asks for."""

    def __init__(self, socket):
        self._socket = socket
        self._number = 0
        self.complaints = []
        self.asked_for = []

    async def __call__(self, method, **params):
        """Send a command and return its result."""
        self._number += 1
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": params}
        )
        while True:
            message = await self._socket.receive_json(timeout=30)
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message):
        method, params = message.get("method"), message.get("params")
        if method == "Network.requestWillBeSent":
            self.asked_for.append(params["request"]["url"])
        elif method in {
            "Log.entryAdded", "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled", "Audits.issueAdded",
        }:  # fmt: skip
            self.complaints.append(message)

    async def open(self, page):
        """Show a file, and wait until its script has run."""
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            await self(f"{domain}.enable")
        uri = Path(page).as_uri()
        await self("Page.navigate", url=uri)
        shown = f"document.readyState + location.href === 'complete{uri}'"
        for _ in range(_TRIES):
            if await self.js(shown):
                return
            await asyncio.sleep(_PAUSE)
        raise TimeoutError(uri)

    async def js(self, text):
        """Return the value of an expression in the page."""
        done = await self(
            "Runtime.evaluate", expression=text, returnByValue=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def press(self, key):
        """Press a key and let it go."""
        code, text = _KEYS.get(key, (ord(key[0].upper()), key))
        what = {"key": key, "windowsVirtualKeyCode": code}
        await self("Input.dispatchKeyEvent", type="keyDown", text=text, **what)
        await self("Input.dispatchKeyEvent", type="keyUp", **what)

    async def look(self, width, height, scheme="light"):
        """Set the size of the window and the person's colour scheme."""
        await self(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self("Emulation.setEmulatedMedia", features=[feature])
        await self.js("new Promise((done) => requestAnimationFrame(done))")

    async def picture(self):
        """Return what is seen, as PNG."""
        done = await self("Page.captureScreenshot", format="png")
        return base64.b64decode(done["data"])


def _start(folder):
    """Start the browser with an empty folder of its own."""
    as_root = ["--no-sandbox"] * (os.geteuid() == 0)
    environ = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    profile = f"--user-data-dir={folder}/profile"
    return subprocess.Popen(
        [components.locate("chromium"), *_OPTIONS, *as_root, profile,
         "about:blank"],
        env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _port(folder):
    """Return where the browser listens, or "" while it does not."""
    note = Path(folder, "profile", "DevToolsActivePort")
    lines = note.read_text().splitlines() if note.exists() else []
    return lines[0] if len(lines) == 2 else ""


async def _address(client, folder):
    """Return the address of the browser's first tab."""
    for _ in range(_TRIES):
        if port := _port(folder):
            async with client.get(f"http://127.0.0.1:{port}/json") as answer:
                for one in await answer.json():
                    if one["type"] == "page":
                        return one["webSocketDebuggerUrl"]
        await asyncio.sleep(_PAUSE)
    raise TimeoutError("the browser does not listen")


@contextlib.asynccontextmanager
async def tab(folder):
    """Start a browser and yield its tab; end it again."""
    process = _start(folder)
    try:
        async with aiohttp.ClientSession() as client:
            url = await _address(client, folder)
            async with client.ws_connect(url, max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        _end(process)
