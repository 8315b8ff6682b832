"""Exhaustive search over small worlds: what is searched, what a state is, what may happen, and the branching.

``worlds`` and ``passes`` tell what is searched, ``exhaust`` searches one of them. A run is a ``Search`` (``branches``),
made of what may happen to it (``happenings``), how its processes go on (``turns``, ``processes``, ``ticks``) and what
it is told by (``states``, of a world ``world_states``, of a journal ``journal_states``, with times as ``ago`` has
them). States that were met are in ``seen``.
"""
