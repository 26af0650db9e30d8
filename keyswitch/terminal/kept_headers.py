"""What becomes of a person's own headers where a profile is chosen.

Part of the express lane; asked only where the variable is there or was.
"""

from __future__ import annotations

from keyswitch.compiled import HEADERS
from keyswitch.terminal.marker import read_marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Pairs = list[tuple[str, str]]


def settled(
    environ: Mapping[str, str],
    pairs: Pairs,
    rivals: Sequence[str],
    key: bytes,
    *,
    keep: bool = False,
) -> tuple[Pairs, list[str], list[str]]:
    """Return the pairs, the rivals, and what is said of headers that go.

    A person's headers without a credential stay, before a profile's own or
    alone; with `keep` the others, too. Where nothing goes and nothing is
    added, nobody touches them.
    """
    own, given = dict(pairs).get(HEADERS, ""), environ.get(HEADERS, "")
    if not own and HEADERS not in rivals:
        return pairs, [*rivals], []  # the profile is of other programs
    ours = touched = False
    present = read_marker(environ)
    if present is not None:
        touched = HEADERS in {*present.assigned, *present.displaced}
        theirs = present.not_ours(environ, key)
        ours = HEADERS in {*present.assigned} - theirs
    if not own and not touched and not given.strip():
        return pairs, [*rivals], []
    from keyswitch.providers import custom_headers

    kept, gone = custom_headers.of_the_person(given), list[str]()
    if keep and not ours:
        kept = given
    elif not ours:
        kept, gone = custom_headers.plain(given)
    rest = [name for name in rivals if name != HEADERS]
    if not own and not gone and not touched:
        return pairs, rest, []
    if gone:
        gone = [custom_headers.said(gone, "this shell")]
    value = custom_headers.joined(own, kept)
    others = [pair for pair in pairs if pair[0] != HEADERS]
    if not value:
        return others, [*rest, HEADERS], gone
    return [*others, (HEADERS, value)], rest, gone
