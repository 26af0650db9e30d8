"""Generated JSON documents in every style that a person or program writes."""

import json

from hypothesis import strategies as st

KEYS = st.one_of(
    st.sampled_from(["env", "apiKeyHelper", "theme", "ANTHROPIC_API_KEY", ""]),
    st.text(max_size=6),
)
ODD_NUMBERS = st.sampled_from(
    ["1e400", "1E5", "-0.0", "0", "12345678901234567890123", "1.50"]
)
ODD_STRINGS = st.sampled_from(
    [r'"\ud800"', r'"\u00e9\/"', '"é"', r'"a\"b"', '"{[,:]}"']
)
SCALARS = st.one_of(
    ODD_NUMBERS,
    ODD_STRINGS,
    st.sampled_from(["true", "false", "null"]),
    st.text(max_size=8).map(json.dumps),
)


@st.composite
def spaces(draw):
    return draw(st.sampled_from(["", "", " ", "\n", "\n  ", "\t", "\r\n"]))


@st.composite
def objects(draw, values, keys=KEYS):
    names = draw(st.lists(keys, max_size=5, unique=True))
    parts = []
    for name in names:
        text = json.dumps(name, ensure_ascii=draw(st.booleans()))
        parts.append(
            f"{draw(spaces())}{text}{draw(spaces())}:{draw(spaces())}"
            f"{draw(values)}{draw(spaces())}"
        )
    return "{" + (",".join(parts) or draw(spaces())) + "}"


@st.composite
def arrays(draw, values):
    parts = [
        f"{draw(spaces())}{draw(values)}{draw(spaces())}"
        for _ in range(draw(st.integers(0, 4)))
    ]
    return "[" + (",".join(parts) or draw(spaces())) + "]"


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(objects(inner), arrays(inner)),
    max_leaves=8,
)


@st.composite
def settings_texts(draw):
    """A settings.json: an object whose `env`, if any, is one as well."""
    rest = KEYS.filter(lambda k: k not in ("env", "apiKeyHelper"))
    text = draw(objects(VALUES, rest))
    extra = []
    if draw(st.booleans()):
        variables = st.sampled_from(
            ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "HOME", "X", "Y"]
        )
        env = draw(objects(st.text(max_size=9).map(json.dumps), variables))
        extra.append(f'"env"{draw(spaces())}:{draw(spaces())}{env}')
    if draw(st.booleans()):
        extra.append('"apiKeyHelper": "echo FAKE"')
    for member in extra:
        comma = "," if text.strip("{} \t\r\n") else ""
        text = "{" + draw(spaces()) + member + comma + text[1:]
    tail = draw(st.sampled_from(["", "\n", "\r\n", "  "]))
    mark = draw(st.sampled_from(["", "", "", "\ufeff"]))
    return mark + text + tail
