"""Takes the pictures of docs/guides/trace.md: tests/trace/pictures.py."""

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from keyswitch.trace.page import rendered  # noqa: E402
from tests.trace import chromium, sample_recording  # noqa: E402


async def pictures(page):
    """Return what is seen of a page in light colours, and in dark ones."""
    async with chromium.tab(page.parent) as tab:
        await tab.open(page)
        await tab.look(1280, 520)
        for key in (*"jjjjjj", "Enter"):
            await tab.press(key)
        light = await tab.picture()
        await tab.look(1280, 520, "dark")
        return light, await tab.picture()


def main():
    """Take both pictures."""
    target = ROOT / "docs" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "run.html")
        page.write_text(rendered(sample_recording.session(), "run.har"))
        light, dark = asyncio.run(pictures(page))
    (target / "trace-light.png").write_bytes(light)
    (target / "trace-dark.png").write_bytes(dark)


if __name__ == "__main__":
    main()
