"""Run a program that dies with the one who started it: ``python tether.py PARENT PROGRAM ARGUMENT...``.

The kernel kills it when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG), and the setting outlives exec
but not fork. Done in a program of its own since code between fork and exec of a test process with threads is unsafe.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
    sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
if os.getppid() != int(sys.argv[1]):  # it ended before the kernel was told
    sys.exit("the parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
