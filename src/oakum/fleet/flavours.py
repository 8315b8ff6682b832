"""The flavour of a build: a vendor's rebuild of a package that has fixes of its own.

A hot-patched or certified rebuild (Ksplice, FIPS), a kernel of another make (Oracle's UEK) and a product that stands on
the system are told by what their vendor writes into the version. Sources: Oracle's errata (``1.1.1k-6.ksplice1.el8_5``,
``3.6.16-4.0.1.el8_fips``, ``5.15.0-1.el8uek``), Ubuntu's FIPS archives, Red Hat's tags of builds.
"""

from __future__ import annotations

import re
from functools import lru_cache

_FLAVOUR = re.compile(
    r"\.(ksplice)\d|[+._~-](fips)\b|[+._](fips)\d|(fips)"
    # Red Hat's products that stand on RHEL have packages of the same names: rhaos is OpenShift's, el8sat Satellite's.
    r"|\.(rhaos)\d|\.el\d+(cp|eap|fdp|jws|ost|pc|sat|sso|uek)\b"
)


@lru_cache(maxsize=4096)
def flavour(version: str) -> str:
    """The flavour of a build that has fixes of its own (ksplice, fips, uek, another product's), or none."""
    found = _FLAVOUR.search(version)
    return next((word for word in found.groups() if word), "") if found else ""
