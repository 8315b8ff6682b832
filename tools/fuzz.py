"""Run the property tests again and again, with new examples each time, until the time is over.

``OAKUM_FUZZ_SECONDS`` (300 by default) says how long. The first round that fails ends it; hypothesis prints how to
reproduce the failure and remembers the example for ``make test``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """The exit code of the round that failed, or 0."""
    seconds = float(os.environ.get("OAKUM_FUZZ_SECONDS", "300"))
    end = time.monotonic() + seconds
    rounds = 0
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "fuzz or hypothesis", "-x", *sys.argv[1:]]
    while (left := end - time.monotonic()) > 0:
        rounds += 1
        print(f"round {rounds}, {left:.0f} s left", flush=True)
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"OAKUM_PROFILE": "fuzz", "OAKUM_FUZZ_SECONDS": f"{left:.0f}"},
            check=False,
        )
        if done.returncode:
            return done.returncode
    print(f"{rounds} rounds in {seconds:.0f} s, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
