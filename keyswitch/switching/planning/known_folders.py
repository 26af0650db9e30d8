"""The configuration folders that keyswitch wrote to, and its records of them.

One record a folder, and one folder a file: where a link makes two folders
share their settings, these are recorded for the folder that had them first,
or the second record would take keyswitch's own values for the person's.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.errors import KeyswitchError
from keyswitch.profiles.odd_files import baseline_files
from keyswitch.targets import table, values
from keyswitch.targets.values import MAIN, id_of_record
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.targets.target import Places


def record_path(workspace: Workspace, places: Places) -> str:
    """Return the file that records what one folder had before."""
    return values.record_path(workspace.paths, MAIN, places.config_dir)


def is_one_file(path: str, other: str) -> bool:
    """Tell whether two paths lead to one file, be it there or not."""
    return os.path.realpath(path) == os.path.realpath(other)


def folders(
    draft: Draft, *, beside: str = ""
) -> Iterator[tuple[Places, Collection[str]]]:
    """Yield (folder, its recorded files) of every record beside that one."""
    workspace = draft.workspace
    paths = workspace.paths
    for record in baseline_files(paths):
        if record in (paths.logins_file, paths.made_file, beside):
            continue
        if not record.endswith(".json") or id_of_record(record) != MAIN:
            continue  # a damaged one that was set aside; another program's
        recorded = table.main().recorded(record, draft.read(record))
        for places in _candidates(workspace, recorded):
            if record_path(workspace, places) == record:
                yield places, recorded


def calls_us(workspace: Workspace, places: Places) -> bool:
    """Tell whether a folder's settings call some keyswitch's helper."""
    return table.main().folders.calls_us(places, Draft(workspace).settled)


def recorded_in(draft: Draft, places: Places) -> Collection[str]:
    """Return the files that a folder's record is about."""
    record = record_path(draft.workspace, places)
    return table.main().recorded(record, draft.read(record))


def holder_of(draft: Draft, places: Places) -> Places:
    """Return the folder that a folder's settings are recorded for."""
    workspace = draft.workspace
    own = record_path(workspace, places)
    found = [
        other
        for other, recorded in folders(draft, beside=own)
        if other.settings in recorded
        and not is_own(workspace, other)
        and is_one_file(other.settings, places.settings)
    ]
    if not found:
        return places
    if places.settings in recorded_in(draft, places):
        found.append(places)
    # An older keyswitch recorded both; the one that is no link was first.
    return min(
        found,
        key=lambda at: (
            os.path.realpath(at.settings) != at.settings,
            at.settings,
        ),
    )


def _candidates(
    workspace: Workspace, recorded: Collection[str]
) -> Iterator[Places]:
    """Yield the folders that a record may be of; its name has a digest only."""
    usual = named(workspace)
    found = [os.path.dirname(path) for path in recorded]
    if not set(usual.files).isdisjoint(recorded):
        found.append(usual.config_dir)
    for folder in dict.fromkeys(found):
        places = places_of(workspace, folder)
        yield places
        # The usual folder, named by the variable, has another file.
        other = named(workspace, folder)
        if not {*other.files}.difference(places.files).isdisjoint(recorded):
            yield other


def named(workspace: Workspace, folder: str | None = None) -> Places:
    """Return a folder's files as the variable names them; None: it is unset."""
    main = table.main()
    given = {} if folder is None else {main.folder_variable: folder}
    return main.places(given, workspace.home, workspace.cwd)


def own_folder(workspace: Workspace, name: str) -> Places:
    """Return the files of a profile's own folder."""
    return named(workspace, workspace.paths.folder_of(name))


def places_of(workspace: Workspace, folder: str) -> Places:
    """Return a folder's files as the program finds them."""
    if folder == workspace.places.config_dir:
        return workspace.places
    usual = named(workspace)
    return usual if folder == usual.config_dir else named(workspace, folder)


def login_places(workspace: Workspace, ledger: Ledger) -> list[Places]:
    """Return the folders that the ledger has something of, in its order."""
    return [login_place(workspace, ledger, f) for f in ledger.folders]


def login_place(workspace: Workspace, ledger: Ledger, folder: str) -> Places:
    """Return the files of a folder that has a login."""
    places = places_of(workspace, ledger.storage.get(folder, folder))
    return places.with_login_in(folder)


def names(workspace: Workspace) -> list[str]:
    """Return the other folders that keyswitch is used in, to be shown."""
    try:
        return [places.config_dir for places in others(workspace)]
    except KeyswitchError:
        return []  # the records cannot be read


def others(workspace: Workspace) -> list[Places]:
    """Return the other folders whose files keyswitch changed.

    Of profiles' own folders those whose profile is gone.
    """
    paths = workspace.paths
    usual = record_path(workspace, workspace.places)
    known = {usual, paths.logins_file, paths.made_file}
    if known.issuperset(baseline_files(paths)):
        return []
    return [
        places
        for places, _ in recorded(workspace)
        if places.config_dir != workspace.places.config_dir
        and os.path.isdir(places.config_dir)
        and os.path.exists(record_path(workspace, places))
        and not (
            is_own(workspace, places)
            and os.path.lexists(
                paths.profile(os.path.basename(places.config_dir))
            )
        )
    ]


def way_out(places: Places, command: str = "off") -> str:
    """Return a command for a folder; the usual one switches keyswitch off."""
    given = table.main().folders.variables_of(places)
    words = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    if not given:  # the usual one
        words[:0] = ["env", "-u", table.main().folder_variable]
    return " ".join([*words, f"keyswitch {command}"])


def is_own(workspace: Workspace, places: Places) -> bool:
    """Tell whether a folder is a profile's own."""
    return places.config_dir.startswith(workspace.paths.folders_dir + os.sep)


def recorded(workspace: Workspace) -> list[tuple[Places, bool]]:
    """Return the folders that have something of keyswitch's.

    And whether `off` gives a login back there: a profile's own folder keeps
    its login, which is in no other place.
    """
    draft = Draft(workspace)
    found = {places: False for places, _ in folders(draft)}
    ledger = draft.ledger()
    for places in login_places(workspace, ledger):
        if not is_own(workspace, places):
            found[places] = bool(ledger.folders[places.login_dir].before)
    return list(found.items())


def changed(workspace: Workspace) -> list[tuple[Places, bool]]:
    """Return those of them that `off` gives something back to."""
    return [
        (places, gives_login)
        for places, gives_login in recorded(workspace)
        if gives_login or os.path.exists(record_path(workspace, places))
    ]
