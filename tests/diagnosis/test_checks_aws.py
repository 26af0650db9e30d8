"""AWS identities: stale, half, shadowed, ended, or fine as they are."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tests.diagnosis.homes import (
    AWS_FILES,
    AWS_ID,
    AWS_SECRET,
    AWS_TEMPORARY,
    AWS_TOKEN,
    BEDROCK,
    COMMAND,
    KEY,
    PAIR,
    SETTINGS,
    TOKEN,
    Home,
    profile,
)

ROCK = Home(environ={**BEDROCK, **PAIR})
NAMED = Home(environ={**BEDROCK, "AWS_PROFILE": "dev"}, files=AWS_FILES)
TEMPORARY = {
    "AWS_ACCESS_KEY_ID": AWS_TEMPORARY,
    "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
}
SSO_CONFIG = (
    "[profile dev]\nsso_session = corp\n[sso-session corp]\n"
    "sso_start_url = https://corp.example/start\n"
)
CACHE = f".aws/sso/cache/{hashlib.sha1(b'corp').hexdigest()}.json"
EXPORT = {"awsCredentialExport": "/bin/echo {}"}


def at(hours):
    """Return a time as AWS writes it."""
    then = datetime.now(UTC) + timedelta(hours=hours)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def signed_in(cache=None, config=SSO_CONFIG, **environ):
    files = {".aws/config": config}
    if cache is not None:
        files[CACHE] = cache
    return Home(
        environ={**BEDROCK, "AWS_PROFILE": "dev", **environ}, files=files
    )


ENDED = {"accessToken": "FAKE", "expiresAt": at(-1)}

HOMES = {
    "aws-session-token-stale": (
        ROCK.but(environ={**ROCK.environ, "AWS_SESSION_TOKEN": AWS_TOKEN}),
        ROCK.but(
            environ={**BEDROCK, **TEMPORARY, "AWS_SESSION_TOKEN": AWS_TOKEN}
        ),
    ),
    "aws-session-token-missing": (
        ROCK.but(environ={**BEDROCK, **TEMPORARY}),
        ROCK,
    ),
    "aws-profile-beats-keys": (
        NAMED.but(environ={**NAMED.environ, **TEMPORARY}),
        NAMED.but(environ={**NAMED.environ, **PAIR}),  # the same account
    ),
    "aws-default-profile-unread": (
        NAMED.but(environ={**BEDROCK, "AWS_DEFAULT_PROFILE": "dev"}),
        NAMED.but(environ={**NAMED.environ, "AWS_DEFAULT_PROFILE": "dev"}),
    ),
    "aws-bearer-beats-all": (
        ROCK.but(environ={**ROCK.environ, "AWS_BEARER_TOKEN_BEDROCK": TOKEN}),
        ROCK.but(environ={**BEDROCK, "AWS_BEARER_TOKEN_BEDROCK": TOKEN}),
    ),
    "aws-sso-expired": (
        signed_in(ENDED),
        signed_in({**ENDED, "expiresAt": at(1)}),
    ),
    "aws-export-fallback": (
        ROCK.but(files={SETTINGS: EXPORT}),
        ROCK.but(environ=BEDROCK, files={SETTINGS: EXPORT}),
    ),
    "aws-region-missing": (
        ROCK.but(environ={**PAIR, "CLAUDE_CODE_USE_BEDROCK": "1"}),
        ROCK,
    ),
}


def test_a_sign_in_that_is_not_there_is_found(look):
    assert "is missing" in look(signed_in())["aws-sso-expired"].what


def test_a_name_with_a_dollar_can_be_pasted_into_a_shell(look):
    """As the SDK reads files, only those of the credentials may have one."""
    files = {
        ".aws/config": SSO_CONFIG,
        ".aws/credentials": "[my$dev]\nsso_session = corp\n",
    }
    environ = {**BEDROCK, "AWS_PROFILE": "my$dev"}
    found = look(Home(environ=environ, files=files))
    assert found["aws-sso-expired"].fix == "aws sso login --profile 'my$dev'"


def test_a_sign_in_that_renews_itself_has_not_ended(look):
    renewed = {
        **ENDED,
        "clientId": "FAKE",
        "clientSecret": "FAKE",
        "refreshToken": "FAKE",
    }
    assert "aws-sso-expired" not in look(signed_in(renewed))


@pytest.mark.parametrize(
    "environ",
    [PAIR, {"AWS_BEARER_TOKEN_BEDROCK": TOKEN}],
    ids=["pair", "bearer"],
)
def test_a_sign_in_that_is_not_used_may_have_ended(look, environ):
    config = SSO_CONFIG.replace("profile dev", "default")
    home_ = signed_in(ENDED, config, AWS_PROFILE="", **environ)
    assert "aws-sso-expired" not in look(home_)


@pytest.mark.parametrize("cache", ["[]", "{}", '{"expiresAt": 5}', "\xff"])
def test_a_cache_that_says_nothing_is_no_sign_in(look, cache):
    assert "aws-sso-expired" in look(signed_in(cache))


def test_a_stale_token_that_is_not_sent_is_no_error(look):
    environ = {**NAMED.environ, **PAIR, "AWS_SESSION_TOKEN": AWS_TOKEN}
    finding = look(NAMED.but(environ=environ))["aws-session-token-stale"]
    assert finding.severity == "warning"


def test_a_stale_token_that_is_sent_is_one(look):
    finding = look(HOMES["aws-session-token-stale"][0])
    assert finding["aws-session-token-stale"].severity == "error"


def test_without_a_cloud_nothing_is_said_of_the_order(look):
    environ = {**PAIR, "AWS_PROFILE": "dev", "ANTHROPIC_API_KEY": KEY}
    found = look(NAMED.but(environ=environ))
    assert [check for check in found if check.startswith("aws")] == []


OWN_FILE = {
    "own-aws": "[profile keyswitch]\nregion = eu-west-1\n"
    f"credential_process = {COMMAND} helper aws rock\n"
}
OWN = Home(
    profiles={
        "rock": profile(
            "bedrock", AWS_SECRET, region="eu-west-1", access_key_id=AWS_ID
        )
    },
    chosen="rock",
    environ={**BEDROCK, **PAIR},
    files={
        **OWN_FILE,
        SETTINGS: {
            "awsCredentialExport": f"{COMMAND} helper aws rock",
            "env": {
                **BEDROCK,
                "AWS_PROFILE": "keyswitch",
                "AWS_CONFIG_FILE": "{home}/own-aws",
            },
        },
    },
    patches={
        "keyswitch.diagnosis.findings.commands.KEYS": (),
    },
)


def test_two_ways_to_one_account_are_no_contradiction(look):
    assert [check for check in look(OWN) if check.startswith("aws")] == []
