"""Connections to hosts: each made when it is first needed, kept, bounded in number, and only to whom we know.

A host is known by its pinned keys or by a certificate of a known authority; nothing is trusted on first use here.
asyncssh runs in a thread of its own; whoever calls waits. What has no answer within its time is unanswered: whether it
took effect is not known, unless it was never sent.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

import asyncssh
import msgspec

from oakum.adapters.ssh.commands import line
from oakum.adapters.ssh.model import Host, Ran, Unanswered
from oakum.errors import InputError, NotAssessableError, OakumError, UsageError

_Result = TypeVar("_Result")
#: Seconds for a connection with its sign-in, and for a command that says nothing else.
CONNECT, ANSWER = 10.0, 30.0
#: Bytes that are read of a command's output; errors are cut.
OUTPUT, ERRORS = 1 << 20, 4_000
#: A host that does not answer is noticed after so many times so many seconds.
_KEEPALIVE, _KEEPALIVES = 5, 3


class Request(msgspec.Struct, frozen=True):
    """A command for one host: fixed ``words``, data for its standard input, its limits."""

    host: str
    words: tuple[str, ...]
    input: bytes = b""
    root: bool = False
    seconds: float = ANSWER
    output: int = OUTPUT


class Connections:
    """Connections to ``hosts`` (by name), at most ``limit`` commands at once. Use it as a context."""

    def __init__(self, hosts: Mapping[str, Host], *, limit: int = 20) -> None:
        self.hosts = hosts
        self._open: dict[str, asyncssh.SSHClientConnection] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._loop = asyncio.new_event_loop()
        self._limit = asyncio.Semaphore(limit)
        self._thread = threading.Thread(target=self._loop.run_forever, name="oakum-ssh", daemon=True)
        self._thread.start()

    def __enter__(self) -> Connections:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all connections."""
        if self._loop.is_closed():
            return
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, request: Request) -> Ran | Unanswered:
        """Carries out one command. Raises OakumError where the host may not be trusted or does not let us in."""
        return self._wait(self._run(request))

    def run_all(self, requests: Iterable[Request]) -> list[Ran | Unanswered | OakumError]:
        """Carries out commands on several hosts side by side; answers and errors in the order of the requests."""
        return self._wait(self._run_all(list(requests)))

    def _wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        future: concurrent.futures.Future[_Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:  # whoever waits is interrupted: nobody will take the answer
            future.cancel()
            raise

    async def _run_all(self, requests: Sequence[Request]) -> list[Ran | Unanswered | OakumError]:
        async def one(request: Request) -> Ran | Unanswered | OakumError:
            try:
                return await self._run(request)
            except OakumError as error:
                return error

        return list(await asyncio.gather(*(one(each) for each in requests)))

    async def _run(self, request: Request) -> Ran | Unanswered:
        host = self._host(request.host)
        command = line(request.words, sudo=request.root and host.sudo)
        async with self._limit:
            try:
                connection = await self._connected(request.host)
            except (OSError, asyncssh.Error, TimeoutError) as error:
                return self._no_connection(request.host, error)
            return await self._carry_out(request, connection, command)

    def _host(self, name: str) -> Host:
        host = self.hosts.get(name)
        if host is None:
            raise UsageError(f"no host {name!r} is known", remedy=f"oakum host add {name} ADDRESS")
        return host

    async def _carry_out(
        self, request: Request, connection: asyncssh.SSHClientConnection, command: str
    ) -> Ran | Unanswered:
        output: list[bytes] = []
        errors: list[bytes] = []
        try:
            async with asyncio.timeout(request.seconds):
                process = await connection.create_process(command, encoding=None)
                try:
                    # A program that ends before it has read all says so by its status.
                    with suppress(OSError):
                        if request.input:
                            process.stdin.write(request.input)
                        process.stdin.write_eof()
                    await asyncio.gather(
                        _read(process.stdout, output, request.output),
                        _read(process.stderr, errors, ERRORS, cut=True),
                    )
                    await process.wait_closed()
                finally:
                    process.close()
        except _TooMuchError:
            raise InputError(
                f"{request.host} answers with more than {request.output:,} bytes", remedy="look at the host"
            ) from None
        except (OSError, asyncssh.Error, TimeoutError) as error:
            self._forget(request.host, connection)
            return Unanswered(_words(error), begun=True)
        if process.exit_status is None and process.exit_signal is None:
            self._forget(request.host, connection)
            return Unanswered("the connection broke off", begun=True)
        status = -1 if process.exit_status is None else process.exit_status
        return Ran(status, b"".join(output), b"".join(errors).decode("utf-8", "replace").strip())

    async def _connected(self, name: str) -> asyncssh.SSHClientConnection:
        async with self._locks.setdefault(name, asyncio.Lock()):
            known = self._open.get(name)
            if known is not None and not known.is_closed():
                return known
            host = self._host(name)
            tunnel = await self._connected(host.jump) if host.jump else None
            async with asyncio.timeout(CONNECT):
                made = await asyncssh.connect(host.address, host.port, tunnel=tunnel or (), **options(host))
            self._open[name] = made
            return made

    def _forget(self, name: str, connection: asyncssh.SSHClientConnection) -> None:
        if self._open.get(name) is connection:
            del self._open[name]
        connection.abort()

    def _no_connection(self, name: str, error: Exception) -> Unanswered:
        """Nobody there is an answer that may change; somebody else there, or a closed door, is for people."""
        host = self.hosts[name]
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            raise InputError(
                f"{name} ({host.address}) shows a host key that is not the pinned one: {error.reason}",
                remedy="find out why before anything else; a host that was made anew: oakum host add --replace",
            ) from None
        if isinstance(error, asyncssh.PermissionDenied):
            raise NotAssessableError(
                f"{name} does not let {host.user} in: {error.reason}",
                remedy="check the key, the agent or the certificate",
            ) from None
        return Unanswered(_words(error), begun=False)

    async def _close(self) -> None:
        for each in self._open.values():
            each.close()
        for each in self._open.values():
            try:
                async with asyncio.timeout(2):
                    await each.wait_closed()
            except (TimeoutError, OSError, asyncssh.Error):
                each.abort()
        self._open.clear()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


class _TooMuchError(Exception):
    """More output than is read."""


async def _read(stream: asyncssh.SSHReader[bytes], into: list[bytes], limit: int, *, cut: bool = False) -> None:
    size = 0
    while data := await stream.read(1 << 16):
        size += len(data)
        if size > limit:
            if not cut:
                raise _TooMuchError
            data = data[: max(0, limit - size + len(data))]
        into.append(data)


def options(host: Host) -> dict[str, Any]:
    """How a connection to a host is made; no key but the pinned ones and those of the named authorities counts."""
    if not host.host_keys and not host.host_cas:
        raise UsageError(
            f"no key of {host.address} is pinned",
            remedy="give it by --host-key, --known-hosts or --host-ca; or look at it once by --trust-first-use",
        )
    known = [f"* {key}" for key in host.host_keys] + [f"@cert-authority * {key}" for key in host.host_cas]
    given: dict[str, Any] = {
        "known_hosts": asyncssh.import_known_hosts("\n".join(known) + "\n"),
        "username": host.user,
        "config": [host.config] if host.config else None,
        "connect_timeout": CONNECT,
        "login_timeout": CONNECT,
        "keepalive_interval": _KEEPALIVE,
        "keepalive_count_max": _KEEPALIVES,
        "gss_auth": False,
        "password_auth": False,
        "kbdint_auth": False,
        "agent_forwarding": False,
        "x509_trusted_certs": None,
    }
    if host.identities:
        try:
            keys = asyncssh.load_keypairs(list(host.identities), certlist=list(host.certificates))
        except (OSError, asyncssh.KeyImportError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InputError(
                f"a key for {host.address} cannot be read: {said}", remedy="name an unsealed key, or use the agent"
            ) from None
        given["client_keys"] = keys
    elif not host.config:
        given["client_keys"] = []
    if not host.agent:
        given["agent_path"] = None
    return given


def host_key(address: str, port: int, *, seconds: float = CONNECT) -> str:
    """The public key that an address shows now, as ``known_hosts`` writes it. Nothing says that it is the right one."""

    async def ask() -> asyncssh.SSHKey | None:
        async with asyncio.timeout(seconds):
            return await asyncssh.get_server_host_key(address, port, config=None)

    try:
        key = asyncio.run(ask())
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise NotAssessableError(
            f"{address} port {port} shows no host key: {_words(error)}", remedy="check address, port and sshd"
        ) from None
    if key is None:
        raise NotAssessableError(f"{address} port {port} shows no host key", remedy="check address, port and sshd")
    return key.export_public_key("openssh").decode().strip()


def fingerprint(key: str) -> str:
    """``SHA256:...`` of a public key, as OpenSSH prints it. Raises InputError where it is none."""
    try:
        return asyncssh.import_public_key(key).get_fingerprint()
    except (asyncssh.KeyImportError, ValueError) as error:
        raise InputError(f"{key[:40]!r} is no public key: {error}", remedy="give it as `ssh-ed25519 AAAA...`") from None


class KnownHosts:
    """A ``known_hosts`` file. Raises InputError where it is none."""

    def __init__(self, text: str) -> None:
        try:
            self._known = asyncssh.import_known_hosts(text)
        except ValueError as error:
            raise InputError(f"it is no known_hosts file: {error}") from None

    def of(self, address: str, port: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The host keys and the authorities that it has for an address."""
        keys, authorities, *_ = self._known.match(address, "", port if port != 22 else None)

        def texts(found: Iterable[asyncssh.SSHKey]) -> tuple[str, ...]:
            return tuple(
                dict.fromkeys(" ".join(each.export_public_key("openssh").decode().split()[:2]) for each in found)
            )

        return texts(keys), texts(authorities)


def _words(error: BaseException) -> str:
    """An error in a few words, without what the other side may have said at length."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, asyncssh.Error):
        return error.reason[:200] or type(error).__name__
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        # asyncio puts addresses into its own words.
        return os.strerror(error.errno or 0).lower()
    return str(error)[:200] or type(error).__name__
