#!/bin/bash
# Make the environment exactly what a lock file says, wheels only and by hash, and install Oakum itself editable.
# Usage: tools/install.sh VENV LOCKFILE.
set -euo pipefail

venv=$1
lock=$2

# uv does not read pip's settings: hand the index and the certificates on, from the environment or from pip.conf.
setting() { "$venv/bin/python" -m pip config list 2>/dev/null | sed -n "s/^[^=]*\.$1='\(.*\)'\$/\1/p" | tail -n 1; }
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index=$(setting index-url)
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
if [ -z "${SSL_CERT_FILE:-}" ]; then
    certificates=$(setting cert)
    [ -z "$certificates" ] || export SSL_CERT_FILE="$certificates"
fi

export VIRTUAL_ENV="$PWD/$venv"
# The bootstrap lock is named too, so that the tools which install are never removed by what they install.
"$venv/bin/uv" pip sync --quiet --compile-bytecode --require-hashes --only-binary :all: "$lock" requirements/bootstrap.lock
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --editable .
"$venv/bin/python" -m compileall -q src
