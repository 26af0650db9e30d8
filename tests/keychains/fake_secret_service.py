"""A Secret Service that behaves, and misbehaves when it is told to.

Run as `fake_secret_service.py FOLDER`, with the address of a bus in the
environment. The folder holds what a test says and wants to know:

orders.json  what to do wrong: see fake_orders.py; read before every call
items.json   the items, so that they outlive the process and can be looked at
log          one line for each call: its name, and "!" where it was done wrong
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import Proxy, open_dbus_connection
from secretstorage.dhcrypto import DH_PRIME_1024

from tests.keychains.fake_orders import Orders, RefusalError, SilenceError

NAME = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
PREFIX = "org.freedesktop.Secret."
COLLECTION = f"{ROOT}/collection/login"
DEFAULT = f"{ROOT}/aliases/default"
NOTHING = "/"


class Service:
    """The objects of the service, and what their methods do."""

    def __init__(self, folder):
        self.folder = folder
        self.orders = Orders(folder)
        self.sessions = {}
        self.prompts = {}
        self.next = int(time.monotonic() * 1e6)
        self.caller = ""
        self._load()

    def _load(self):
        """Take the items as they are; those that are there now are old."""
        path = self.folder / "items.json"
        self.items = json.loads(path.read_text()) if path.exists() else {}
        self.old = set(self.items)

    # ------------------------------------------------------------ dispatching

    def answer(self, path, interface, member, body):
        """Return (signature, body), or raise SilenceError or RefusalError."""
        if self.orders.read():
            self._load()
        self.wrong = ""
        if self.orders.wrong and self.orders.due(member):
            self.wrong = self.orders.wrong
        self.did_wrong = False
        try:
            self._go_wrong(member)
            if interface == "org.freedesktop.DBus.Properties":
                found = self._property(member, path, *body)
            else:
                name = f"{interface.removeprefix(PREFIX)}_{member}"
                name = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
                method = getattr(self, name, None)
                if method is None:
                    raise RefusalError(
                        "org.freedesktop.DBus.Error.UnknownMethod"
                    )
                found = method(path, *body)
            self._kill("after", member)
            return found
        finally:
            self._log(member)

    def is_wrong(self, *names):
        """Tell whether this call is to go wrong so; then it counts as done."""
        if self.wrong in names:
            self.did_wrong = True
            return True
        return False

    def _kill(self, when, member):
        """Kill whom the orders name, before or after its call is done."""
        for whom in ("worker", "command", "both"):
            if self.is_wrong(f"kill-{whom}-{when}"):
                self._log(member)  # before a test can look whether it was
                self.orders.wrong = ""  # once
                kill(self.caller, whom)
                if self.orders.error == "mute":
                    raise SilenceError

    def _go_wrong(self, member):
        self._kill("before", member)
        if self.is_wrong("mute"):
            raise SilenceError
        if self.is_wrong("error"):
            raise RefusalError(self.orders.error, "FAKE reason\nin two lines")
        if self.is_wrong("slow"):
            self._log(member)
            time.sleep(5)
        if self.is_wrong("exit"):
            self._log(member)
            os._exit(0)

    def _log(self, member):
        with (self.folder / "log").open("a") as log:
            log.write(f"{member}{'!' * self.did_wrong}\n")

    def _keep(self):
        stage = self.folder / "items.stage"
        ours = {p: i for p, i in self.items.items() if "twin" not in i}
        stage.write_text(json.dumps(ours))
        stage.rename(self.folder / "items.json")

    def _path(self, kind):
        self.next += 1
        return f"{ROOT}/{kind}{self.next}"

    # ------------------------------------------------------------- properties

    def _property(self, member, path, _interface, name):
        if member != "Get":
            raise RefusalError("org.freedesktop.DBus.Error.UnknownMethod")
        if path == ROOT:
            return "v", (("ao", [COLLECTION]),)
        if path in (COLLECTION, DEFAULT):
            if path == DEFAULT and self.is_wrong("no-default"):
                raise RefusalError("org.freedesktop.DBus.Error.UnknownObject")
            found = {
                "Label": ("s", "login"),
                "Locked": ("b", self._locked(name == "Locked")),
                "Items": ("ao", list(self.items)),
            }
            return "v", (found[name],)
        item = self._item(path)
        found = {
            "Label": ("s", item["label"]),
            "Attributes": ("a{ss}", item["attributes"]),
            "Locked": ("b", self._item_locked(path)),
        }
        return "v", (found[name],)

    def _locked(self, asked):
        names = ("locked", "prompt-dismissed", "prompt-never")
        return self.is_wrong(*names) if asked else False

    def _item_locked(self, path):
        if path not in self.old:
            return False
        return self.is_wrong("item-locked") or self._locked(True)

    def _item(self, path):
        if path not in self.items:
            raise RefusalError(f"{PREFIX}Error.NoSuchObject")
        return self.items[path]

    # ---------------------------------------------------------------- service

    def service_open_session(self, _path, algorithm, value):
        session = self._path("session/s")
        if algorithm == "plain":
            self.sessions[session] = None
            return "vo", (("s", ""), session)
        if self.is_wrong("plain-only"):
            raise RefusalError(
                "org.freedesktop.DBus.Error.NotSupported", "plain"
            )
        private = int.from_bytes(os.urandom(32), "big")
        public = pow(2, private, DH_PRIME_1024).to_bytes(128, "big")
        theirs = int.from_bytes(value[1], "big")
        shared = pow(theirs, private, DH_PRIME_1024).to_bytes(128, "big")
        key = hmac.new(bytes(32), shared, hashlib.sha256).digest()
        key = hmac.new(key, b"\x01", hashlib.sha256).digest()[:16]
        self.sessions[session] = key
        return "vo", (("ay", public), session)

    def _found(self, wanted):
        return [
            path
            for path, item in self.items.items()
            if wanted.items() <= item["attributes"].items()
        ]

    def service_search_items(self, _path, wanted):
        found = self._twice(self._found(wanted))
        locked = [path for path in found if self._item_locked(path)]
        return "aoao", ([p for p in found if p not in locked], locked)

    def _twice(self, found):
        """Put another program's item of the same attributes before ours."""
        if not found or not self.is_wrong("two-matches"):
            return found
        path = self._path("collection/login/")
        other = base64.b64encode(b"FAKEother").decode()
        twin = {**self.items[found[0]], "secret": other, "twin": True}
        self.items[path] = twin
        return [path, *found]

    def service_unlock(self, _path, objects):
        if self.wrong in ("prompt-dismissed", "prompt-never"):
            return "aoo", ([], self._prompt("ao", []))
        locked = self.is_wrong("locked", "item-locked")
        return "aoo", ([] if locked else list(objects), NOTHING)

    def service_lock(self, _path, _objects):
        return "aoo", ([], NOTHING)

    def service_read_alias(self, _path, name):
        missing = name != "default" or self.is_wrong("no-default")
        return "o", (NOTHING if missing else COLLECTION,)

    def service_create_collection(self, _path, _properties, _alias):
        # Whoever is not asked to make one must not make one.
        self.did_wrong = True
        with (self.folder / "log").open("a") as log:
            log.write("a collection was made\n")
        return "oo", (NOTHING, self._prompt("o", NOTHING))

    def service_get_secrets(self, _path, paths, session):
        return "a{o(oayays)}", (
            {
                path: self._secret(path, session)
                for path in paths
                if path in self.items and not self._item_locked(path)
            },
        )

    # ------------------------------------------------- collections and items

    def collection_search_items(self, _path, wanted):
        return "ao", (self._twice(self._found(wanted)),)

    def collection_create_item(self, _path, properties, secret, _replace):
        if self.is_wrong("create-dismissed", "create-never"):
            return "oo", (NOTHING, self._prompt("o", NOTHING))
        path = self._path("collection/login/")
        self.items[path] = {
            "label": properties[f"{PREFIX}Item.Label"][1],
            "attributes": dict(properties[f"{PREFIX}Item.Attributes"][1]),
            "secret": base64.b64encode(self._opened(secret)).decode(),
        }
        if self.is_wrong("hollow"):
            self.items[path]["secret"] = ""
        self._keep()
        if self.is_wrong("vanish"):
            os._exit(self._log("CreateItem") or 0)
        if self.is_wrong("forget"):
            del self.items[path]
            self._keep()
        return "oo", (path, NOTHING)

    def item_get_secret(self, path, session):
        self._item(path)
        if self._item_locked(path):
            raise RefusalError(f"{PREFIX}Error.IsLocked", "FAKE locked")
        return "(oayays)", (self._secret(path, session),)

    def item_delete(self, path):
        self._item(path)
        if self.is_wrong("refuse-delete"):
            raise RefusalError("org.freedesktop.DBus.Error.AccessDenied", "no")
        if not self.is_wrong("pretend-delete"):
            del self.items[path]
            self._keep()
        return "o", (NOTHING,)

    def session_close(self, path):
        self.sessions.pop(path, None)
        return "", ()

    # ---------------------------------------------------------------- prompts

    def _prompt(self, signature, result):
        path = self._path("prompt/p")
        self.prompts[path] = (signature, result)
        return path

    def prompt_prompt(self, path, _window):
        self.did_wrong = True
        if not self.orders.wrong.endswith("never"):
            self.completed = path
        return "", ()

    def prompt_dismiss(self, path):
        self.completed = path
        return "", ()

    # ---------------------------------------------------------------- secrets

    def _text(self, path):
        text = base64.b64decode(self.items[path]["secret"])
        if self.is_wrong("empty"):
            return b""
        if self.is_wrong("garbage"):
            return b"\xff\x00 FAKE"
        if self.is_wrong("wrong"):
            return base64.urlsafe_b64encode(b"FAKE-of-nobody-EXAMPLE")
        others = [p for p in self.items if p != path]
        if others and self.is_wrong("lie"):
            return base64.b64decode(self.items[others[0]]["secret"])
        return text

    def _secret(self, path, session):
        text, key = self._text(path), self.sessions[session]
        if key is None:
            with (self.folder / "log").open("a") as log:
                log.write("a secret went in the clear\n")
            return (session, b"", text, "text/plain")
        pad = 16 - len(text) % 16
        iv = os.urandom(16)
        cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        sealed = cipher.update(text + bytes([pad]) * pad) + cipher.finalize()
        return (session, iv, sealed, "text/plain")

    def _opened(self, secret):
        session, iv, sealed, _ = secret
        key = self.sessions[session]
        if key is None:
            with (self.folder / "log").open("a") as log:
                log.write("a secret went in the clear\n")
            return bytes(sealed)
        cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(iv))).decryptor()
        plain = cipher.update(bytes(sealed)) + cipher.finalize()
        return plain[: -plain[-1]]


def kill(caller, whom):
    """Kill the process that called, the command that started it, or both.

    A command under test leads a process group of its own.
    """
    # Not the connection that serves, on which other calls may be waiting.
    with open_dbus_connection(bus="SESSION") as connection:
        bus = Proxy(message_bus, connection)
        (pid,) = bus.GetConnectionUnixProcessID(caller)
    group = os.getpgid(pid)
    assert group != os.getpgid(0)
    with contextlib.suppress(ProcessLookupError):  # it has just given up
        if whom == "both":
            os.killpg(group, signal.SIGKILL)
        else:
            os.kill(pid if whom == "worker" else group, signal.SIGKILL)


def serve(folder):
    """Own the name, say so, and answer for ever."""
    connection = open_dbus_connection(bus="SESSION")
    bus = Proxy(message_bus, connection)
    assert bus.RequestName(NAME) == (1,)
    service = Service(folder)
    print("ready", flush=True)
    while True:
        message = connection.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        fields = message.header.fields
        path = fields[HeaderFields.path]
        service.completed = ""
        service.caller = fields[HeaderFields.sender]
        try:
            signature, body = service.answer(
                path,
                fields.get(HeaderFields.interface, ""),
                fields[HeaderFields.member],
                message.body,
            )
            reply = new_method_return(message, signature, body)
        except SilenceError:
            continue
        except RefusalError as e:
            name, *text = e.args
            reply = new_error(message, name, "s", (" ".join(text) or "FAKE",))
        connection.send(reply)
        if service.completed:
            emitter = DBusAddress(path, NAME, f"{PREFIX}Prompt")
            result = service.prompts[path]
            connection.send(
                new_signal(emitter, "Completed", "bv", (True, result))
            )


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
