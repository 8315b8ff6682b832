"""How the tests run: a pure core, and three profiles of random input.

``OAKUM_PROFILE`` chooses the profile: ``default`` looks at new examples on every run and remembers the failing ones;
``ci`` draws the same examples from the same code, so that only the change under test can turn it red; ``fuzz`` draws
many more and is run again and again by ``make fuzz``. Each prints how to reproduce a failure.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.purity import forbid_io_in_the_core

forbid_io_in_the_core()

pytest_plugins = ["tests.lab.fixtures"]

# No deadline: the machines that run this are shared, and a slow example is no wrong one.
settings.register_profile("default", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("ci", deadline=None, max_examples=50, print_blob=True, derandomize=True, database=None)
settings.register_profile(
    "fuzz", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("OAKUM_PROFILE", "default"))
