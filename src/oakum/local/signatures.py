"""SSH signatures through ``ssh-keygen`` itself, which knows every kind of key, agents and hardware tokens.

It is called as a fixed program with arguments, never through a shell; what is signed goes to its standard input.
Source: ssh-keygen(1), ``-Y sign`` and ``-Y verify``; allowed signers as in its section of that name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from oakum.changes.approvals import NAMESPACE
from oakum.errors import InputError, Place, UsageError

#: Seconds for whoever types a passphrase or touches a token, and for what asks nobody.
_PATIENCE, _SOON = 180, 30
_WHO = "approver"


def sign(key: Path, message: bytes) -> bytes:
    """The armoured signature of a message by a private key, or by the agent's where the public half is named.

    Raises UsageError where it cannot be signed.
    """
    path = key.absolute()
    if not path.is_file():
        raise UsageError(
            "there is no such key",
            place=Place(str(key)),
            remedy="name a private key, or a .pub file whose key the agent has",
        )
    done = _ssh_keygen(["-Y", "sign", "-n", NAMESPACE, "-f", str(path)], message, asks=True)
    if done.returncode or not done.stdout:
        raise UsageError(
            f"ssh-keygen did not sign: {_said(done)}", place=Place(str(key)),
            remedy="unlock the key, or add it to the agent and name its .pub file",
        )  # fmt: skip
    return done.stdout


def is_signed(message: bytes, signature: bytes, key: str, namespace: str = NAMESPACE) -> bool:
    """Whether a signature of a message is right, by a key (``KIND BASE64``), and made for just this use."""
    with tempfile.TemporaryDirectory(prefix="oakum-") as folder:
        signers, file = Path(folder) / "signers", Path(folder) / "signature"
        signers.write_text(f'{_WHO} namespaces="{namespace}" {key}\n')
        file.write_bytes(signature)
        words = ["-Y", "verify", "-f", str(signers), "-I", _WHO, "-n", namespace, "-s", str(file)]
        return _ssh_keygen(words, message, asks=False).returncode == 0


def _ssh_keygen(words: list[str], message: bytes, *, asks: bool) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise UsageError("ssh-keygen is not installed", remedy="install OpenSSH's client (openssh-client)")
    # Without a terminal nobody can answer: it must fail instead of waiting.
    alone = not (asks and sys.stdin.isatty())
    environment = os.environ | ({"SSH_ASKPASS_REQUIRE": "never"} if alone else {})
    try:
        return subprocess.run(  # noqa: S603 (a fixed program, and arguments that no shell reads)
            [program, *words], input=message, capture_output=True, timeout=_SOON if alone else _PATIENCE,
            start_new_session=alone, env=environment, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UsageError("ssh-keygen gave no answer", remedy="unlock the key, or touch the token, in time") from None
    except OSError as error:
        raise InputError(f"ssh-keygen cannot be run: {error.strerror}", remedy="see to the installation") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else f"it ended with {done.returncode}"
