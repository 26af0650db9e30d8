"""What pip, pipx, uv and scripts/zipapp install works, wherever they put it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from keyswitch.cli.switching.completion import script
from keyswitch.shells.hook_scripts import COMPLETED
from tests.cli.keyswitch import KEY
from tests.components import ROOT
from tests.install import places

pytestmark = pytest.mark.full
SPACE = "my programs/of mine"
PATHS = pytest.mark.parametrize("place", [SPACE, places.LONG])


def tool(name):
    """Return an installer: on PATH, or of scripts/package."""
    own = ROOT / ".cache" / "package-venv" / "bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    return found or pytest.skip(f"no {name}: scripts/package fetches it")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of this clone."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
         "--wheel-dir", folder, ROOT],
        check=True,
    )  # fmt: skip
    (found,) = folder.iterdir()
    return found


def venv(person, folder):
    environ = {"PYTHON": sys.executable, "PATH": os.environ["PATH"]}
    done = person.run(ROOT / "scripts/make-venv", folder, environ=environ)
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def network():
    """Return what installers need to know of this machine's network."""
    names = ("PIP_", "UV_", "SSL_", "HTTP", "http", "REQUESTS_")
    found = {n: v for n, v in os.environ.items() if n.startswith(names)}
    # uv brings certificates of its own, which a proxy may not go with.
    return {"UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1", **found}


def install(person, *argv, **environ):
    done = person.run(*argv, environ={**network(), **environ})
    assert done.returncode == 0, done.stderr


def check(person, *command):
    """Let a person do the main job with this command."""
    person.state.joinpath("state.json").unlink()
    person.profile.unlink()
    person.answer(*command, "--version")
    for args in (
        ["vault", "init", "--machine-key"],
        ["add", "work", "--provider", "anthropic", "--stdin"],
        ["use", "work"],
    ):
        done = person.run(*command, *args, input=KEY)
        assert done.returncode == 0, done.stderr
    settings = (person.home / ".claude/settings.json").read_text()
    helper = json.loads(settings)["apiKeyHelper"]
    # As Claude Code runs it: anywhere, and with little on PATH.
    assert person.answer("/bin/sh", "-c", helper, cwd="/") == f"{KEY}\n"
    assert person.answer(*command, "current") == "work\n"
    assert "'--machine-key|" in person.answer(*command, "completion", "zsh")
    return helper


@PATHS
def test_pip(person, tmp_path, wheel, place):
    bin_ = venv(person, tmp_path / place)
    install(person, bin_ / "python", "-m", "pip", "install", "-q", wheel)
    assert str(bin_ / "keyswitch") in check(person, bin_ / "keyswitch")
    assert (bin_.parent / "share/man/man1/keyswitch-use.1").is_file()
    assert sorted(p.name for p in bin_.glob("keyswitch*")) == ["keyswitch"]


@PATHS
def test_pip_editable(person, tmp_path, place):
    bin_ = venv(person, tmp_path / place)
    install(person, bin_ / "python", "-m", "pip", "install", "-qe", ROOT)
    assert str(bin_ / "keyswitch") in check(person, bin_ / "keyswitch")
    assert (bin_.parent / "share/man/man1/keyswitch-use.1").is_file()


def test_pip_for_a_user_without_an_environment(person, wheel):
    python = os.path.realpath(sys.executable)
    install(
        person, python, "-m", "pip", "install", "-q", "--user",
        "--break-system-packages", "--no-warn-script-location", wheel,
        PATH=os.environ["PATH"],
    )  # fmt: skip
    command = person.home / ".local/bin/keyswitch"
    person.environ["PATH"] = f"{os.path.dirname(python)}:/usr/bin:/bin"
    assert str(command) in check(person, command)


@PATHS
def test_pipx(person, tmp_path, wheel, place):
    folder = tmp_path / place
    install(
        person, tool("pipx"), "install", "--python", sys.executable, wheel,
        PIPX_HOME=str(folder), PIPX_BIN_DIR=str(person.home / "bin"),
    )  # fmt: skip
    command = person.home / "bin" / "keyswitch"
    assert command.is_symlink()
    assert str(folder) in check(person, command)


@PATHS
def test_uv_tool(person, tmp_path, wheel, place):
    folder = tmp_path / place
    install(
        person, tool("uv"), "tool", "install", "--quiet", "--python",
        sys.executable, wheel, UV_TOOL_DIR=str(folder),
        UV_TOOL_BIN_DIR=str(person.home / "bin"),
    )  # fmt: skip
    command = person.home / "bin" / "keyswitch"
    assert command.is_symlink()
    assert str(folder) in check(person, command)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """What scripts/zipapp makes."""
    made = tmp_path_factory.mktemp("one file") / "keyswitch.pyz"
    subprocess.run(
        [ROOT / "scripts/zipapp", made], check=True, capture_output=True,
        env={**os.environ, "PYTHON": os.path.realpath(sys.executable)},
    )  # fmt: skip
    return made


def test_one_file_takes_no_modules_from_where_a_variable_says(person, archive):
    (person.home / "shutil.py").write_text("raise SystemExit(9)\n")
    done = subprocess.run(
        [archive, "--version"], cwd=person.home, check=False,
        env={"PYTHONPATH": ":", "HOME": str(person.home),
             "PATH": os.environ["PATH"]},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("keyswitch, version"), done.stderr


@PATHS
def test_one_file(person, tmp_path, archive, place):
    folder = tmp_path / place
    folder.mkdir(parents=True)
    file = shutil.copy(archive, folder / "a keyswitch.pyz")
    python = os.path.realpath(sys.executable)
    helper = check(person, python, "-P", file)
    assert "a keyswitch.pyz" in helper
    for name in ("sitecustomize.py", "json.py"):
        (person.home / name).write_text("import os; os.write(2, b'RAN')")
    away = {"PYTHONPATH": f"{person.home}:", "HOME": str(person.home)}
    done = subprocess.run(
        helper, shell=True, cwd=person.home, env=away, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "RAN" not in done.stderr
    os.unlink(file)
    done = subprocess.run(
        helper, shell=True, cwd=person.home, env=away, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "keyswitch is not installed any more" in done.stderr
    (unpacked,) = (person.home / ".cache/keyswitch").iterdir()
    assert unpacked.stat().st_mode & 0o777 == 0o700


def test_one_file_takes_no_packages_that_others_may_write(person, archive):
    python = os.path.realpath(sys.executable)
    person.answer(python, "-P", archive, "--version")
    (person.home / ".cache/keyswitch").chmod(0o777)
    done = person.run(python, "-P", archive, "--version")
    assert done.returncode == 1
    assert "others can write there\nkeyswitch: hint: " in done.stderr


def test_one_file_says_which_python_it_is_for(person, tmp_path, archive):
    other = tmp_path / "other.pyz"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    with (
        zipfile.ZipFile(archive) as source,
        zipfile.ZipFile(other, "w") as copy,
    ):
        text = source.read("__main__.py").decode()
        made = re.sub(r'WANTED = "[0-9.]+', 'WANTED = "3.99', text)
        copy.writestr("__main__.py", made)
    done = person.run(sys.executable, "-P", other, "--version")
    assert done.returncode == 1
    assert f"and this is Python {version}\nkeyswitch: hint: " in done.stderr
    assert f"python3.99 -PE {other}\n" in done.stderr


def test_a_wheel_has_the_launcher_and_whole_links(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (scripts,) = [n for n in names if ".data/scripts/" in n]
        (metadata,) = [n for n in names if n.endswith("/METADATA")]
        launcher = hashlib.sha256(archive.read(scripts)).digest()
        text = archive.read(metadata).decode()
    assert launcher == hashlib.sha256(places.LAUNCHER.read_bytes()).digest()
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert links
    assert [link for link in links if not link.startswith("https://")] == []


def test_a_wheel_has_every_file_of_the_package(wheel):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "keyswitch"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with zipfile.ZipFile(wheel) as archive:
        assert {*listed.stdout.split("\0")} - {*archive.namelist()} == {""}


def test_a_wheel_has_completion_scripts_as_the_commands_are(wheel):
    folder = "keyswitch/shells/completions/made"
    with zipfile.ZipFile(wheel) as archive:
        made = {
            kind: archive.read(f"{folder}/completion.{kind}").decode()
            for kind in COMPLETED.values()
        }
    assert made == {kind: script(kind) for kind in COMPLETED.values()}


def test_a_wheel_for_windows_has_an_entry_point_instead(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
         "--wheel-dir", tmp_path, ROOT],
        check=True, env={**os.environ, "KEYSWITCH_WHEEL_FOR": "win_amd64"},
    )  # fmt: skip
    (wheel,) = tmp_path.iterdir()
    assert wheel.name.endswith("-py3-none-win_amd64.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (points,) = [n for n in names if n.endswith("/entry_points.txt")]
        text = archive.read(points).decode()
    assert text.split() == [
        "[console_scripts]", "keyswitch", "=", "keyswitch.__main__:launch",
    ]  # fmt: skip
    assert not [n for n in names if ".data/scripts/" in n]
