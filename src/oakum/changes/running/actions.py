"""What comes next, as ``next_actions`` tells it: records to write, acts to try, and what has to wait."""

from __future__ import annotations

from datetime import datetime

import msgspec

from oakum.changes.running.journal import Meant, Noted, Turned


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is to be done about something before ``until``, unless something happens.

    ``about`` is a step, a wave, or empty for the whole run. ``held`` says that it waits for something outside of the
    run (a person, a window, evidence), which is noted once for each new ``why``; ``sharp`` that ``until`` is
    the moment itself and not just a time to look again.
    """

    until: datetime
    why: str
    about: str = ""
    held: bool = False
    sharp: bool = False


#: ``Meant`` is written, tried and answered; ``Turned`` and ``Noted`` are written.
Action = Meant | Turned | Noted | Rest
