"""A policy folder as people write it: what it comes to, its digest, and what is wrong with bad ones."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError, LimitError, NotAssessableError, OakumError
from oakum.policy.amounts import Amount, Span
from oakum.policy.calendars import read_calendar
from oakum.policy.entries import Budget, Canary, Guardrail, Step
from oakum.policy.model import DEFAULT, Policy
from oakum.policy.reading import MAX_BYTES, MAX_FILES, SECTIONS, read
from oakum.policy.schedules import Moment, Schedule
from oakum.policy.scopes import FACTS, Scope, Target

EXAMPLE = {each.name: each.read_bytes() for each in files("oakum.policy").joinpath("example").iterdir()}

WINDOW = "windows:\n- name: w\n  time_zone: Europe/Berlin\n  dtstart: 2026-01-05T22:00\n  duration: 6h\n"


def policy_of(text: str, **more: str) -> Policy:
    return read({"policy.yaml": text.encode(), **{name: each.encode() for name, each in more.items()}}).checked()


def schedule_of(text: str) -> Schedule:
    return policy_of(WINDOW + text).windows[0].schedules[0]


def test_the_example_is_read_whole() -> None:
    reading = read(EXAMPLE)
    policy = reading.checked()
    assert set(reading.section_places) == set(SECTIONS), "the example shows every section"
    assert [len(getattr(policy, each)) for each in ("windows", "freezes", "protected")] == [5, 3, 2]
    assert policy.zone_names == {"Europe/Berlin", "America/New_York", "Australia/Sydney"}


def test_the_example_answers_the_planner() -> None:
    policy = read(EXAMPLE).checked()
    database = Target(
        cluster="eu1", environment="prod", region="eu", node_role="worker", pool="databases", change="kernel", labels={}
    )
    worker = Target(
        cluster="eu1", environment="prod", region="eu", node_role="worker", pool="general", change="kernel", labels={}
    )
    assert [each.name for each in policy.windows_for(worker)] == ["eu by night"]
    assert policy.budget_for(database).nodes(30) == 1
    assert [policy.budget_for(worker).nodes(total) for total in (5, 19, 20, 100)] == [1, 1, 2, 10]
    assert policy.canary_for(worker).soak == 7200
    assert policy.soak_for(worker).after_wave == 1800
    assert [each.name for each in policy.gate_for(worker).metrics] == ["share of failed requests"]
    assert policy.guardrail_for(worker).failed(100) == 2
    assert policy.approval_for(worker).roles == ("release-manager",)
    assert policy.escalation_for(database).steps[-1] == Step("stop-and-report")
    assert policy.drain_for(worker).local_data == "block"
    assert policy.stage_for(worker) == 3
    assert policy.stage_for(Target(environment="qa", region="eu")) == 4
    emergency = policy.emergency_for(worker)
    assert emergency is not None
    assert emergency.lifts == ("code freeze before the sale", "year end")
    assert policy.protections_for(worker) == ()
    hsm = Target(cluster="eu1", change="packages", labels={"example.com/owner": "payments-hsm"})
    assert [each.name for each in policy.protections_for(hsm)] == ["payment hardware"]
    unknown = policy.protections_for(Target(cluster="management", labels={}))
    assert [each.name for each in unknown] == ["the cluster that runs Oakum"], "what is not known counts as protected"


def test_without_an_entry_the_careful_default_decides() -> None:
    policy = Policy()
    target = Target()
    assert policy.windows_for(target) == ()
    assert policy.emergency_for(target) is None
    budget = policy.budget_for(target)
    assert (budget.name, budget.nodes(100), budget.max_domains) == (DEFAULT, 1, 1)
    assert policy.guardrail_for(target).failed(1000) == 1
    assert policy.approval_for(target).count == policy.approval_for(target).forward_only_count == 1
    assert [step.do for step in policy.escalation_for(target).steps] == ["wait", "skip-and-report"]
    assert (policy.drain_for(target).local_data, policy.drain_for(target).unreplicated) == ("block", "block")
    assert policy.gate_for(target).rescan


def test_the_first_match_decides_and_what_cannot_be_told_is_not_guessed() -> None:
    policy = policy_of(
        "budgets:\n- {name: one, for: {pool: db}, max_unavailable: 1}\n- {name: two, max_unavailable: 2}\n"
    )
    assert policy.budget_for(Target(pool="db")).name == "one"
    assert policy.budget_for(Target(pool="")).name == "two"
    with pytest.raises(NotAssessableError, match="whether 'one' decides is not known: pool"):
        policy.budget_for(Target(cluster="a"))


def test_scopes_match_facts_labels_and_conditions() -> None:
    policy = policy_of(
        "protected:\n- name: p\n  reason: r\n  for: {tier: [1, 2], pool: none, labels: {team: [a, b]}}\n"
        "  when: node.startsWith('gpu') || labels['x'] == 'y'\n"
    )
    scope = policy.protected[0].scope
    known = Target(tier="1", pool="", node="gpu-1", labels={"team": "b"})
    assert scope.matches(known) is True
    assert scope.matches(Target(tier="3", pool="", node="gpu-1", labels={"team": "b"})) is False
    assert scope.matches(Target(tier="1", pool="x", node="gpu-1", labels={"team": "b"})) is False
    assert scope.matches(Target(tier="1", pool="", node="cpu-1", labels={"team": "b", "x": "z"})) is False
    assert scope.matches(Target(tier="1", pool="", labels={"team": "b"})) is None
    assert scope.matches(Target(tier="3")) is False, "one fact that is known not to fit is enough"
    assert scope.unknown_facts(Target(tier="1")) == ("pool", "labels", f"when: {scope.condition}")


def test_scopes_cover_and_exclude_one_another() -> None:
    prod, db = Scope({"environment": ("prod",)}), Scope({"environment": ("prod",), "pool": ("db",)})
    both = Scope({"environment": ("dev", "prod")})
    assert Scope().covers(db)
    assert prod.covers(db)
    assert both.covers(prod)
    assert not db.covers(prod)
    assert not prod.covers(both)
    assert not Scope(condition="node == 'a'").covers(prod)
    assert Scope({"environment": ("dev",)}).apart_from(prod)
    assert not prod.apart_from(Scope({"pool": ("x",)}))


def test_amounts_round_as_stated() -> None:
    ten = Budget("b", Scope(), Amount(10, percent=True))
    assert [ten.nodes(total) for total in (0, 9, 10, 19, 20, 101)] == [0, 0, 1, 1, 2, 10]
    least = Budget("b", Scope(), Amount(10, percent=True), at_least=1)
    assert [least.nodes(total) for total in (0, 1, 9, 20)] == [0, 1, 1, 2]
    canary = Canary("c", Scope(), Amount(5, percent=True))
    assert [canary.nodes(total) for total in (0, 1, 20, 21)] == [0, 1, 1, 2]
    assert Canary("c", Scope(), Amount(0)).nodes(5) == 1, "a canary of nothing proves nothing"
    assert Guardrail("g", Scope(), Amount(20, percent=True)).failed(3) == 1


def test_times_are_read_as_they_are_written() -> None:
    each = schedule_of(
        "  rrule: FREQ=WEEKLY;BYDAY=MO\n  rdate: [2026-01-07, 20260108T230000]\n"
        "  exdate: [2026-01-12, 2026-01-19T22:00, 2026-01-26T21:00:00Z]\n"
    )
    berlin = "Europe/Berlin"
    assert each.start == Moment(datetime(2026, 1, 5, 22), berlin)
    assert each.span == Span(0, 6 * 3600)
    assert each.extra == (Moment(datetime(2026, 1, 7, 22), berlin), Moment(datetime(2026, 1, 8, 23), berlin))
    assert each.without_days == (date(2026, 1, 12),)
    assert each.without == (Moment(datetime(2026, 1, 19, 22), berlin), Moment(datetime(2026, 1, 26, 21), "UTC"))


def test_days_begin_at_midnight_and_their_end_is_not_included() -> None:
    freeze = "freezes:\n- {name: f, reason: r, time_zone: Europe/Berlin, dtstart: 2026-12-19, dtend: 2027-01-04}\n"
    each = policy_of(freeze).freezes[0].schedules[0]
    assert (each.start.local, each.span) == (datetime(2026, 12, 19), Span(16))
    day = policy_of(freeze.replace(", dtend: 2027-01-04", "")).freezes[0].schedules[0]
    assert day.span == Span(1)


# --- The digest.


def test_the_digest_knows_nothing_of_files_order_comments_and_formatting() -> None:
    windows = ["- {name: %s, always: yes}\n" % name for name in "abc"]  # noqa: UP031 (braces)
    one = read({"p.yaml": f"version: 1\nwindows:\n{''.join(windows)}roles: {{x: y, z: w}}\n".encode()}).checked()
    two = read(
        {
            "z.yml": f"# a comment\nwindows:\n{windows[2]}".encode(),
            "deep/a.yaml": f"roles:\n  z: w\n  x: y\nwindows:\n{windows[1]}\n\n{windows[0]}".encode(),
        }
    ).checked()
    assert one.digest == two.digest
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", one.digest)


def test_equal_meanings_have_one_digest() -> None:
    forms = [
        WINDOW + "  for: {pool: [a, b], environment: prod}\n  rrule: FREQ=WEEKLY;BYDAY=MO,TU\n",
        WINDOW + "  rrule: RRULE:byday=TU,MO;freq=weekly;INTERVAL=1\n  for: {environment: [prod], pool: [b, a]}\n",
        WINDOW.replace("6h", "PT360M") + "  for: {pool: [b, a], environment: prod}\n  rrule: FREQ=WEEKLY;BYDAY=MO,TU\n",
    ]
    assert len({policy_of(each).digest for each in forms}) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"T22:00", b"T22:01"),
        (b"max_unavailable: 10%", b"max_unavailable: 11%"),
        (b"reason: a public holiday", b"reason: a holiday"),
        (b"[batch, general, databases]", b"[general, batch, databases]"),
        (b"value < 0.01", b"value < 0.02"),
        (b"DTSTART;VALUE=DATE:20270326", b"DTSTART;VALUE=DATE:20270325"),
    ],
)
def test_every_change_of_meaning_changes_the_digest(old: bytes, new: bytes) -> None:
    changed = {name: data.replace(old, new, 1) for name, data in EXAMPLE.items()}
    assert changed != EXAMPLE
    assert read(changed).checked().digest != read(EXAMPLE).checked().digest


def test_the_order_of_settings_is_meaning() -> None:
    entries = "- {name: a, for: {pool: x}}\n", "- {name: b}\n"
    assert policy_of("budgets:\n" + "".join(entries)).digest != policy_of("budgets:\n" + "".join(entries[::-1])).digest


# --- Bad input.

#: Text -> line and words of the first error.
BAD = {
    "windows: [\n": (2, "not valid YAML"),
    "windows:\n- name: w\n  name: v\n": (3, "stands twice"),
    "a: &a [x]\nwindows: *a\n": (2, "alias"),
    "windows: !!python/object:os.system x\n": (1, "tag"),
    "[" * 30 + "]" * 30: (1, "nested too deeply"),
    "just words\n": (1, "no mapping"),
    "- a\n- b\n": (1, "no mapping"),
    "windos:\n- name: w\n": (2, "unknown section 'windos'"),
    "version: 2\n": (1, "version 2 of the format is not known"),
    "windows: 5\n": (1, "windows is no list"),
    "windows:\n- 5\n": (2, "no mapping"),
    "windows:\n- always: yes\n": (2, "name is missing"),
    "windows:\n- name: w\n": (2, "dtstart is one time"),
    "windows:\n- name: w\n  always: maybe\n": (3, "always cannot be 'maybe'"),
    "windows:\n- name: w\n  always: yes\n  rrule: FREQ=DAILY\n": (4, "beside always"),
    "windows:\n- {name: w, always: yes}\n- {name: w, always: yes}\n": (3, "the name 'w' stands twice"),
    WINDOW + "  colour: red\n": (6, "unknown field 'colour'"),
    WINDOW + "  for: {colour: red}\n": (6, "unknown fact 'colour'"),
    WINDOW + "  for: {tier: 9}\n": (6, "tier cannot be '9'"),
    WINDOW + "  for: prod\n": (6, "for is no mapping"),
    WINDOW + "  for: {pool: []}\n": (2, "pool is no list of texts"),
    WINDOW + "  when: pool = 1\n": (6, "not a condition"),
    WINDOW + "  when: pool == 1\n": (6, "no matching overload"),
    WINDOW + "  when: colour == 'red'\n": (6, "colour"),
    WINDOW + "  when: pool\n": (6, "gives string"),
    WINDOW + "  rrule: FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2\n": (
        4,
        "the rule never happens: no occurrence in 10 years",
    ),
    WINDOW + "  rrule: FREQ=WEEKLY;BYDAY=SA\n": (4, "whose first occurrence is Saturday 2026-01-10 22:00"),
    WINDOW + "  rrule: FREQ=WEEKLY;BYDAY=XX\n": (6, "BYDAY=XX"),
    WINDOW + "  rrule: FREQ=WEEKLY;UNTIL=20250101T000000Z\n": (4, "UNTIL comes before dtstart"),
    WINDOW + "  rrule: FREQ=WEEKLY;UNTIL=20270101\n": (4, "is a day, and dtstart a time"),
    WINDOW + "  dtend: 2026-01-06T04:00\n": (4, "an end beside a duration"),
    WINDOW + "  calendar: a.ics\n": (4, "dtstart beside calendar"),
    WINDOW.replace("6h", "0h"): (4, "ends before it begins"),
    WINDOW.replace("6h", "soon"): (5, "'soon' is no duration"),
    WINDOW.replace("6h", "400d"): (5, "longer than a year"),
    WINDOW.replace("  duration: 6h\n", ""): (4, "it has no end"),
    WINDOW.replace("duration: 6h", "dtend: 2026-01-05T21:00"): (4, "ends before it begins"),
    WINDOW.replace("duration: 6h", "dtend: 2026-01-06"): (4, "the end a day"),
    WINDOW.replace("2026-01-05T22:00", "2026-02-30T22:00"): (4, "is no time"),
    WINDOW.replace("2026-01-05T22:00", "2026-01-05T22:00+01:00"): (4, "has an offset"),
    WINDOW.replace("2026-01-05T22:00", "tomorrow"): (4, "'tomorrow' is no time"),
    WINDOW.replace("2026-01-05T22:00", "0001-01-05T22:00"): (4, "the year 1"),
    WINDOW.replace("  time_zone: Europe/Berlin\n", ""): (3, "is a local time"),
    WINDOW.replace("Europe/Berlin", "../etc/passwd"): (3, "is no time zone"),
    "windows:\n- {name: w, calendar: nix.ics}\n": (2, "no calendar 'nix.ics'"),
    "freezes:\n- {name: f, time_zone: UTC, dtstart: 2026-01-01}\n": (2, "reason is missing"),
    "budgets:\n- {name: b, max_unavailable: 101%}\n": (2, "max_unavailable cannot be '101%'"),
    "budgets:\n- {name: b, max_unavailable: -1}\n": (2, "max_unavailable cannot be '-1'"),
    "budgets:\n- {name: b, max_domains: 0}\n": (2, "max_domains cannot be '0'"),
    "approvals:\n- {name: a, requester_may_approve: yes}\n": (2, "unknown field 'requester_may_approve'"),
    "approvals:\n- {name: a, count: 0}\n": (2, "count cannot be '0'"),
    "escalation:\n- {name: e}\n": (2, "a ladder without steps"),
    "escalation:\n- name: e\n  steps: [{do: dance}]\n": (3, "do cannot be 'dance'"),
    "escalation:\n- name: e\n  steps: [{do: wait}]\n": (3, "a wait of no time"),
    "escalation:\n- name: e\n  steps: [{do: force-evict}]\n": (3, "force-evict without roles"),
    "gates:\n- name: g\n  metrics: [{name: m, query: q, success: value > 1}]\n": (3, "no matching overload"),
    "emergency:\n- {name: e}\n": (2, "roles is missing"),
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_bad_input_says_file_line_and_remedy(text: str) -> None:
    line, words = BAD[text]
    with pytest.raises(OakumError) as caught:
        policy_of(text)
    error = caught.value
    assert words in error.what
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("policy.yaml", line)
    assert error.remedy


def test_what_is_no_policy_at_all() -> None:
    for data, words in (
        ({"a.yaml": b""}, "says nothing"),
        ({"a.yaml": b"# only a comment\n"}, "says nothing"),
        ({"a.yaml": b"version: 1\nwindows: \xff\n"}, "not UTF-8"),
        ({"a.yaml": "windows: []".encode("utf-16")}, "not UTF-8"),
        ({"a.yaml": b"x" * (MAX_BYTES + 1)}, "larger than 1 MiB"),
        ({f"{number}.yaml": b"" for number in range(MAX_FILES + 1)}, "201 files"),
        ({}, "says nothing"),
    ):
        reading = read(data)
        assert reading.unreadable
        with pytest.raises(InputError, match=words):
            reading.checked()


def test_more_than_anybody_could_wait_for() -> None:
    entries = [f"- {{name: w{number}, always: yes}}\n" for number in range(2001)]
    with pytest.raises(LimitError, match="windows has 2001 items"):
        policy_of("windows:\n" + "".join(entries))
    with pytest.raises(InputError, match="more than 2000 entries"):
        policy_of("windows:\n" + "".join(entries[:1500]), **{"b.yaml": "windows:\n" + "".join(entries[1500:])})
    events = "".join(f"BEGIN:VEVENT\nDTSTART;VALUE=DATE:{2000 + year}0101\nEND:VEVENT\n" for year in range(150))
    named = "".join(f"- {{name: w{number}, time_zone: UTC, calendar: a.ics}}\n" for number in range(200))
    with pytest.raises(LimitError, match="30000 schedules and events"):
        policy_of(f"windows:\n{named}", **{"a.ics": f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n"})


def test_a_section_in_which_order_counts_stands_in_one_file() -> None:
    two = {"a.yaml": b"budgets: [{name: a}]\n", "b.yaml": b"budgets: [{name: b}]\n"}
    with pytest.raises(InputError, match=r"b.yaml:1: budgets: budgets stands in a.yaml too"):
        read(two).checked()


def test_every_mistake_is_collected() -> None:
    reading = read({"a.yaml": b"windows:\n- {name: a}\n- {name: b}\nbudgets: [{name: c, per: x}]\nnix: 1\n"})
    assert len(reading.errors) == 4
    with pytest.raises(InputError, match="oakum policy lint shows 3 more"):
        reading.checked()


@given(st.dictionaries(st.sampled_from(["a.yaml", "b.ics"]), st.binary(max_size=200), max_size=2))
def test_any_bytes_give_an_error_that_people_can_read(data: dict[str, bytes]) -> None:
    reading = read(data)
    assert reading.errors or reading.unreadable or reading.section_places
    assert all(str(each) for each in [*reading.errors, *reading.unreadable])


LINES = [line for data in EXAMPLE.values() for line in data.splitlines(keepends=True)]


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_a_policy_with_lines_lost_doubled_and_torn_is_read_or_refused(seed: int, times: int) -> None:
    chance = random.Random(seed)
    broken = {}
    for name, data in EXAMPLE.items():
        lines = data.splitlines(keepends=True)
        for _ in range(times):
            at = chance.randrange(len(lines))
            what = chance.randrange(4)
            lines[at : at + 1] = [[], [lines[at]] * 2, [chance.choice(LINES)], [lines[at][: chance.randrange(9)]]][what]
            lines = lines or [b"\n"]
        broken[name] = b"".join(lines)
    reading = read(broken)
    for error in [*reading.errors, *reading.unreadable]:
        assert error.place is not None
        assert error.place.file or error.what
    assert reading.policy.digest


# --- Calendars.


def calendar(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def event(*lines: str) -> str:
    return calendar("BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT")


def test_a_calendar_is_read_as_the_rfc_says() -> None:
    text = calendar(
        "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19701025T030000", "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT", "UID:a", 'DTSTART;TZID="W. Europe Standard Time":20260105T220000', "DURATION:PT6H",
        "RRULE:FREQ=WEEKLY;COU", " NT=4", "EXDATE;TZID=Europe/Berlin:20260112T220000", "SUMMARY;X=:: odd \\; text",
        "BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT1H", "END:VALARM", "END:VEVENT",
        "BEGIN:VEVENT", "UID:a", "RECURRENCE-ID:20260119T210000Z", "DTSTART:20260120T210000Z", "DTEND:20260120T220000Z",
        "END:VEVENT",
        "BEGIN:VEVENT", "UID:b", "STATUS:CANCELLED", "DTSTART;VALUE=DATE:20260301", "END:VEVENT",
        "BEGIN:VEVENT", "UID:c", "DTSTART;VALUE=DATE:20260401", "DTEND;VALUE=DATE:20260403", "END:VEVENT",
    )  # fmt: skip
    from oakum.local.zones import time_zones

    found = read_calendar(text, "a.ics", "Europe/Berlin")
    zones = time_zones(["Europe/Berlin"])
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    spans = sorted(each for schedule in found for each in schedule.intervals(zones, begin, end))
    assert [f"{start:%m-%d %H} {stop:%m-%d %H}" for start, stop in spans] == [
        "01-05 21 01-06 03", "01-20 21 01-20 22", "01-26 21 01-27 03", "03-31 22 04-02 22",
    ]  # fmt: skip


def test_periods_are_occurrences_of_their_own_length() -> None:
    text = event(
        "DTSTART:20260105T220000Z", "DTEND:20260105T230000Z",
        "RDATE;VALUE=PERIOD:20260107T000000Z/PT3H,20260108T000000Z/20260108T010000Z",
    )  # fmt: skip
    lengths = sorted(
        int((stop - start).total_seconds()) // 3600
        for each in read_calendar(text, "a.ics", "")
        for start, stop in each.intervals({}, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    )
    assert lengths == [1, 1, 3]


#: Calendar -> line (None: the whole file) and words of the error.
BAD_CALENDARS = {
    "hello\n": (1, "a line without a colon"),
    "SUMMARY:x\n": (None, "no events"),
    "BEGIN:VEVENT\nEND:VEVENT\n": (1, "this is no calendar"),
    calendar(): (None, "no events"),
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260105T220000Z\n": (None, "has no end"),
    event("END:VTODO"): (5, "ends nothing"),
    event("SUMMARY:x"): (3, "without DTSTART"),
    event("DTSTART:20260105T220000", "DURATION:PT1H"): (5, "local time"),
    event("DTSTART:20260105T220000Z"): (5, "it has no end"),
    event("DTSTART:20260105T220000Z", "DTSTART:20260105T220000Z"): (6, "stands twice"),
    event("DTSTART:20260105T220000Z", "DURATION:-PT1H"): (6, "no duration"),
    event("DTSTART:20260105T220000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"): (7, "FREQ is SECONDLY"),
    event("DTSTART:20260105T220000Z", "DURATION:PT1H", "EXRULE:FREQ=DAILY"): (7, "EXRULE"),
    event("DTSTART;TZID=a b:20260105T220000", "DURATION:PT1H"): (5, "no time zone"),
    event("DTSTART;=x:20260105T220000"): (5, "not a line of a calendar"),
    event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T220000Z", "DTSTART:20260105T220000Z"): (5, "RANGE"),
    event("DTSTART:20260105T220000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20260105T220000Z"): (7, "no period"),
    calendar(*["BEGIN:VTODO"] * 20): (11, "nested too deeply"),
    event("DESCRIPTION:" + "x" * 20_000): (5, "20012 characters"),
}


@pytest.mark.parametrize("text", BAD_CALENDARS, ids=range(len(BAD_CALENDARS)))
def test_a_bad_calendar_says_file_and_line(text: str) -> None:
    line, words = BAD_CALENDARS[text]
    with pytest.raises(OakumError) as caught:
        read_calendar(text, "a.ics", "")
    assert words in caught.value.what
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == ("a.ics", line)


def test_every_fact_is_a_field_of_the_target() -> None:
    assert [*FACTS, "labels"] == list(Target.__struct_fields__)
