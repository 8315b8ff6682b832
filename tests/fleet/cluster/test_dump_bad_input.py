"""Dumps that are cut, hostile, of the wrong encoding or shape: a clear error or a gap, and nothing else is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from tests.data import ROOT, shared

from oakum.errors import InputError, OakumError
from oakum.fleet.assets import GAPS, Gap
from oakum.fleet.cluster.dump import read_dump, read_value
from oakum.fleet.cluster.snapshot import KINDS, Snapshot

GOOD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "good", "namespace": "x"}}'
LIST = '{"apiVersion": "v1", "kind": "List", "items": [\n%s\n]}'
DEEP = 100_000


def bomb(levels: int) -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]" for n in range(levels)]
    return "\n".join(lines).encode()


#: name -> (bytes, line of the error, words of it)
REFUSED: dict[str, tuple[bytes, int | None, str]] = {
    "empty": (b"", None, "empty"),
    "blank": (b" \n\t\n ", None, "empty"),
    "only a mark": (b"\xef\xbb\xbf", None, "empty"),
    "only comments": (b"# nothing\n# here\n", None, "no Kubernetes object"),
    "only document marks": (b"---\n---\n...\n", None, "no Kubernetes object"),
    "cut in a string": (LIST.encode() % GOOD.encode()[:-30], 2, "not valid JSON"),
    "cut JSON": ((LIST % GOOD).encode()[:-8], 2, "ends in the middle"),
    "cut between objects": (f"{GOOD}\n{GOOD}\n{GOOD[:20]}".encode(), 3, "ends in the middle"),
    "cut at once": (b"{", 1, "ends in the middle"),
    "cut YAML": (b'kind: Pod\nmetadata:\n  name: "ab', 3, "not valid YAML"),
    "YAML of two columns": (b"kind: Pod\n metadata: x\n", 2, "not valid YAML"),
    "a tab in YAML": (b"kind: Pod\nmetadata:\n\tname: x\n", 3, "not valid YAML"),
    "a missing comma": (b'{"kind": "Pod"\n "apiVersion": "v1"}', 2, "not valid JSON"),
    "a comma too many": (b'{"items": [\n1,\n]}', 3, "not valid JSON"),
    "no number of JSON": (b'{"a":\nNaN}', 2, "not valid JSON"),
    "something behind": (f"{GOOD}\n# the end".encode(), 2, "not valid JSON"),
    "an error message behind": (f"{GOOD}\nerror: connection refused".encode(), 2, "not valid JSON"),
    "a NUL in JSON": (b'{"kind":\n"Po\0d"}', 2, "not valid JSON"),
    "a NUL in YAML": (b"kind: Pod\nmetadata:\n  name: a\0b\n", 3, "not valid YAML"),
    "a NUL behind": (GOOD.encode() + b"\n\0\0", 2, "not valid JSON"),
    "half a surrogate pair": (b'{"kind": "\\ud800"}', 1, "surrogate"),
    "binary": (b"\x7fELF\x02\x01\x01\0\0\0\0", 1, "not valid YAML"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", 1, "not UTF-8"),
    "latin-1 YAML": ("kind: Pod\nmetadata: {name: caf\xe9}".encode("latin-1"), 2, "not UTF-8"),
    "latin-1 JSON": (
        '{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "caf\xe9"}}'.encode("latin-1"),
        None,
        "nothing of it",
    ),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), 1, "not valid JSON"),
    "UTF-16 that is cut": (GOOD.encode("utf-16")[:-1], 1, "not UTF-16"),
    "UTF-32": (GOOD.encode("utf-32"), 1, "not valid YAML"),
    "gzip that is cut": (b"\x1f\x8b\x08\0\0\0\0\0", None, "not valid gzip"),
    "gzip of nonsense": (b"\x1f\x8b" + b"nonsense" * 9, None, "not valid gzip"),
    "a number": (b"5", None, "nothing of it"),
    "a word": (b"hello", None, "nothing of it"),
    "null": (b"null", None, "no Kubernetes object"),
    "an error page": (b"<html><body>502 Bad Gateway</body></html>", None, "nothing of it"),
    "a table of kubectl": (b"NAME   READY   STATUS\nweb-1  1/1     Running\n", None, "nothing of it"),
    "no kind": (b'{"metadata": {"name": "x"}}', None, "it has no kind"),
    "kind is a list": (b'{"kind": ["Pod"]}', None, "not a Kubernetes object"),
    "items is a text": (b'{"apiVersion": "v1", "kind": "PodList", "items": "none"}', None, "items is not a list"),
    "items is an object": (b'{"apiVersion": "v1", "kind": "List", "items": {"a": 1}}', None, "items is not a list"),
    "duplicate keys in YAML": (b"kind: Pod\napiVersion: v1\nkind: Node\n", 3, "'kind' stands twice"),
    "duplicate keys in JSON": (
        b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "name": "b"}}',
        None,
        "'name' stands twice",
    ),
    "a tag": (b"kind: !!python/object/apply:os.system [id]\n", None, "not a Kubernetes object"),
    "a tagged text": (b"kind: Pod\nmetadata: {name: !!python/name:os.system x}\n", 2, "the tag"),
    "an unknown alias": (b"kind: Pod\nmetadata: *m\n", 2, ""),
    "an alias of itself": (b"kind: Pod\nmetadata: &m {labels: *m}\n", 2, "no anchor before it"),
    "a merge of a text": (b"kind: Pod\nmetadata: {<<: x}\n", 2, "merge key"),
    "a mapping as key": (b"kind: Pod\n? {a: b}\n: c\n", 2, "plain word"),
    "an alias bomb": (bomb(15), None, "aliases repeat"),
    "deep JSON lists": (b"[" * DEEP, None, "nested too deeply"),
    "deep JSON objects": (b'{"a":' * DEEP, None, "nested too deeply"),
    "deep and whole": (b"[" * DEEP + b"]" * DEEP, None, "nested too deeply"),
    "deep YAML flow": (b"a: " + b"[" * DEEP, 1, "nested too deeply"),
    "deep YAML flow mappings": (b"a: " + b"{a: " * DEEP, 1, "nested too deeply"),
    "deep YAML lists": (b"- " * DEEP, 1, "nested too deeply"),
    "deep YAML mappings": (b"\n".join(b" " * n + b"a:" for n in range(1000)), None, "nested too deeply"),
    "deep behind an object": (GOOD.encode() + b"[" * DEEP, None, "nested too deeply"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_says_what_where_and_the_remedy(case: str) -> None:
    data, line, words = REFUSED[case]
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_dump(data, name="cluster.json")
    assert time.monotonic() - start < 5
    error = caught.value
    assert words in str(error)
    assert error.remedy
    assert error.place is not None
    assert error.place.file == "cluster.json"
    if line is not None:
        assert error.place.line == line
    assert len(str(error)) < 1000


SERVICE = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": '
POD_SPEC = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": '
DEPLOYMENT = '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "bad"}, "spec": '
POLICY = '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "bad"}, "spec": '
POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": '
WRONG: dict[str, str] = {
    "labels are a list": POD + '{"name": "bad", "labels": ["a"]}}',
    "a label is a number": POD + '{"name": "bad", "labels": {"a": 1}}}',
    "a port is a text": SERVICE + '{"ports": [{"port": "80"}]}}',
    "a port is a fraction": SERVICE + '{"ports": [{"port": 80.5}]}}',
    "ports are an object": SERVICE + '{"ports": {"port": 80}}}',
    "spec is a list": POD_SPEC + "[]}",
    "spec is a text": DEPLOYMENT + '"x"}',
    "replicas is a text": DEPLOYMENT + '{"replicas": "3"}}',
    "a container is a text": POD_SPEC + '{"containers": ["nginx"]}}',
    "policy rules are an object": POLICY + '{"ingress": {}}}',
    "a selector is a list": POLICY + '{"podSelector": []}}',
    "hostNetwork is a text": POD_SPEC + '{"hostNetwork": "true"}}',
    "metadata is null": POD + "null}",
    "metadata is missing": '{"apiVersion": "v1", "kind": "Pod"}',
    "metadata is a text": POD + '"bad"}',
    "no name": POD + '{"namespace": "x"}}',
    "the name is a number": POD + '{"name": 5}}',
    "the name is a path": POD + '{"name": "../../etc/passwd"}}',
    "the name has control characters": POD + '{"name": "bad\\u001b[31m"}}',
    "the namespace has a slash": POD + '{"name": "bad", "namespace": "a/b"}}',
    "an owner is a text": POD + '{"name": "bad", "ownerReferences": ["rs"]}}',
    "an integer of ten thousand digits": POD + '{"name": "bad", "generation": ' + "9" * 10_000 + "}}",
    "a key twice": POD + '{"name": "bad", "labels": {"a": "1", "a": "2"}}}',
    "a key twice, once escaped": POD + '{"name": "bad", "labels": {"a": "1", "\\u0061": "2"}}}',
    "spec twice": POD_SPEC + '{"hostNetwork": true}, "spec": {}}',
    "null": "null",
    "a number": "5",
    "a text": '"Pod"',
    "a list of texts": '["Pod"]',
    "no kind": '{"apiVersion": "v1", "metadata": {"name": "bad"}}',
    "no apiVersion": '{"kind": "NetworkPolicy", "metadata": {"name": "bad"}}',
    "kind is a number": '{"apiVersion": "v1", "kind": 5, "metadata": {"name": "bad"}}',
    "lists in lists in lists": LIST % (LIST % (LIST % (LIST % GOOD.replace("good", "bad")))),
    "a huge object": POD + '{"name": "bad", "annotations": {"a": "' + "x" * (17 << 20) + '"}}}',
    "too many labels": POD + '{"name": "bad", "labels": {' + ",".join(f'"l{n}":""' for n in range(10_001)) + "}}}",
}
#: What YAML cannot say, or says in another way.
ONLY_JSON = {"a key twice", "a key twice, once escaped", "spec twice"}


def told(snapshot: Snapshot) -> list[Gap]:
    listed = "the dump holds none and does not say that they were listed"
    return [gap for gap in snapshot.gaps if gap.why != listed]


def check_one_gap(snapshot: Snapshot) -> None:
    assert [one.metadata.name for one in snapshot.all(*snapshot.items)] == ["good"]
    (gap,) = told(snapshot)
    assert gap.kind == "unread-objects"
    assert gap.remedy
    assert 0 < len(gap.what) < 1000
    assert 0 < len(gap.why) < 1000
    assert gap.what.isprintable()


@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_object_is_a_gap_and_the_others_go_on(case: str) -> None:
    check_one_gap(read_dump((LIST % f"{WRONG[case]},{GOOD}").encode(), name="d"))
    check_one_gap(read_dump((LIST % f"{GOOD},{WRONG[case]}").encode(), name="d"))


@pytest.mark.parametrize(
    "case", sorted(WRONG.keys() - ONLY_JSON - {"a huge object", "an integer of ten thousand digits"})
)
def test_one_wrong_object_of_yaml_is_a_gap_too(case: str) -> None:
    value = json.loads(LIST % f"{WRONG[case]},{GOOD}")
    check_one_gap(read_value(value, name="d"))
    check_one_gap(read_dump(yaml.safe_dump(value, allow_unicode=False).encode(), name="d"))


#: What a request in JSON can hold; in a dump's text it is an error of the whole, with its line.
HALVES = {
    "half a surrogate pair in a label": POD + '{"name": "bad", "labels": {"a": "\\ud800"}}}',
    "half a surrogate pair in a label's key": POD + '{"name": "bad", "labels": {"\\udfff": ""}}}',
    "half a surrogate pair in the name": POD + '{"name": "bad\\ud800"}}',
    "half a surrogate pair in an image": POD_SPEC + '{"containers": [{"image": "\\udcff"}]}}',
}


@pytest.mark.parametrize("case", HALVES)
def test_an_object_of_a_request_with_half_a_character_is_a_gap(case: str) -> None:
    check_one_gap(read_value(json.loads(LIST % f"{HALVES[case]},{GOOD}"), name="d"))


def test_a_wrong_byte_in_one_object_leaves_the_others() -> None:
    bad = GOOD.replace("good", "caf\xe9").encode("latin-1")
    snapshot = read_dump(b'{"apiVersion":"v1","kind":"List","items":[%b,%b]}' % (bad, GOOD.encode()), name="d")
    check_one_gap(snapshot)


def test_thousands_of_wrong_objects_are_counted_and_not_all_told() -> None:
    wrong = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 5}}'
    snapshot = read_dump((LIST % ",".join([GOOD, *[wrong] * 3000])).encode(), name="d")
    gaps = told(snapshot)
    assert len(gaps) < 200
    assert any("2,900 other Pod objects" in gap.what for gap in gaps)


def test_a_kind_of_which_objects_are_wrong_has_a_gap_of_that_kind() -> None:
    wrong = WRONG["policy rules are an object"]
    snapshot = read_dump((LIST % f"{wrong},{GOOD}").encode(), name="d")
    assert any(gap.what.startswith("NetworkPolicy") for gap in told(snapshot))


# What is large


LABELS = 10_000_000
#: Address space of a reader; the dump itself takes 210 MB of it, and it is held once more.
SPACE = 900 << 20
READER = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from oakum.errors import OakumError
from oakum.fleet.cluster.dump import read_dump
data = sys.stdin.buffer.read()
start = time.process_time()
try:
    snapshot = read_dump(data, name="d")
    print(sorted(one.metadata.name for one in snapshot.all("Pod")))
    print([gap.what + ": " + gap.why for gap in snapshot.gaps if "labels" in gap.why or "bytes" in gap.why])
except OakumError as error:
    print(type(error).__name__, error)
print(time.process_time() - start)
"""


def labels(form: str) -> bytes:
    block = form * 1000
    pieces = (block % tuple(range(n, n + 1000)) for n in range(0, LABELS, 1000))
    return "".join(pieces).encode()[:-1]


def read_apart(data: bytes) -> tuple[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", READER, str(SPACE)], input=data, capture_output=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr.decode()[-500:]
    *said, seconds = done.stdout.decode().splitlines()
    return "\n".join(said), float(seconds)


def test_ten_million_labels_of_one_object_take_neither_memory_nor_time() -> None:
    many = labels('"label-%08d":"v",')
    head = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"many","labels":{'
    whole = b'{"apiVersion":"v1","kind":"List","items":[%b%b}}},%b]}' % (head, many, GOOD.encode())
    said, seconds = read_apart(whole)
    assert said.startswith("['good']\n")
    assert "more than any object may have" in said
    assert seconds < 5
    said, seconds = read_apart(GOOD.encode() + b"\n" + head + many + b"}}}\n" + GOOD.encode())
    assert said.startswith("['good']\n")
    assert seconds < 5


def test_ten_million_labels_in_yaml_are_refused_at_once() -> None:
    many = labels(" l%08d: v\n")
    said, seconds = read_apart(
        b"kind: Pod\napiVersion: v1\nmetadata:\n name: many\n labels:\n" + many.replace(b" l", b"  l") + b"\n"
    )
    assert "LimitError d:100" in said
    assert "keys" in said
    assert seconds < 5


def test_a_million_objects_are_read_in_seconds() -> None:
    one = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d"}}'
    data = b'{"apiVersion":"v1","kind":"List","items":[' + b",".join(one % n for n in range(200_000)) + b"]}"
    start = time.process_time()
    assert len(read_dump(data, name="d").items["Pod"]) == 200_000
    assert time.process_time() - start < 5


def test_json_lines_are_read_in_linear_time() -> None:
    line = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d"}}\n'
    start = time.process_time()
    assert len(read_dump(b"".join(line % n for n in range(100_000)), name="d").items["Pod"]) == 100_000
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "data",
    [
        b"a: " + b"? " * 200_000,
        b"a: " + b"&x " * 200_000,
        b"- a\n" * 200_000,
        b'"' + b"\\" * 1_000_000,
        b"a: |\n" + b" x\n" * 200_000,
        b"a" * 2_000_000,
        b"{" + b" " * 2_000_000,
        b"%TAG ! x\n" * 100_000,
        b"--- " * 200_000,
        b"---\n" * 200_000,
        b"a: *" + b"x" * 1_000_000,
        b'{"a":"' + b"\\u0041" * 500_000 + b'"}',
        b"1" * 2_000_000,
        b"a: 0x" + b"1" * 2_000_000,
        b"[" + b"1," * 1_000_000 + b"1]",
        b"{}" * 300_000,
        b"[]" * 300_000,
    ],
    ids=range(17),
)
def test_no_text_of_two_megabytes_takes_long(data: bytes) -> None:
    start = time.process_time()
    try:
        read_dump(data, name="d")
    except OakumError as error:
        assert error.remedy
    assert time.process_time() - start < 5


# Anything at all


def check_snapshot(data: bytes) -> None:
    try:
        snapshot = read_dump(data, name="d")
    except OakumError as error:
        assert error.remedy
        assert str(error)
        return
    for kind, all_ in snapshot.items.items():
        for one in all_:
            assert one.kind == kind
            assert one.metadata.name
    assert snapshot.listed <= {kind for _, _, kind in KINDS}
    for gap in snapshot.gaps:
        assert gap.kind in GAPS
        assert gap.what
        assert gap.why
        assert gap.remedy


def seeds() -> list[bytes]:
    demo = (ROOT / "demo/cluster.yaml").read_bytes()
    items = yaml.load(demo, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["items"]
    few = {"apiVersion": "v1", "kind": "List", "items": items[:4] + items[-4:]}
    return [demo[:6000], json.dumps(few, indent=1).encode(), "\n".join(map(json.dumps, items[:5])).encode()]


SEEDS = seeds()
PIECES = [
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b"1e999",
    b'""',
    b"\0",
    b"\xff",
    b"*a",
    b"&a ",
    b"<<: ",
    b"---\n",
    b"!!int ",
    b"[" * 200,
    b'"kind":',
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"? ",
    b": ",
    b"\t",
    b"9" * 400,
    b"true",
    b'{"items":',
    b"NaN",
    b"|",
    b"'",
    b'"',
    b"\r",
]


@given(
    st.sampled_from(range(len(SEEDS))),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=6)),
        max_size=6,
    ),
    st.integers(0, 12_000),
)
def test_a_real_dump_that_was_changed_anywhere_is_read_or_refused(
    seed: int, changes: list[tuple[int, int, bytes]], end: int
) -> None:
    data = SEEDS[seed]
    for at, gone, put in changes:
        data = data[:at] + put + data[at + gone :]
    check_snapshot(data[:end])


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@example(b"\xff\xfe")
@example(b"\x1f\x8b")
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    check_snapshot(data)


KEYS = [
    "apiVersion",
    "kind",
    "items",
    "metadata",
    "name",
    "namespace",
    "labels",
    "spec",
    "containers",
    "ports",
    "annotations",
    "rules",
    "selector",
]
WORDS = [
    "v1",
    "apps/v1",
    "List",
    "PodList",
    "Pod",
    "Service",
    "NetworkPolicy",
    "networking.k8s.io/v1",
    "Ingress",
    "a",
    "",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=30,
)


@given(VALUES)
def test_any_value_is_read_or_refused_and_json_and_yaml_agree(value: object) -> None:
    check_snapshot(json.dumps(value).encode())
    outcomes: list[object] = []
    readers: list[Callable[[], Snapshot]] = [
        lambda: read_dump(json.dumps(value).encode(), name="d"),
        lambda: read_value(value, name="d"),
    ]
    for read in readers:
        try:
            snapshot = read()
        except OakumError:
            outcomes.append(None)
        else:
            outcomes.append((snapshot.items, snapshot.listed))
    assert outcomes[0] == outcomes[1] or value is None


def test_real_policies_that_are_cut_anywhere_are_read_or_refused() -> None:
    for file in sorted(shared("networkpolicy").rglob("*.y*ml"))[:6]:
        data = file.read_bytes()
        for end in range(0, len(data), max(1, len(data) // 25)):
            check_snapshot(data[:end])
