"""Who asks which API server: kubeconfigs merged, the pod's own account, and every way to sign in, over real TLS."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.kubernetes.faults import Between, write_kubeconfig

from oakum.adapters.kubernetes.client import Client
from oakum.adapters.kubernetes.kubeconfig import Access, Cluster, User, choose
from oakum.errors import NotAssessableError, OakumError

TOKEN = "token-of-a-test"
NOWHERE = Path("/nonexistent")


class Secured:
    """An HTTPS server that tells who asked: ``/who`` is the request's headers and the client's certificate."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca = folder / "ca.crt"
        self.authority.cert_pem.write_to_path(str(self.ca))
        self.refuse: Callable[[Mapping[str, str]], bool] = lambda _: False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("api.example", "127.0.0.1").configure_cert(context)
        context.load_verify_locations(self.ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                assert isinstance(self.connection, ssl.SSLSocket)
                headers = [(key.lower(), value) for key, value in self.headers.items()]
                answer = json.dumps({"headers": headers, "certificate": bool(self.connection.getpeercert())}).encode()
                refused = outer.refuse(dict(headers))
                self.send_response(401 if refused else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Clients that do not trust us end the handshake."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.ca)}


class Who(msgspec.Struct):
    """What the server saw."""

    headers: list[tuple[str, str]]
    certificate: bool

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    one = Secured(tmp_path_factory.mktemp("secured"))
    thread = threading.Thread(target=one.server.serve_forever, args=(0.05,))
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch, secured: Secured) -> None:
    secured.refuse = lambda _: False
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def access(path: Path, context: str | None = None) -> Access:
    return choose(context, {"KUBECONFIG": str(path)}, NOWHERE)


def who(one: Access) -> Who:
    with Client(one, sleep=lambda _: None) as client:
        return client.get("/who", Who)


def asks(tmp_path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Who:
    return who(access(write_kubeconfig(tmp_path / "config", cluster, user)))


# Ways to sign in


def test_a_token(secured: Secured, tmp_path: Path) -> None:
    seen = asks(tmp_path, secured.cluster, {"token": TOKEN})
    assert seen.all("authorization") == [f"Bearer {TOKEN}"]
    assert seen.all("user-agent")[0].startswith("oakum/")
    assert not seen.certificate


def test_a_token_file_is_read_again_when_it_was_rotated(secured: Secured, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old\n")
    write_kubeconfig(tmp_path / "config", secured.cluster, {"tokenFile": "token", "token": "not this one"})
    with Client(access(tmp_path / "config")) as client:
        assert client.get("/who", Who).all("authorization") == ["Bearer old"]
        (tmp_path / "token").write_text("new\n")
        secured.refuse = lambda headers: headers["authorization"] != "Bearer new"
        assert client.get("/who", Who).all("authorization") == ["Bearer new"]


@pytest.fixture(scope="module")
def pair(secured: Secured) -> tuple[bytes, bytes]:
    issued = secured.authority.issue_cert("somebody@example.com")
    return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()


@pytest.mark.parametrize("form", ["files", "data"])
def test_a_client_certificate(form: str, secured: Secured, pair: tuple[bytes, bytes], tmp_path: Path) -> None:
    user = {}
    for name, content in zip(("client-certificate", "client-key"), pair, strict=True):
        if form == "files":
            (tmp_path / f"{name}.pem").write_bytes(content)
            user[name] = f"{name}.pem"
        else:
            user[f"{name}-data"] = base64.b64encode(content).decode()
    assert asks(tmp_path, secured.cluster, user).certificate


def test_a_name_with_a_password(secured: Secured, tmp_path: Path) -> None:
    seen = asks(tmp_path, secured.cluster, {"username": "u", "password": "p"})
    assert seen.all("authorization") == ["Basic " + base64.b64encode(b"u:p").decode()]


def test_the_former_oidc_of_kubectl_gives_its_token(secured: Secured, tmp_path: Path) -> None:
    provider = {"name": "oidc", "config": {"id-token": TOKEN, "refresh-token": "never used"}}
    assert asks(tmp_path, secured.cluster, {"auth-provider": provider}).all("authorization") == [f"Bearer {TOKEN}"]
    with pytest.raises(OakumError, match=r"holds no id-token.*sign in anew"):
        asks(tmp_path, secured.cluster, {"auth-provider": {"name": "gcp"}})


def test_impersonation(secured: Secured, tmp_path: Path) -> None:
    user = {"token": TOKEN, "as": "jo", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": {"x/y": ["1", "2"]}}
    seen = asks(tmp_path, secured.cluster, user)
    assert seen.all("impersonate-user") == ["jo"]
    assert seen.all("impersonate-uid") == ["7"]
    assert seen.all("impersonate-group") == ["a", "b"]
    assert seen.all("impersonate-extra-x%2fy") == ["1", "2"]


PLUGIN = """#!/bin/sh
echo asked >>{folder}/asked
echo "$KUBERNETES_EXEC_INFO" >{folder}/info
echo "$1 $MORE" >{folder}/arguments
cat {folder}/answer
exit {code}
"""


def plugin(tmp_path: Path, answer: object, *, code: int = 0, version: str = "v1", **more: Any) -> dict[str, Any]:
    (tmp_path / "bin").mkdir(exist_ok=True)
    script = tmp_path / "bin/plugin"
    script.write_text(PLUGIN.format(folder=tmp_path, code=code))
    script.chmod(0o755)
    (tmp_path / "answer").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    given = {"apiVersion": f"client.authentication.k8s.io/{version}", "command": "./bin/plugin", "args": ["first"]}
    return {"exec": given | {"env": [{"name": "MORE", "value": "second"}], "interactiveMode": "Never"} | more}


def credential(version: str = "v1", **status: str) -> dict[str, Any]:
    return {"kind": "ExecCredential", "apiVersion": f"client.authentication.k8s.io/{version}", "status": status}


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_an_exec_plugin_gives_a_token(version: str, secured: Secured, tmp_path: Path) -> None:
    user = plugin(tmp_path, credential(version, token=TOKEN), version=version, provideClusterInfo=True)
    assert asks(tmp_path, secured.cluster, user).all("authorization") == [f"Bearer {TOKEN}"]
    assert (tmp_path / "arguments").read_text() == "first second\n"
    told = json.loads((tmp_path / "info").read_text())
    assert told["apiVersion"].endswith(f"/{version}")
    assert told["spec"]["interactive"] is False
    assert told["spec"]["cluster"]["server"] == secured.cluster["server"]


def test_an_exec_plugin_is_asked_once_more_when_its_token_is_refused(secured: Secured, tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "config", secured.cluster, plugin(tmp_path, credential(token="old")))
    with Client(access(tmp_path / "config")) as client:
        client.get("/who", Who)
        (tmp_path / "answer").write_text(json.dumps(credential(token="new")))
        secured.refuse = lambda headers: headers["authorization"] != "Bearer new"
        client.get("/who", Who)
        client.get("/who", Who)
    assert (tmp_path / "asked").read_text() == "asked\nasked\n"


def test_an_exec_plugin_gives_a_client_certificate(secured: Secured, pair: tuple[bytes, bytes], tmp_path: Path) -> None:
    certificate, key = (part.decode() for part in pair)
    user = plugin(tmp_path, credential(clientCertificateData=certificate, clientKeyData=key))
    assert asks(tmp_path, secured.cluster, user).certificate


@pytest.mark.parametrize(
    ("answer", "more", "message"),
    [
        (credential(token=TOKEN), {"code": 3}, r"plugin ended with code 3"),
        ("no JSON " + TOKEN, {}, "did not print an ExecCredential"),
        ("[" * 5000, {}, "did not print an ExecCredential"),
        (credential("v1beta1", token=TOKEN), {}, "did not print an ExecCredential of .*v1"),
        (credential(), {}, "neither a token nor a client certificate"),
        (credential(clientCertificateData="x"), {}, "neither a token nor a client certificate"),
        (credential(token=TOKEN), {"version": "v9"}, "asks for the protocol"),
        (
            credential(token=TOKEN),
            {"command": "no-such-plugin", "installHint": "get\nit"},
            r"cannot be run.*\(get it\)",
        ),
        (credential(token=TOKEN), {"interactiveMode": "Always"}, "there is no terminal"),
    ],
)
def test_an_exec_plugin_that_fails(
    answer: object, more: dict[str, Any], message: str, secured: Secured, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(OakumError, match=message) as caught:
        asks(tmp_path, secured.cluster, plugin(tmp_path, answer, **more))
    assert TOKEN not in str(caught.value)


def test_the_pods_own_account(secured: Secured, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "ca.crt").write_bytes(secured.ca.read_bytes())
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(secured.port)}
    one = choose(None, environment, NOWHERE, service_account=tmp_path)
    assert one.name == "in-cluster"
    assert who(one).all("authorization") == [f"Bearer {TOKEN}"]
    address = choose(None, environment | {"KUBERNETES_SERVICE_HOST": "fd00::1"}, NOWHERE, service_account=tmp_path)
    assert address.cluster.server == f"https://[fd00::1]:{secured.port}"
    (tmp_path / "token").unlink()
    with pytest.raises(OakumError, match=r"no file .*token.*automountServiceAccountToken"):
        choose(None, environment, NOWHERE, service_account=tmp_path)


# Who answers


def test_a_server_must_prove_who_it_is(secured: Secured, tmp_path: Path) -> None:
    other = trustme.CA()
    other.cert_pem.write_to_path(str(tmp_path / "other.crt"))
    with pytest.raises(NotAssessableError, match=r"does not prove who it is.*certificate-authority"):
        asks(tmp_path, secured.cluster | {"certificate-authority": "other.crt"}, {"token": TOKEN})
    with pytest.raises(NotAssessableError, match="does not prove who it is"):
        asks(tmp_path, secured.cluster | {"tls-server-name": "other.example"}, {"token": TOKEN})


def test_the_name_in_the_servers_certificate_may_be_another(secured: Secured, tmp_path: Path) -> None:
    data = base64.b64encode(secured.ca.read_bytes()).decode()
    cluster = {"server": f"https://127.0.0.1:{secured.port}", "certificate-authority-data": data}
    assert asks(tmp_path, cluster | {"tls-server-name": "api.example"}, {"token": TOKEN}).all("authorization")


def test_an_insecure_context_is_honoured_and_says_so(secured: Secured, tmp_path: Path) -> None:
    cluster = {"server": secured.cluster["server"], "insecure-skip-tls-verify": True}
    one = access(write_kubeconfig(tmp_path / "config", cluster, {"token": TOKEN}))
    assert "not verified" in one.source
    assert who(one).all("authorization")
    both = access(write_kubeconfig(tmp_path / "config", secured.cluster | cluster, {}))
    assert both.verified, "an authority that is named is used"


def test_credentials_never_go_in_the_clear_over_a_network(tmp_path: Path) -> None:
    with pytest.raises(OakumError, match=r"send credentials to cluster.example over plain HTTP"):
        asks(tmp_path, {"server": "http://cluster.example"}, {"token": TOKEN})


# Proxies


class Proxy:
    """A CONNECT proxy that counts."""

    def __init__(self) -> None:
        self.connected: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                import select
                import socket

                outer.connected.append(self.path)
                port = int(self.path.rpartition(":")[2])
                with socket.create_connection(("127.0.0.1", port)) as there:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                    sides = {self.connection: there, there: self.connection}
                    while True:
                        for ready in select.select(list(sides), [], [])[0]:
                            data = ready.recv(65536)
                            if not data:
                                return
                            sides[ready].sendall(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    one = Proxy()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.05,))
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


def test_the_proxy_of_the_cluster(secured: Secured, proxy: Proxy, tmp_path: Path) -> None:
    seen = asks(tmp_path, secured.cluster | {"proxy-url": proxy.url}, {"token": TOKEN})
    assert seen.all("authorization") == [f"Bearer {TOKEN}"]
    assert proxy.connected == [f"127.0.0.1:{secured.port}"]


def test_the_proxy_of_the_environment(
    secured: Secured, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    asks(tmp_path, secured.cluster, {"token": TOKEN})
    assert not proxy.connected, "nothing stands before this machine itself"
    cluster = secured.cluster | {"server": f"https://api.example:{secured.port}"}
    asks(tmp_path, cluster, {"token": TOKEN})
    assert proxy.connected == [f"api.example:{secured.port}"]
    monkeypatch.setenv("NO_PROXY", "api.example")
    with pytest.raises(NotAssessableError, match="cannot be reached"):
        asks(tmp_path, cluster, {"token": TOKEN})


@pytest.mark.parametrize("url", ["ftp://user:hunter2@proxy", "http://[", "socks5://user:hunter2@127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(url: str, secured: Secured, tmp_path: Path) -> None:
    with pytest.raises(OakumError, match="prox") as caught:
        asks(tmp_path, secured.cluster | {"proxy-url": url}, {"token": TOKEN})
    assert "hunter2" not in str(caught.value)


# Kubeconfigs


def test_kubeconfigs_are_merged_and_the_first_word_counts(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    write_kubeconfig(tmp_path / "a.json", {"server": "https://a"}, {"token": "a"}, name="one")
    write_kubeconfig(tmp_path / "b/b.json", {"server": "https://b", "certificate-authority": "ca"}, {}, name="two")
    both = f"{tmp_path}/a.json:{tmp_path}/none:{tmp_path}/b/b.json"
    first = choose(None, {"KUBECONFIG": both}, NOWHERE)
    assert (first.name, first.cluster.server) == ("one", "https://a")
    second = choose("two", {"KUBECONFIG": both}, NOWHERE)
    assert second.cluster.certificate_auth == f"{tmp_path}/b/ca", "relative to the file in which it stands"
    write_kubeconfig(tmp_path / "c.json", {"server": "https://c"}, {"token": "c"}, name="one")
    (tmp_path / "d.json").write_text(json.dumps({"contexts": [{"name": "one", "context": {"cluster": "two"}}]}))
    assert choose("one", {"KUBECONFIG": f"{tmp_path}/d.json:{both}"}, NOWHERE).cluster.server == "https://b"
    changed = choose("one", {"KUBECONFIG": f"{tmp_path}/c.json:{both}"}, NOWHERE)
    assert (changed.cluster.server, changed.user.token) == ("https://c", "c")


def test_the_usual_place_and_then_the_pod(tmp_path: Path) -> None:
    with pytest.raises(OakumError, match=r"no kubeconfig.*--from"):
        choose(None, {}, tmp_path)
    (tmp_path / ".kube").mkdir()
    write_kubeconfig(tmp_path / ".kube/config", {"server": "https://home"}, {})
    pod = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    assert choose(None, pod, tmp_path).cluster.server == "https://home"
    with pytest.raises(OakumError, match="none of the files in KUBECONFIG exists"):
        choose(None, pod | {"KUBECONFIG": f"{tmp_path}/none"}, tmp_path)


def test_an_unknown_context_names_those_that_there_are(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", {"server": "https://a"}, {}, name="prod")
    with pytest.raises(OakumError, match=r"no context named 'nope'.*name one of: prod"):
        access(path, "nope")


def config(**changes: Any) -> dict[str, Any]:
    return {
        "clusters": [{"name": "c", "cluster": {"server": "https://a"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    } | changes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no current context"),
        ("{", "config"),
        ("- a", "is no kubeconfig"),
        ("kind: Pod", "is no kubeconfig"),
        ("\xff\xfe".encode("latin-1"), "UTF-8"),
        ("a: &a [1]\nb: [*a, *a]\nclusters: 5", "clusters: is no list of named entries"),
        (config(clusters=None), "names the cluster 'c', which no kubeconfig has"),
        (config(users=[]), "names the user 'u', which no kubeconfig has"),
        (config(contexts=[{"name": "x", "context": None}]), "contexts: x"),
        (config(**{"current-context": ["x"]}), "current-context"),
        (config(users=[{"name": "u", "user": {"token": {"secret": TOKEN}}}]), r"users: u.*token"),
        (config(users=[{"name": "u", "user": {"client-key-data": TOKEN + "!"}}]), "client-key-data: is not base64"),
        (config(clusters=[{"name": "c", "cluster": {"server": "ftp://a"}}]), "no https:// address"),
        (config(clusters=[{"name": "c", "cluster": {"server": f"https://u:{TOKEN}@a"}}]), "no https:// address"),
        (config(clusters=[{"name": "c", "cluster": {"server": "https://a:port"}}]), "no https:// address"),
        (
            config(clusters=[{"name": "c", "cluster": {"server": "https://a", "certificate-authority": "none"}}]),
            "cannot be read: .*none: No such file",
        ),
        (
            config(clusters=[{"name": "c", "cluster": {"server": "https://a", "certificate-authority-data": "eA=="}}]),
            "no start line|cannot be used|NO_CERTIFICATE",
        ),
        (config(users=[{"name": "u", "user": {"client-certificate-data": "eA=="}}]), "certificates"),
    ],
)
def test_a_bad_kubeconfig_is_told_with_its_place(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    with pytest.raises(OakumError, match=message) as caught:
        who(access(path))
    assert TOKEN not in str(caught.value)


def test_null_fields_are_absent(tmp_path: Path) -> None:
    cluster = {"server": "https://a", "proxy-url": None, "tls-server-name": None, "insecure-skip-tls-verify": None}
    one = access(write_kubeconfig(tmp_path / "config", cluster, {"exec": None, "as-groups": None, "token": None}))
    assert one.cluster.proxy_url == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "cluster", "user", "context", "server", "exec", "token", "command"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["clusters", "users", "contexts", "current-context", "kind"]), json_values)
    | st.binary(max_size=40)
)
def test_no_kubeconfig_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed-config"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(config() | content).encode())
    try:
        one = access(path)
        assert isinstance(one.cluster.server, str)
    except OakumError as error:
        assert str(error)


@given(st.text(max_size=12) | st.from_regex(r"https?://.{0,12}", fullmatch=True))
def test_no_address_raises_anything_else(server: str) -> None:
    try:
        Client(Access("x", Cluster(server=server), User(token=TOKEN))).__exit__()
    except OakumError as error:
        assert TOKEN not in str(error)


def test_what_a_proxy_echoes_is_not_quoted(tmp_path: Path) -> None:
    from tests.adapters.kubernetes.faults import Answer, status

    message = f"you sent Bearer {TOKEN}, that is {TOKEN}"
    with Between(tmp_path, lambda _: Answer(403, status(403, "Forbidden", message))) as server:
        path = write_kubeconfig(tmp_path / "config", {"server": server.address}, {"token": TOKEN})
        with pytest.raises(NotAssessableError, match="you sent") as caught:
            who(access(path))
    assert TOKEN not in str(caught.value)
