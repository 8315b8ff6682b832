"""What may not stand in a ledger in the clear: an entry can never be taken out again, and everybody may read it.

Fields hold names of things, words and digests, so that there is hardly room for a secret. What still looks like one, or
like a person's address, is refused before it is written. A pattern is no proof: a password that looks like a host's
name is not recognised, and who writes entries must not put texts of people or programs into them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache

#: What a value looks like -> the pattern. Each is a form that its issuer has published.
_FORMS: dict[str, re.Pattern[str]] = {
    "a mail address": re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"),
    "a private key": re.compile(r"-----BEGIN|PRIVATE\+KEY\+|AGE-SECRET-KEY-", re.IGNORECASE),
    "an access key of a cloud": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}"),
    "a token": re.compile(
        r"\b(?:gh[opsru]_|github_pat_|glpat-|xox[abeprs]-|sk-|hv[bs]\.|npm_|dop_v1_|oat_|dckr_pat_)[\w-]{16,}"
    ),
    "a JSON web token": re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}"),
    "a password": re.compile(
        r"(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[_-]?key|bearer)\s*[=: ]\s*\S", re.IGNORECASE
    ),
    "an address with a password": re.compile(r"://[^/@\s]*:[^/@\s]*@"),
    "a random value": re.compile(r"(?=[A-Za-z0-9+_]{32})(?=\w*[0-9])(?=\w*[a-z])(?=\w*[A-Z])"),
}


# The same names come again and again: a run speaks of its machines in every record.
@lru_cache(maxsize=1 << 14)
def looks_like(text: str) -> str:
    """What a text looks like that may not be told; empty where it looks like nothing of the kind."""
    return next((what for what, form in _FORMS.items() if form.search(text)), "")


def pseudonym(who: str, secret: bytes) -> str:
    """What stands for a person or a key in entries: the same for the same, and told by nobody without the secret.

    Where the secret is destroyed, entries say only that several of them are by the same person.
    """
    return f"p-{hmac.new(secret, who.encode(), hashlib.sha256).hexdigest()[:32]}"
