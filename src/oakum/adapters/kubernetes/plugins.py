"""Credentials from an exec plugin (client.authentication.k8s.io v1, v1beta1 and v1alpha1).

Rules from kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential plugins": the plugin
is told of itself in ``KUBERNETES_EXEC_INFO`` and answers with an ExecCredential on standard output; standard input is
handed on only to a terminal, and only where the plugin does not refuse it; what it says on standard error goes to the
person, not into our messages, since nobody knows what secrets stand in it. Own code because lightkube neither knows
v1 nor client certificates from a plugin, nor tells the plugin anything.
"""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec

from oakum.adapters.kubernetes.kubeconfig import Access, Plugin
from oakum.errors import InputError, Place

_VERSIONS = tuple(f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
#: A person may have to sign in with a browser meanwhile.
_LONGEST = 300.0


class Credential(msgspec.Struct, frozen=True):
    """What a plugin answers: a bearer token, a client certificate with its key (both PEM), or all of them."""

    token: str = ""
    certificate: str = msgspec.field(default="", name="clientCertificateData")
    key: str = msgspec.field(default="", name="clientKeyData")


class _Answer(msgspec.Struct, frozen=True):
    api_version: str = msgspec.field(default="", name="apiVersion")
    kind: str = ""
    status: Credential = Credential()


def run_plugin(access: Access, plugin: Plugin) -> Credential:
    """Run the plugin once. Raises InputError naming the command, never what it printed."""
    place = Place(field=f"exec plugin of context {access.name}")
    if plugin.apiVersion not in _VERSIONS:
        raise InputError(
            f"asks for the protocol {plugin.apiVersion!r}", place=place, remedy=f"use one of {', '.join(_VERSIONS)}"
        )
    interactive = plugin.interactive_mode != "Never" and sys.stdin is not None and sys.stdin.isatty()
    if plugin.interactive_mode == "Always" and not interactive:
        raise InputError(
            "wants to ask a person, but there is no terminal", place=place, remedy="sign in first, in a terminal"
        )
    environment = os.environ | {one.name: one.value for one in plugin.env or ()}
    environment["KUBERNETES_EXEC_INFO"] = _told(access, plugin, interactive)
    command = [plugin.command, *(plugin.args or ())]
    hint = " ".join((plugin.installHint or "install it, or check the kubeconfig").split())
    try:
        done = subprocess.run(  # noqa: S603 (the kubeconfig's own: who may write there runs programs as this person)
            command,
            env=environment,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{plugin.command} did not answer in {_LONGEST:.0f} s", place=place, remedy="run it by hand"
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its command line is not valid"
        raise InputError(f"{plugin.command} cannot be run: {why}", place=place, remedy=hint) from None
    if done.returncode:
        raise InputError(
            f"{plugin.command} ended with code {done.returncode}", place=place, remedy="see what it printed above"
        )
    return _credential(done.stdout, plugin, place)


def _told(access: Access, plugin: Plugin, interactive: bool) -> str:
    spec: dict[str, object] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        cluster = access.cluster
        spec["cluster"] = {
            key: value
            for key, value in (
                ("server", cluster.server),
                ("tls-server-name", cluster.tls_server_name),
                ("insecure-skip-tls-verify", cluster.insecure),
                ("certificate-authority-data", cluster.certificate_auth_data),
                ("proxy-url", cluster.proxy_url),
            )
            if value
        }
    told = {"apiVersion": plugin.apiVersion, "kind": "ExecCredential", "spec": spec}
    return msgspec.json.encode(told).decode()


def _credential(output: bytes, plugin: Plugin, place: Place) -> Credential:
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        answer = _Answer()
    if answer.kind != "ExecCredential" or answer.api_version != plugin.apiVersion:
        raise InputError(
            f"{plugin.command} did not print an ExecCredential of {plugin.apiVersion}",
            place=place,
            remedy="run it by hand; its output is not shown here, since it may hold secrets",
        )
    found = answer.status
    if not (found.token or found.certificate) or bool(found.certificate) != bool(found.key):
        raise InputError(
            f"{plugin.command} gave neither a token nor a client certificate with its key",
            place=place,
            remedy="run it by hand",
        )
    return found
