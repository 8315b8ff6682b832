#!/bin/bash
# Make the virtual environment, and install into it what installs everything else, by pip and by hash.
# Usage: tools/bootstrap.sh VENV. PYTHON names the interpreter; by default the first that is new enough.
set -euo pipefail

venv=$1
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c "$new_enough"; then
    python=${PYTHON:-}
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$python" ] && break
        if command -v "$candidate" >/dev/null && "$candidate" -c "$new_enough" 2>/dev/null; then
            python=$candidate
        fi
    done
    if [ -z "$python" ]; then
        echo "make: no Python 3.11 or later was found (install one, or name it: make env PYTHON=/path/to/python3)" >&2
        exit 1
    fi
    echo "Making $venv with $("$python" --version)"
    if ! "$python" -m venv --clear "$venv"; then
        echo "make: $python cannot make a virtual environment (on Debian: apt-get install python3-venv)" >&2
        exit 1
    fi
fi

"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r requirements/bootstrap.lock
