"""What managers say when they fail, out of `tests/vectors/managers`.

`from` is "observed" where the real tool said it here; "source" and "users"
quote its own source, or people's reports of it.
"""

import tomllib

from tests.components import ROOT

VECTORS = ROOT / "tests" / "vectors" / "managers"

# A manager, the kind of failure, and the words of it.
SAID = [
    (path.stem, one["kind"], one["words"])
    for path in sorted(VECTORS.glob("*.toml"))
    for one in tomllib.loads(path.read_text(encoding="utf-8"))["said"]
]
