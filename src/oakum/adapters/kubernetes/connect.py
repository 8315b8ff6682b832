"""From an access to an HTTP client that may speak to the API server, with lightkube's authentication.

What lightkube leaves out is added here: the server's name in its certificate, the proxy of the cluster entry,
impersonation, and exec plugins (see ``plugins``). As in kubectl, the proxies of the environment do not stand between
us and a server on this machine. Credentials are never sent in the clear over a network: kubectl does that, we refuse.

An ``auth-provider`` (the former OIDC of kubectl) gives its present id-token. It is never renewed here: an identity
provider may answer with a new refresh token that has to be kept, and a scan writes to no kubeconfig.
"""

from __future__ import annotations

import base64
import ipaddress
import ssl
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import quote

import httpx2 as httpx
import msgspec
from lightkube.config.client_adapter import user_auth

from oakum import __version__
from oakum.adapters.kubernetes.kubeconfig import Access, User
from oakum.adapters.kubernetes.plugins import run_plugin
from oakum.errors import InputError, Place, UsageError

#: Connecting is quick or hopeless; an API server ends a request after 60 s by itself.
TIMEOUT = httpx.Timeout(10.0, read=75.0)
_SIGN_IN = "sign in anew, or give the context a token, a client certificate or an exec plugin"


class PluginAuth(httpx.Auth):
    """A plugin's bearer token; when the server refuses it, the plugin is asked once more."""

    def __init__(self, access: Access, token: str) -> None:
        self._access = access
        self._token = token

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; a second time with a new one after 401."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401 and self._access.user.exec:
            self._token = run_plugin(self._access, self._access.user.exec).token or self._token
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request


def connect(access: Access) -> httpx.Client:
    """An HTTP client for the API server; the caller closes it. Nothing is sent yet, but a plugin is run.

    Raises InputError or UsageError for whatever of the access cannot be used.
    """
    place = Place(field=f"context {access.name}")
    url = _url(access, place)
    user, auth = _signed_in(access, place)
    if url.scheme == "http" and not _local(url.host) and (auth or user.client_cert or user.client_cert_data):
        raise UsageError(
            f"context {access.name} would send credentials to {url.host} over plain HTTP",
            remedy="give its cluster an https:// address",
        )
    try:
        return httpx.Client(
            base_url=url,
            verify=_tls(access, user, place),
            auth=auth,
            proxy=access.cluster.proxy_url or None,
            trust_env=not _local(url.host),
            timeout=TIMEOUT,
            headers=_headers(user),
        )
    except ImportError:
        raise UsageError(
            f"context {access.name} is reached through a SOCKS proxy, which needs the package socksio",
            remedy="install socksio beside oakum, or use an HTTP proxy",
        ) from None
    except (ValueError, httpx.InvalidURL):
        # The text of these errors repeats the proxy's address, which may hold a password.
        raise InputError("its proxy is no proxy's address", place=place, remedy="write http://HOST:PORT") from None


def _url(access: Access, place: Place) -> httpx.URL:
    try:
        url = httpx.URL(access.cluster.server)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise InputError("its server is no https:// address", place=place, remedy="look at kubectl config view")
    return url


def _local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _signed_in(access: Access, place: Place) -> tuple[User, httpx.Auth | None]:
    """The user with what a plugin adds, and how each request is signed."""
    user = access.user
    if user.token_file or user.token or (user.username and user.password):
        return user, user_auth(user)
    if user.exec:
        found = run_plugin(access, user.exec)
        if found.certificate:
            user = msgspec.structs.replace(
                user, client_cert_data=_base64(found.certificate), client_key_data=_base64(found.key)
            )
        return user, PluginAuth(access, found.token) if found.token else None
    if user.auth_provider:
        config = user.auth_provider.get("config")
        token = config.get("id-token") if isinstance(config, dict) else None
        if not isinstance(token, str) or not token:
            raise InputError("its auth-provider holds no id-token", place=place, remedy=_SIGN_IN)
        return user, user_auth(User(token=token))
    return user, None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _tls(access: Access, user: User, place: Place) -> ssl.SSLContext:
    """How the server proves who it is, and we with a client certificate where there is one.

    Own code, because lightkube's leaves a file with the key behind for a while when the certificate cannot be used.
    """
    cluster = access.cluster
    try:
        if cluster.certificate_auth:
            context = ssl.create_default_context(cafile=cluster.certificate_auth)
        elif cluster.certificate_auth_data:
            context = ssl.create_default_context(cadata=base64.b64decode(cluster.certificate_auth_data).decode("ascii"))
        else:
            context = httpx.create_ssl_context(verify=not cluster.insecure)
        if user.client_cert or user.client_cert_data:
            _prove(context, user)
    except ssl.SSLError as error:
        why = error.reason or "not valid PEM"
        raise InputError(f"its certificates or key cannot be used: {why}", place=place, remedy=_SIGN_IN) from None
    except UnicodeDecodeError:
        raise InputError("its certificate authority is not PEM", place=place, remedy=_SIGN_IN) from None
    except OSError as error:
        file = error.filename or cluster.certificate_auth or user.client_cert
        why = f"its certificates or key cannot be read: {file}: {error.strerror}"
        raise InputError(why, place=place, remedy="check the paths in the kubeconfig, and their permissions") from None
    return context


def _prove(context: ssl.SSLContext, user: User) -> None:
    """Load the client certificate; what stands in the kubeconfig goes through a file, as OpenSSL wants it."""
    with ExitStack() as files:
        paths = [user.client_cert or "", user.client_key]
        for place, data in enumerate((user.client_cert_data, user.client_key_data)):
            if data:
                file = files.enter_context(tempfile.NamedTemporaryFile())
                file.write(base64.b64decode(data))
                file.flush()
                paths[place] = file.name
        # A password is never asked for: nobody may be there to type it.
        context.load_cert_chain(paths[0] or "", paths[1] or None, password=lambda: b"")


def _headers(user: User) -> list[tuple[str, str]]:
    """Who we are, and as whom we act: without the latter a scan would see more than its owner meant."""
    headers = [("User-Agent", f"oakum/{__version__}")]
    if user.impersonate:
        headers.append(("Impersonate-User", user.impersonate))
    if user.impersonate_uid:
        headers.append(("Impersonate-Uid", user.impersonate_uid))
    headers += [("Impersonate-Group", group) for group in user.impersonate_groups]
    for key, each in user.impersonate_extra.items():
        headers += [(f"Impersonate-Extra-{quote(key, safe='')}", one) for one in each]
    return headers
