"""The installed command finds its Python wherever the environment lies."""

import shutil
import socket
import sys
import threading

import pytest

from tests.install import places

SPACE = "my programs/it's $HOME"


@pytest.mark.parametrize("place", ["plain", SPACE, places.LONG, "--help"])
def test_the_command_starts_in_an_environment_of_any_path(
    person, tmp_path, place
):
    command = places.environment(tmp_path / place)
    assert person.answer(command, "current") == "work\n"


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param(s, marks=pytest.mark.real(s))
        for s in ("dash", "bash", "busybox", "ksh", "mksh")
    ],
)
def test_every_sh_understands_the_launcher(person, tmp_path, shell):
    program = shutil.which(shell)
    command = places.environment(tmp_path / SPACE)
    words = [program, *(["sh"] if shell == "busybox" else [])]
    assert person.answer(*words, command, "current") == "work\n"


def test_the_command_starts_through_links_and_from_path(person, tmp_path):
    command = places.environment(tmp_path / SPACE)
    first = tmp_path / "first link"
    first.symlink_to(command)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "keyswitch").symlink_to("../first link")
    found = person.answer(
        "sh", "-c", "keyswitch current",
        environ={"PATH": f"{folder}:{person.environ['PATH']}"},
    )  # fmt: skip
    assert found == "work\n"
    assert person.answer("./keyswitch", "current", cwd=folder) == "work\n"
    assert person.answer("sh", "keyswitch", "current", cwd=command.parent)


def says_when_site_is_loaded(site):
    line = "import sys; sys.stderr.write('site was loaded\\n')\n"
    (site / "says.pth").write_text(line)


def refuse_one(server):
    server.accept()[0].close()


def test_commands_start_without_site(person, tmp_path):
    command, site = places.installed(tmp_path / SPACE)
    says_when_site_is_loaded(site)
    for words in (["current"], ["list"], ["--help"], ["off"]):
        done = person.run(command, *words)
        assert done.returncode == 0, done.stderr
        assert "site was loaded" not in done.stderr


def test_site_is_loaded_before_a_service_is_asked(person, tmp_path):
    """Its files may say whom TLS trusts, as those of pip-system-certs do."""
    command, site = places.installed(tmp_path / SPACE)
    says_when_site_is_loaded(site)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=refuse_one, args=[server]).start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        person.environ["ANTHROPIC_BASE_URL"] = url
        done = person.run(command, "doctor", "--network")
    assert "site was loaded" in done.stderr


def test_packages_of_the_system_count_as_well(person, tmp_path):
    """As in an environment made with `--system-site-packages`."""
    command, site = places.installed(tmp_path / SPACE)
    says_when_site_is_loaded(site)
    (site / "cryptography").unlink()
    (site / "elsewhere.pth").write_text("\n".join(places.packages()) + "\n")
    done = person.run(command, "current")
    assert done.stdout == "work\n"
    assert "site was loaded" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "include-system-site-packages = true",
        "include-system-site-packages=True",
        "Include-System-Site-Packages  =  TRUE",
    ],
)
def test_an_environment_may_have_packages_of_the_system(person, tmp_path, line):
    command, site = places.installed(tmp_path / SPACE)
    says_when_site_is_loaded(site)
    settings = site.parents[2] / "pyvenv.cfg"
    settings.write_text(f"{settings.read_text()}{line}\n")
    assert "site was loaded" in person.run(command, "current").stderr


def test_an_interpreter_without_site_finds_its_packages(person, tmp_path):
    """As where somebody starts the program with `python -S`."""
    command, site = places.installed(tmp_path / SPACE)
    (site.parents[2] / "pyvenv.cfg").unlink()
    paths = f"import sys; sys.path.append({str(site)!r}); "
    run = f"import runpy; runpy.run_path({str(command)!r})"
    done = person.run(
        sys.executable, "-S", "-c",
        f"{paths}sys.argv = ['keyswitch', 'current']; {run}",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "work\n"), done.stderr


def test_uuid_is_the_real_one_after_click(person, tmp_path):
    command, site = places.installed(tmp_path / SPACE)
    asked = (
        "import keyswitch.__main__ as main; main._load_click(); "
        "import uuid; print(uuid.UUID(int=7).int, uuid.uuid4().version)"
    )
    path = f"import sys; sys.path.append({str(site)!r}); "
    python = command.parent / "python"
    done = person.run(python, "-S", "-c", path + asked)
    assert done.stdout == "7 4\n", done.stderr


def test_site_is_loaded_once_where_there_is_no_short_cut(person, tmp_path):
    """As in an editable installation, which a `.pth` file leads to."""
    command = places.environment(tmp_path / SPACE)
    [site] = command.parent.parent.glob("lib/*/site-packages")
    says_when_site_is_loaded(site)
    short, whole = (person.run(command, a).stderr for a in ("current", "list"))
    assert "site was loaded" in short
    assert whole.count("site was loaded") == short.count("site was loaded")


def test_a_read_of_the_vault_finds_its_packages_without_site(person, tmp_path):
    command, site = places.installed(tmp_path / SPACE)
    key = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvwxEXAMPLE"
    person.run(command, "vault", "init", "--machine-key")
    done = person.run(
        command, "add", "own", "--provider", "custom", "--store", "vault",
        "--set", "env=OWN_KEY", "--stdin", input=key,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    person.profile.parent.with_name("config.toml").write_text('cache = "off"\n')
    assert person.run(command, "use", "own").returncode in (0, 4)
    person.answer(command, "env", "--shell", "bash")
    says_when_site_is_loaded(site)
    script = person.answer(command, "env", "--shell", "bash")
    assert f"OWN_KEY='{key}'" in script


def test_outside_an_environment_the_version_of_the_packages_counts(
    person, tmp_path
):
    """As `pip install --user` lays it out: no Python beside the command."""
    prefix = tmp_path / SPACE
    version = places.add_packages(prefix)
    command = places.add_launcher(prefix / "bin")
    asked = tmp_path / "asked"
    asked.mkdir()
    (asked / version).write_text('#!/bin/sh\necho "$0" "$@"\n')
    (asked / version).chmod(0o755)
    (asked / "python3").write_text("#!/bin/sh\nexit 9\n")
    (asked / "python3").chmod(0o755)
    found = person.answer(
        command, "current", environ={"PATH": f"{asked}:/usr/bin:/bin"}
    )
    assert found == f"{asked / version} -P -E {command} current\n"


def test_a_python_that_is_gone_is_said_in_a_sentence(person, tmp_path):
    command = places.environment(tmp_path / SPACE)
    (command.parent / "python").unlink()
    (command.parent / "python").symlink_to("/nowhere/python3")
    done = person.run(command, "helper", "claude-code")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"keyswitch: error: {command} needs {command.parent}/python, "
        "which is gone\nkeyswitch: hint: reinstall keyswitch\n"
    )


def test_no_module_comes_from_the_folder_of_the_command(person, tmp_path):
    command = places.environment(tmp_path / "plain")
    (command.parent / "click.py").write_text("raise SystemExit(9)\n")
    (person.home / "click.py").write_text("raise SystemExit(9)\n")
    assert "Usage: keyswitch" in person.answer(command, "--help")


@pytest.mark.parametrize("given", [":", ".", "", "x:", "./"])
def test_no_package_comes_from_the_directory_one_is_in(person, tmp_path, given):
    command = places.environment(tmp_path / "plain")
    repository = tmp_path / "repository"
    (repository / "keyswitch").mkdir(parents=True)
    (repository / "keyswitch/__init__.py").write_text("raise SystemExit(9)\n")
    found = person.answer(
        command, "current", cwd=repository, environ={"PYTHONPATH": given}
    )
    assert found == "work\n"


def test_arguments_arrive_as_they_were_given(person, tmp_path):
    command = places.environment(tmp_path / SPACE)
    done = person.run(command, "no such 'command' $HOME")
    assert "unknown command 'no such 'command' $HOME'" in done.stderr


def test_a_click_that_uses_more_of_uuid_gets_all_of_it(monkeypatch, tmp_path):
    from keyswitch import __main__ as entry

    for name in ("uuid", "click"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    text = "import uuid\nONE = uuid.uuid4()\nKIND = uuid.UUID\n"
    (tmp_path / "click.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    entry._load_click()
    click = sys.modules["click"]
    assert isinstance(click.ONE, click.KIND)
    assert click.KIND is not object


@pytest.mark.real("shellcheck")
def test_shellcheck_finds_nothing_in_the_part_for_sh(person):
    text = places.LAUNCHER.read_text()
    part = text.partition("\n'''\n")[0].replace("''':'\n", "")
    done = person.run("shellcheck", "-", input=part)
    assert done.stdout == ""


def test_the_helper_names_the_command_and_not_a_python(person, tmp_path):
    """What Claude Code's settings get goes on working without PATH."""
    command = places.environment(tmp_path / SPACE)
    line = "from keyswitch.workspace import own_command;print(own_command())"
    python = command.parent / "python"
    assert person.answer(python, "-c", line) == f"{[str(command)]}\n"


def test_outside_an_environment_the_helper_names_what_was_started(
    monkeypatch, tmp_path
):
    from keyswitch import workspace

    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    command = places.add_launcher(tmp_path / "bin")
    monkeypatch.setattr(sys, "argv", [str(command), "use", "work"])
    assert workspace.own_command() == [str(command)]
    command.unlink()
    module = [sys.executable, "-P", "-E", "-m", "keyswitch"]
    assert workspace.own_command() == module
