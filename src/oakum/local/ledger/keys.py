"""Keys of a ledger in files: made, read, and used to sign.

A private key lies in a file that only its owner may read, as it is: whoever can read the file can sign. A public key is
a line of text, in a file or on the command line. Beside the ledger's own file lies the secret from which pseudonyms are
made.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.ledger.keys import KEY_SIZE, PublicKey, checked_name, private_text, read_private_key, read_public_key

_LARGEST = 4096
_SECRET_SIZE = 32


class FileSigner:
    """The ``Signer`` whose key lies in a file."""

    def __init__(self, path: Path) -> None:
        """Reads the key. Raises InputError, UsageError where others may read the file too."""
        # Imported by those who sign: runs come here for pseudonyms only.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        place = Place(str(path))
        text = _read(path)
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            what = f"others than its owner may use this private key (mode {stat.S_IMODE(mode):04o})"
            raise UsageError(
                what, place=place, remedy=f"chmod 600 {path}; make another one if somebody may have read it"
            )
        try:
            found = read_private_key(text)
        except OakumError as error:
            raise error.within(str(path)) from None
        self._key = Ed25519PrivateKey.from_private_bytes(found.seed)
        self.name = found.name
        self.public_key = self._key.public_key().public_bytes_raw()
        if self.public.id != found.id:
            raise InputError("its id belongs to another key", place=place, remedy="restore the file from its copy")

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return PublicKey(self.name, self.public_key)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes."""
        return self._key.sign(message)


def make_key(name: str, path: Path) -> PublicKey:
    """Makes a key: the private one in ``path``, the public one beside it with ``.pub`` after its name.

    Raises UsageError where one of the files is there already, InputError where it can't be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    checked_name(name)
    seed = secrets.token_bytes(KEY_SIZE)
    public = PublicKey(name, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    shown = path.with_name(f"{path.name}.pub")
    if shown.exists():
        raise UsageError("there is a key already", place=Place(str(shown)), remedy="name another file")
    _write(path, private_text(name, public.id, seed), 0o600)
    _write(shown, public.text, 0o644)
    return public


def public_keys(given: list[str]) -> list[PublicKey]:
    """Public keys as they were named: a file with one, or the line itself. Raises InputError."""
    found: list[PublicKey] = []
    for each in given:
        path = Path(each)
        is_file = _is_file(path)
        if not is_file and each.count("+") < 2:
            raise InputError(
                "there is no such file", place=Place(each), remedy="name the .pub file of the ledger's key"
            )
        try:
            found.append(read_public_key(_read(path) if is_file else each))
        except OakumError as error:
            raise error.within(each if is_file else "--key") from None
    return found


def pseudonym_secret(ledger: Path) -> bytes:
    """The secret of a ledger's pseudonyms, made where there is none yet. Raises InputError."""
    path = ledger.with_name(f"{ledger.name}.pseudonyms")
    if not _is_file(path):
        # Somebody else may have just made it.
        with suppress(UsageError):
            _write(path, secrets.token_hex(_SECRET_SIZE), 0o600)
    try:
        found = bytes.fromhex(_read(path).strip())
    except ValueError:
        found = b""
    if len(found) != _SECRET_SIZE:
        raise InputError("no secret for pseudonyms", place=Place(str(path)), remedy="restore the file from its copy")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise InputError("too large for a key", place=Place(str(path)), remedy="name the file of a key")
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise InputError("no key: it is not text", place=Place(str(path)), remedy="name the file of a key") from None
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot be read: {what}", place=Place(str(path)), remedy="name a readable file") from None


def _write(path: Path, text: str, mode: int) -> None:
    """Writes a new file, durably; one that is there already stays as it is."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise UsageError("there is a file already", place=Place(str(path)), remedy="name another file") from None
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot be written: {what}", place=Place(str(path)), remedy="name another file") from None
