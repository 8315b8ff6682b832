"""Run one command and print what it took as JSON: ``python -I -S launch.py OUTPUT WORD...``.

A process is charged with the memory of whoever started it until it runs its own program (getrusage(2), ru_maxrss), so
the starter must be smaller than what it measures: this one imports nothing that it can do without.
"""

import os
import sys
import time

output, *words = sys.argv[1:]
quiet = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
nothing = os.open(os.devnull, os.O_WRONLY)
start = time.perf_counter()
child = os.posix_spawnp(
    words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
cpu = usage.ru_utime + usage.ru_stime
code = os.waitstatus_to_exitcode(status)
print(f'{{"wall": {wall!r}, "cpu": {cpu!r}, "peak": {usage.ru_maxrss * 1024}, "code": {code}}}')
