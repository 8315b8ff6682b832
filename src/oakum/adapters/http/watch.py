"""An end to a request, whatever the other side does."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from threading import Timer
from typing import Any


class Watch:
    """Cuts the connections of a request in time.

    The client's own limit is for one read, so that a server that sends a byte now and then would be waited for without
    an end, and nobody else hears of single bytes of a head.
    """

    def __init__(self, seconds: float) -> None:
        self._sockets: list[socket.socket] = []
        self._timer = Timer(max(seconds, 0.0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def traced(self, event: str, info: Mapping[str, object]) -> None:
        """The client tells of a connection that it made."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self.add(info["return_value"])

    def add(self, stream: Any) -> None:
        """One more connection to watch."""
        found = stream.get_extra_info("socket") if stream is not None else None
        if isinstance(found, socket.socket):
            self._sockets.append(found)

    def _cut(self) -> None:
        for each in self._sockets:
            # Of the plain socket: that of TLS would be changed below the thread that reads from it.
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
