"""What the status of an answer means for whoever wants an image."""

from __future__ import annotations

import httpx2 as httpx

from oakum.adapters.http.waiting import Clockwork, retry_after
from oakum.adapters.registry.wire import LaterError
from oakum.fleet.images.sources import UnreachedError

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


def later(response: httpx.Response, host: str, clock: Clockwork) -> LaterError | None:
    """The reason to ask again later, where the answer is one."""
    code = response.status_code
    if code not in _LATER:
        return None
    what = f"{host} has had too many requests from here" if code == 429 else f"{host} answers with {code}"
    remedy = "try again later; who logs in may ask more often" if code == 429 else "try again later"
    return LaterError(
        UnreachedError(what, remedy=remedy), retry_after(response.headers.get("retry-after", ""), clock.now())
    )
