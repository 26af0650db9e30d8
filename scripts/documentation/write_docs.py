"""Write the pages of docs/ that are made, manual pages, or all docs as HTML."""

from __future__ import annotations

import sys
from pathlib import Path

from command_pages import ROOT
from docs_pages import made_pages

USAGE = "usage: scripts/docs [--check | --man FOLDER | --html FOLDER]"


def main(words: list[str]) -> int | str:
    """Do what the words say; return an exit status, or an error."""
    match words:
        case []:
            for name, text in made_pages().items():
                Path(ROOT, "docs", name).write_text(text, encoding="utf-8")
        case ["--check"]:
            return "\n".join(
                f"docs/{name} is old: run scripts/docs"
                for name, text in made_pages().items()
                if Path(ROOT, "docs", name).read_text(encoding="utf-8") != text
            )
        case ["--man", folder]:
            import manual_pages

            Path(folder).mkdir(parents=True, exist_ok=True)
            manual_pages.write(Path(folder))
        case ["--html", folder]:
            import docs_site

            docs_site.build(Path(folder))
        case _:
            return USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
