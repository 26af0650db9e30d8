"""What Codex takes of an `openai` profile, and what it is said to ignore."""

import json

import pytest

KEY = "sk-proj-FAKE0123456789FAKE0123456789FAKE0123456789FAKE0123EXAMPLE"
ONLY_EXEC = "only `codex exec` reads the key from the environment"
NO_ADDRESS = "codex ignores OPENAI_BASE_URL"
ADDRESS = ("--set", "base_url=https://gateway.example.com/v1")


@pytest.fixture
def codex(ks):
    """A home with a program called codex."""
    folder = ks.home / "programs"
    folder.mkdir()
    (folder / "codex").write_text("#!/bin/sh\n")
    (folder / "codex").chmod(0o755)
    ks.environ["PATH"] = f"{folder}:{ks.environ['PATH']}"
    return ks


def exported(ks, *names):
    document = json.loads(ks("env", "oa", "--shell", "nu").out)
    return {name: document["set"].get(name) for name in names}


def test_the_key_is_exported_for_codex_exec_too(ks):
    ks.add("oa", secret=KEY, provider="openai")
    names = ("OPENAI_API_KEY", "CODEX_API_KEY")
    assert exported(ks, *names) == dict.fromkeys(names, KEY)
    unset = json.loads(ks("env", "oa", "--shell", "nu").out)["unset"]
    assert "CODEX_ACCESS_TOKEN" in unset


def test_a_gateways_key_is_kept_from_codex_which_would_send_it_to_openai(ks):
    ks.add("oa", *ADDRESS, secret=KEY, provider="openai")
    names = ("OPENAI_API_KEY", "CODEX_API_KEY")
    assert exported(ks, *names) == {
        "OPENAI_API_KEY": KEY, "CODEX_API_KEY": None
    }  # fmt: skip
    unset = json.loads(ks("env", "oa", "--shell", "nu").out)["unset"]
    assert "CODEX_API_KEY" in unset


def test_organization_and_project_have_the_names_that_codex_reads(ks):
    fields = ("--set", "organization=org-1", "--set", "project=proj-1")
    ks.add("oa", *fields, secret=KEY, provider="openai")
    assert exported(ks, "OPENAI_ORGANIZATION", "OPENAI_PROJECT") == {
        "OPENAI_ORGANIZATION": "org-1", "OPENAI_PROJECT": "proj-1"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"), [((), ONLY_EXEC), (ADDRESS, NO_ADDRESS)]
)
def test_use_env_and_doctor_say_what_codex_ignores(codex, fields, said):
    codex.add("oa", *fields, secret=KEY, provider="openai")
    assert codex("use", "oa").err.count(said) == 1
    for _ in range(2):  # the second one from what is kept
        assert codex("env", "oa", "--shell", "nu").err.count(said) == 1
    assert said not in codex("env", "--shell", "nu").err
    assert codex("doctor", code=None).out.count(f"  {said}") == 1


def test_nothing_is_said_where_there_is_no_codex(ks):
    ks.add("oa", secret=KEY, provider="openai")
    ks.environ["PATH"] = "/nowhere"
    assert "codex" not in ks("use", "oa").err
    assert "codex" not in ks("env", "oa", "--shell", "nu").err
    assert "codex" not in ks("doctor", code=None).out
