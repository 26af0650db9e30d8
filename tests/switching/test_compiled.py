"""The worked-out form of a profile: current, or not used at all."""

import pytest

from keyswitch import compiled
from keyswitch.changes.compiling import compiled_profile
from keyswitch.profiles.paths import resolve
from keyswitch.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    found = Workspace({"KEYSWITCH_HOME": str(tmp_path)})
    folder = tmp_path / "config" / "profiles"
    folder.mkdir(parents=True)
    (folder / "work.toml").write_text(
        'provider = "gateway"\n[fields]\nbase_url = "https://gw.example.com"\n'
        '[secrets.auth_token]\nstore = "vault"\nitem = "ks1-00"\n'
    )
    return found


def test_what_is_kept_is_read_back_the_same(workspace):
    first = compiled_profile(workspace, "work")
    kept = compiled.read(workspace.paths, "work")
    assert vars(kept) == vars(first)
    assert kept.refs == {"auth_token": ("vault", "ks1-00", 1)}
    assert ("ANTHROPIC_BASE_URL", "https://gw.example.com") in kept.literals


def test_any_change_of_what_it_was_made_from_makes_it_stale(workspace):
    compiled_profile(workspace, "work")
    paths = workspace.paths
    for path in (
        paths.profile("work"),
        paths.config_file,
        paths.providers_dir + "/gateway.toml",
    ):
        assert compiled.read(paths, "work") is not None
        import os

        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a") as file:
            file.write("# changed\n")
        assert compiled.read(paths, "work") is None
        if path.endswith("gateway.toml"):
            break
        workspace.__dict__.pop("settings", None)
        compiled_profile(workspace, "work")


def test_half_of_one_is_none_at_every_length(workspace):
    compiled_profile(workspace, "work")
    path = workspace.paths.compiled("work")
    with open(path, "rb") as file:
        whole = file.read()
    for size in range(len(whole)):
        with open(path, "wb") as file:
            file.write(whole[:size])
        assert compiled.read(resolve(workspace.environ), "work") is None
