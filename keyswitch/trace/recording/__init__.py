"""Recordings: files of the form HAR 1.2, written and read.

http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

from keyswitch.trace.recording.har_reading import read
from keyswitch.trace.recording.har_writing import Recording

__all__ = ["Recording", "read"]
