"""The lab itself: it comes up, leaves nothing behind, touches nobody else's, and keeps objects over a restart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.data import ROOT
from tests.lab import build, fixtures, go
from tests.lab.client import ApiError, Client
from tests.lab.control_plane import ControlPlane
from tests.lab.processes import PREFIX, ProcessError, RunFolder, start_time, sweep

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def config_map(name: str, namespace: str = "default") -> dict[str, object]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


# A running control plane


def test_it_is_ready_and_tells_its_version(control_plane: ControlPlane) -> None:
    assert control_plane.request("GET", "/readyz") == "ok"
    version = control_plane.request("GET", "/version")
    if "KUBEBUILDER_ASSETS" not in os.environ:
        assert f"k8s.io/kubernetes {version['gitVersion']}\n" in (go.HERE / "kube/go.mod").read_text()
    assert version["major"] == "1"


def test_objects_are_applied_with_their_status(control_plane: ControlPlane, namespace: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"nodeName": "nowhere", "containers": [{"name": "c", "image": "web:1"}]},
        "status": {"phase": "Running", "podIP": "10.1.2.3"},
    }
    control_plane.apply([pod])
    (read,) = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
    assert read["status"]["phase"] == "Running"
    assert read["status"]["podIP"] == "10.1.2.3"
    assert read["spec"]["serviceAccountName"] == "default"


def test_the_controllers_and_the_scheduler_work(control_plane: ControlPlane, namespace: str) -> None:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "web", "namespace": namespace}
    control_plane.apply([{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}])

    def unschedulable() -> int:
        pods = control_plane.request("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
        return [c["reason"] for pod in pods for c in pod["status"].get("conditions", ())].count("Unschedulable")

    control_plane.wait_until(lambda: unschedulable() == 2, "two pods that no node takes", seconds=60)


def get(kubeconfig: Path, path: str) -> int:
    """The status of the answer that whoever a kubeconfig is for gets."""
    with Client(kubeconfig) as client:
        try:
            client.request("GET", path)
        except ApiError as error:
            return error.status
    return 200


def test_a_kubeconfig_has_the_permissions_of_its_user_and_groups(control_plane: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.apply(
        [
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": "read", "namespace": namespace},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                "subjects": [
                    {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": f"{namespace}-readers"},
                    {"kind": "ServiceAccount", "name": "default", "namespace": namespace},
                ],
            }
        ]
    )
    reader = control_plane.kubeconfig_for(f"{namespace}-reader", ["somebody", f"{namespace}-readers"])
    control_plane.wait_until(lambda: get(reader, path) == 200, "the binding is seen", seconds=20)
    assert get(control_plane.admin, path) == 200
    assert get(control_plane.kubeconfig_for_service_account(namespace, "default"), path) == 200
    assert get(control_plane.kubeconfig_for(f"{namespace}-nobody"), path) == 403
    assert get(reader, "/api/v1/nodes") == 403


def test_a_refusal_says_what_was_asked_and_why(control_plane: ControlPlane) -> None:
    with pytest.raises(ApiError, match=r'GET /api/v1/nodes/none: 404 NotFound: nodes "none" not found') as caught:
        control_plane.request("GET", "/api/v1/nodes/none")
    assert (caught.value.status, caught.value.reason) == (404, "NotFound")
    with pytest.raises(LookupError, match="no Nonsense in v1"):
        control_plane.apply([{"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "x"}}])


def test_two_run_side_by_side_and_one_keeps_its_objects_over_a_restart(control_plane: ControlPlane) -> None:
    with ControlPlane(controllers=False, scheduler=False, audit=True) as other:
        other.apply([config_map("only-here"), {"apiVersion": "v1", "kind": "Pod"} | pod_without_account()])
        with pytest.raises(ApiError, match="404"):
            control_plane.request("GET", "/api/v1/namespaces/default/configmaps/only-here")
        assert other.port != control_plane.port
        before = other.run.pid("kube-apiserver")
        other.stop_apiserver()
        with pytest.raises(ConnectionError):
            other.request("GET", "/readyz")
        assert control_plane.request("GET", "/readyz") == "ok"
        other.start_apiserver()
        assert other.run.pid("kube-apiserver") != before
        assert other.request("GET", "/api/v1/namespaces/default/configmaps/only-here")["data"] == {"a": "b"}
        asked = [(event["user"]["username"], event["verb"], event["objectRef"]["resource"]) for event in about(other)]
        assert ("admin", "get", "configmaps") in asked
        folder, pids = other.run.path, [other.run.pid(name) for name in ("etcd", "kube-apiserver")]
    assert not folder.exists()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert control_plane.request("GET", "/readyz") == "ok"


def pod_without_account() -> dict[str, object]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def about(plane: ControlPlane) -> list[dict[str, Any]]:
    return [event for event in plane.audit_events() if event.get("objectRef", {}).get("name") == "only-here"]


def test_a_program_that_does_not_start_shows_its_log_and_leaves_nothing(lab_programs: None) -> None:
    before = set(runs())
    flags = ["--no-such-flag"]
    with pytest.raises(ProcessError, match=r"kube-apiserver ended with status 1(.|\n)*unknown flag: --no-such-flag"):
        ControlPlane(controllers=False, scheduler=False, apiserver_flags=flags).__enter__()
    assert set(runs()) == before


# What a killed run leaves


def runs() -> Iterator[Path]:
    return Path(tempfile.gettempdir()).glob(f"{PREFIX}*")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of our own, so that no other run's is looked at."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def sleeping() -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Starts processes that name a folder in their command line, and ends them after the test."""
    started = []

    def start(folder: Path) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([*SLEEP, str(folder)]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def left_over(temporary: Path, pid: int, started: int) -> Path:
    folder = temporary / f"{PREFIX}1-abc"
    (folder / "pids").mkdir(parents=True)
    (folder / "lock").touch()
    (folder / "pids/etcd").write_text(json.dumps({"pid": pid, "started": started}))
    return folder


Sleeping = Callable[[Path], "subprocess.Popen[bytes]"]


def test_what_a_killed_run_left_is_removed(temporary: Path, sleeping: Sleeping) -> None:
    process = sleeping(temporary / f"{PREFIX}1-abc")
    folder = left_over(temporary, process.pid, start_time(process.pid))
    sweep()
    assert process.wait(10) == -signal.SIGKILL
    assert not folder.exists()


@pytest.mark.parametrize("foreign", ["another start", "another command line", "cut off record", "no such process"])
def test_a_foreign_process_with_the_pid_of_ours_is_not_killed(
    foreign: str, temporary: Path, sleeping: Sleeping
) -> None:
    ours = temporary / f"{PREFIX}1-abc"
    process = sleeping(temporary if foreign == "another command line" else ours)
    started = start_time(process.pid) + (foreign == "another start")
    folder = left_over(temporary, 2**22 + 1 if foreign == "no such process" else process.pid, started)
    if foreign == "cut off record":
        (folder / "pids/etcd").write_text(f'{{"pid": {process.pid}')
    sweep()
    assert not folder.exists()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)


def test_the_folder_of_a_living_run_stays(temporary: Path) -> None:
    living = RunFolder()
    sweep()
    assert living.path.is_dir()
    living.close()
    assert not list(temporary.iterdir())


def test_a_folder_that_only_has_the_name_stays(temporary: Path) -> None:
    (temporary / f"{PREFIX}notes").mkdir()
    (temporary / f"{PREFIX}file").touch()
    target = temporary / "elsewhere"
    (target / "pids").mkdir(parents=True)
    (target / "lock").touch()
    (temporary / f"{PREFIX}link").symlink_to(target)
    sweep()
    assert len(list(temporary.iterdir())) == 4


KILLED = """
import os, signal, sys
from tests.lab.control_plane import ControlPlane
with ControlPlane(controllers=False, scheduler=False) as plane:
    print(plane.run.path, plane.run.pid("etcd"), plane.run.pid("kube-apiserver"), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_processes_of_a_killed_run_die_with_it(lab_programs: None) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder, *pids = done.stdout.split()
    wait_for(lambda: not any(Path("/proc", pid, "exe").exists() for pid in pids))
    assert Path(folder).is_dir()
    sweep()
    assert not Path(folder).exists()


# Where the programs come from


def executable(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def no_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, no Go, and a package index that has nothing; the folder of the cache."""
    monkeypatch.setenv("OAKUM_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.delenv("OAKUM_GO", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path / "cache"


def test_the_given_programs_are_taken_where_all_are_there(
    no_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {name: executable(tmp_path / "assets" / name) for name in ("etcd", "kube-apiserver")}
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    assert build.programs("etcd", "kube-apiserver") == given
    with pytest.raises(go.LabUnavailable):
        build.programs("etcd", "kube-scheduler")


def test_without_go_a_test_skips_with_the_reason_and_fails_in_ci(no_go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no Go that is new enough.*OAKUM_GO"):
        fixtures.need("etcd")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no Go that is new enough.*OAKUM_GO"):
        fixtures.need("etcd")
    assert [path.name for path in no_go.iterdir()] == ["lock"]


@pytest.mark.parametrize(("version", "taken"), [("go1.99.0", True), ("go1.25.9", False), ("nonsense", False)])
def test_go_is_taken_where_it_is_new_enough(
    version: str, taken: bool, no_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = executable(tmp_path / "go", f"#!/bin/sh\necho {version}\n")
    monkeypatch.setenv("OAKUM_GO", str(own))
    if taken:
        assert go.toolchain(tmp_path) == own
    else:
        with pytest.raises(go.LabUnavailable):
            go.toolchain(tmp_path)


BUILD = "from tests.lab.build import programs; print(programs('etcd')['etcd'])"


def test_two_at_once_build_once_and_a_broken_off_build_is_none(
    no_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"""#!/bin/sh
[ "$1" = env ] && {{ echo go1.99.0; exit; }}
echo built >>{tmp_path}/builds
sleep 0.3
while [ "$1" != -o ]; do shift; done
mkdir -p "$(dirname "$2")"
echo >"$2"
"""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("OAKUM_GO", str(executable(tmp_path / "go", script)))
    (no_go / ".new-broken").mkdir(parents=True)
    command = [sys.executable, "-c", BUILD]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = {process.communicate(timeout=60)[0].strip() for process in both}
    assert (tmp_path / "builds").read_text() == "built\n"
    (path,) = answers
    assert Path(path).is_file()
    assert not list(no_go.glob(".new-*"))


def test_a_build_that_fails_says_why(no_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = '#!/bin/sh\n[ "$1" = env ] && { echo go1.99.0; exit; }\necho no such module >&2\nexit 1\n'
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("OAKUM_GO", str(executable(tmp_path / "go", script)))
    with pytest.raises(go.LabUnavailable, match="etcd of the test control plane can't be built:\nno such module"):
        build.programs("etcd")
    assert [path.name for path in no_go.iterdir()] == ["lock"]
