"""Each public command once, in a home with secrets in it."""

from __future__ import annotations

from dataclasses import dataclass

# Of the right shape, and found nowhere by chance.
KEY = "sk-ant-api03-FAKEcanaryKEY0q7XvTzWmRb2LpYdHs9EXAMPLE"
NEW = "sk-ant-api03-FAKEcanaryNEW5k1JcGfNuVe8AaQoBi3EXAMPLE"
TOKEN = "FAKEcanaryGATEWAYtoken6h4RtYuIoPlKjEXAMPLE"
PHRASE = "FAKE canary passphrase w8ZxCvBnMl EXAMPLE"
OTHER_PHRASE = "FAKE canary bundle phrase r5TgBnHyUj EXAMPLE"
CANARIES = (KEY, NEW, TOKEN, PHRASE, OTHER_PHRASE)

STDOUT = "stdout"  # that is what it was asked for
CHILD = "environment of the child"


@dataclass(frozen=True)
class Scenario:
    """A command line; `allowed` is where its secret belongs."""

    args: tuple[str, ...]
    stdin: str = ""
    code: int = 0
    allowed: tuple[str, ...] = ()


def line(text, **options):
    return Scenario(tuple(text.split()), **options)


PHRASE_FD = ("--passphrase-fd", "0")
SCENARIOS = {
    "add": line("add x --provider anthropic --store vault --stdin", stdin=NEW),
    "add, wrong": line(
        "add x --provider openai --store vault --stdin", stdin=KEY, code=1
    ),
    "allow": line("allow"),
    "completion": line("completion bash"),
    "copy": line("copy work again"),
    "current": line("current"),
    "deny": line("deny"),
    "doctor": line("doctor --fix --yes"),
    "doctor, report": line("doctor --report"),
    "edit": line("edit work --label Acme"),
    "env": line("env --shell bash", allowed=(STDOUT,)),
    "env, dotenv": line("env gw --format dotenv", allowed=(STDOUT,)),
    "explain": Scenario(
        ("explain", "-"), stdin=f"API Error: 401 {KEY}", code=1
    ),
    "export": Scenario(
        ("export", "--all", "--to", "made.ksb", *PHRASE_FD), stdin=OTHER_PHRASE
    ),
    "helper": line("helper claude-code", allowed=(STDOUT,)),
    "history": line("history"),
    "hook": line("hook zsh"),
    "import": Scenario(
        ("import", "b.ksb", "--replace", "--yes", "--store", "vault",
         "--accept-host", "gw.example.com", *PHRASE_FD),
        stdin=OTHER_PHRASE,
    ),
    "import, wrong": Scenario(
        ("import", "b.ksb", *PHRASE_FD), stdin=PHRASE, code=5
    ),
    "install": line("install bash --yes"),
    "link": line("link work"),
    "list": line("list --json"),
    "lock": line("lock"),
    "login": line("login me --capture", code=1),
    "logout": line("logout me --yes", code=1),
    "off": line("off"),
    "providers": line("providers"),
    "remove": line("remove work --yes"),
    "rename": line("rename work acme"),
    "revoke-local": line("revoke-local --all --yes"),
    "rotate": line("rotate work --stdin", stdin=NEW),
    "run": line("run work -- env", allowed=(STDOUT, CHILD)),
    "shell": line(
        "shell work --shell sh", stdin="env\n", allowed=(STDOUT, CHILD)
    ),
    "show": line("show work --json"),
    "undo": line("undo"),
    "uninstall": line("uninstall bash --yes"),
    "unlink": line("unlink", code=1),
    "unlock": line("unlock", code=5),
    "use": line("use gw"),
    "use, here": line("use gw --here", allowed=(STDOUT,)),
    "vault": Scenario(("vault", "passwd", *PHRASE_FD), stdin=PHRASE),
    "vault, rotate": Scenario(("vault", "rotate", *PHRASE_FD), stdin=PHRASE),
    "whoami": line("whoami --json"),
}  # fmt: skip
