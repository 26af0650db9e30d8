"""What a shell has to do for a profile, as values."""

from keyswitch.terminal.marker import (
    MARKER,
    PINNED,
    Marker,
    applied,
    plan_script,
    plan_unset,
    read_marker,
)


def plan(environ, name="work", assign=(), rivals=()):
    return plan_script(
        environ,
        name=name,
        mode=PINNED,
        stamp="s1",
        assign=assign,
        rivals=rivals,
    )


def after(environ, script, saved=None):
    """Carry a script out on dictionaries, as a shell would."""
    environ, saved = dict(environ), {} if saved is None else saved
    for name in script.restore:
        if name in saved:
            environ[name] = saved.pop(name)
        else:
            environ.pop(name, None)
    for name in script.save:
        saved[name] = environ[name]
    for name in script.remove:
        environ.pop(name, None)
    environ.update(script.assign)
    return environ


def test_a_profile_sets_its_own_and_unsets_its_rivals():
    script = plan({}, assign=[("A", "1")], rivals=["B"])
    assert script.remove == ["B"]
    assert dict(script.assign)["A"] == "1"
    assert script.save == script.restore == []


def test_the_marker_names_what_was_set_and_displaced_and_holds_no_value():
    script = plan(
        {"B": "mine"}, assign=[("A", "FAKE-SECRET")], rivals=["B", "C"]
    )
    marker = dict(script.assign)[MARKER]
    assert marker == "work:p:s1:A:B"
    assert read_marker({MARKER: marker}).text() == marker


def test_what_the_former_profile_set_goes_when_the_new_one_does_not_need_it():
    first = after({}, plan({}, assign=[("A", "1"), ("X", "2")]))
    second = plan(first, name="other", assign=[("A", "3")])
    assert second.restore == ["X"]
    assert second.save == []


def test_a_value_of_the_persons_own_survives_any_number_of_switches():
    saved = {}
    home = {"A": "mine", "B": "also mine", "PATH": "/bin"}
    seen = home
    for name, assign, rivals in [
        ("one", [("A", "1")], ["B"]),
        ("two", [("B", "2")], ["A"]),
        ("three", [("C", "3")], []),
        ("four", [("A", "4"), ("B", "5")], ["C"]),
    ]:
        seen = after(seen, plan(seen, name, assign, rivals), saved)
        assert dict(assign).items() <= seen.items()
    assert after(seen, plan_unset(seen), saved) == home
    assert saved == {}


def test_a_value_that_was_set_by_hand_since_is_kept_too():
    saved = {}
    seen = after({"B": "old"}, plan({"B": "old"}, rivals=["B"]), saved)
    seen["B"] = "new"
    seen = after(seen, plan(seen, "two", rivals=["B"]), saved)
    assert "B" not in seen
    assert after(seen, plan_unset(seen), saved)["B"] == "new"


def test_nothing_to_take_back_means_no_script():
    assert plan_unset({"A": "1"}) is None


def test_a_malformed_marker_is_no_marker():
    for text in ("", "work", "a:z:s:A:", "a:p:s:A B:", "a:p:s:1A:", "::::"):
        assert read_marker({MARKER: text}) is None
    script = plan_unset({MARKER: "work:p:s:$(id):"})
    assert (script.restore, script.remove) == ([], [MARKER])


def test_the_same_environment_gives_the_same_script():
    pairs = [("B", "2"), ("A", "1")]
    one = plan({"Z": ""}, assign=pairs, rivals=["Z", "Y"])
    two = plan({"Z": ""}, assign=reversed(pairs), rivals=["Y", "Z"])
    assert one.assign == two.assign == sorted(one.assign)
    assert one.remove == two.remove == ["Y", "Z"]


def test_a_child_process_gets_the_profile_and_no_trace_of_another():
    marker = Marker("old", PINNED, "s", ["OLD", "A"], []).text()
    environ = {MARKER: marker, "OLD": "x", "RIVAL": "y", "HOME": "/h"}
    assert applied(environ, [("A", "1")], ["RIVAL"]) == {
        "A": "1",
        "HOME": "/h",
    }
