"""Whatever is wrong with a file of keyswitch's own, its fix can be followed."""

import json
import shutil

import pytest

from tests.cli.keyswitch import OTHER
from tests.diagnosis.fix_lines import faults_of

PROVIDER = 'title = "x"\n[[fields]]\nname = "key"\nsecret = true\n'


def garbage(path):
    path.write_bytes(b"\xff\0nope")


def empty(path):
    path.write_bytes(b"")


def newer(path):
    path.write_text('{"version": 99}')


def of_toml(path):
    path.write_text("= nope")


def large(path):
    path.write_bytes(b" " * (1 << 25))


def link(path):
    path.unlink()
    path.symlink_to("/nonexistent")


def folder(path):
    path.unlink()
    path.mkdir()


WAYS = [
    garbage,
    folder,
    link,
    *(pytest.param(w, marks=pytest.mark.full) for w in (empty, newer, of_toml)),
    pytest.param(large, marks=pytest.mark.full),
]


def two_profiles(ks):
    ks.with_vault()
    ks.add("work")
    ks.add("other", secret=OTHER)
    ks("use", "work")
    providers = ks.file(".config/keyswitch/providers")
    providers.mkdir()
    providers.joinpath("mine.toml").write_text(PROVIDER)
    ks.file(".config/keyswitch/config.toml").write_text('cache = "off"\n')


@pytest.mark.parametrize("damage", WAYS)
def test_every_fix_can_be_followed(bare, damage):
    ks = bare.begin_as(two_profiles)
    own = [p for p in ks.home.rglob("*") if "keyswitch" in str(p)]
    found = 0
    for path in filter(lambda p: p.is_file() and not p.is_symlink(), own):
        data, mode = path.read_bytes(), path.stat().st_mode
        damage(path)
        done = ks("doctor", "--json", code=None)
        for finding in json.loads(done.out)["findings"]:
            assert not faults_of(finding["fix"]), (path, finding)
            found += str(path) in json.dumps(finding)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        path.chmod(mode & 0o777)
    assert found > len(own) / 4
