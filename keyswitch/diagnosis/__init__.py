"""What Claude Code really uses, and why.

Three words are used throughout. A `Scene` is what Claude Code finds: one
environment, home and directory, each file in them read once. A `View` is the
variables of a scene as one reader sees them: a request applies what a
repository sets, `claude auth status` does not. A `Situation` is a scene with
its verdict, the profiles that its credentials belong to, and the profile that
should be in use.

`resolver` turns a scene into a verdict, `findings` and `checks` say what is
wrong in a situation, `online` asks the service, and `explain` finds the causes
of an error text.
"""
