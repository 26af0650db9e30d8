"""Which line of a start file sets a variable of this process."""

import pytest

from keyswitch.diagnosis.findings.origin import StartFiles
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.verdict import Source
from tests.diagnosis.homes import KEY, OTHER, Home

NAME = "ANTHROPIC_API_KEY"
LINE = f"export {NAME}={KEY}\n"


@pytest.fixture
def files(home):
    def files(texts, zdotdir="", cwd="project"):
        Home(files=texts, cwd=cwd).build(home)
        return start_files(home, home / cwd, zdotdir)

    return files


def start_files(home, cwd, zdotdir=""):
    environ = {"ZDOTDIR": zdotdir}
    return StartFiles(Scene(environ, home=str(home), cwd=str(cwd)))


def origin(found, value=KEY):
    found.scene.environ[NAME] = value
    return found.origin(Source("environment", NAME, "process"))


@pytest.mark.parametrize(
    "name",
    [
        ".zshenv",
        ".bash_aliases",
        ".profile",
        ".pam_environment",
        ".config/environment.d/10-keys.conf",
        ".config/fish/conf.d/keys.fish",
        ".envrc",
        "project/.envrc",
        "project/mise.toml",
    ],
)
def test_the_line_is_found_wherever_it_stands(files, home, name):
    found = origin(files({name: f"# keys\n{NAME}={KEY}\n"}))
    assert found.place == f"{home}/{name}:2"
    assert found.certain
    assert KEY not in repr(found)


def test_a_line_with_another_value_is_not_the_one(files):
    assert origin(files({".zshrc": LINE}), OTHER) is None


def test_the_line_with_the_value_comes_before_a_computed_one(files):
    texts = {".bashrc": f"{NAME}=$(pass show key)\n", ".zshrc": LINE}
    assert origin(files(texts)).path.endswith(".zshrc")


def test_a_computed_line_is_named_as_uncertain(files):
    found = origin(files({".bashrc": f"export {NAME}=$(pass show key)\n"}))
    assert found.line == 1
    assert not found.certain


def test_the_directory_s_own_file_comes_first(files):
    texts = {".zshrc": LINE, "project/.envrc": LINE, ".envrc": LINE}
    assert origin(files(texts)).path.endswith("project/.envrc")


def test_zdotdir_is_looked_into(files, home):
    found = files({"zsh/.zshrc": LINE}, zdotdir=str(home / "zsh"))
    assert origin(found).path.endswith("zsh/.zshrc")


def test_a_file_is_read_once_whatever_its_names(files, home):
    found = files({".zshrc": LINE}, zdotdir=str(home), cwd=".")
    paths = list(found.texts)
    assert paths.count(f"{home}/.zshrc") == 1
    assert found.texts is found.texts


def test_what_is_no_readable_text_is_passed_over(files, home):
    found = files({".bashrc": b"\xff\0" + LINE.encode(), ".envrc": LINE})
    (home / ".zshrc").mkdir()
    (home / ".zshenv").symlink_to("gone")
    (home / ".profile").write_bytes(b"#" * (1 << 20) + LINE.encode())
    assert origin(found).path.endswith(".envrc")


def test_a_folder_with_signs_of_a_pattern_is_taken_literally(files, home):
    place = home / "a[b]*"
    text = {"a[b]*/.config/environment.d/x.conf": f"{NAME}={KEY}\n"}
    files(text)
    found = origin(start_files(place, home / "project"))
    assert found.path == f"{place}/.config/environment.d/x.conf"


def test_an_empty_value_has_no_certain_line(files):
    found = files({".zshrc": f"export {NAME}=\n"})
    assert not origin(found, "").certain
