"""The page about a cluster: well formed, usable by keyboard and screen reader, and nothing from outside as markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from tests.reports.answers import action, answer, asset, closing, exposure, finding
from tests.reports.beside import claim, comparison, event, history, row, unassessed

from oakum.fleet.assets import Gap
from oakum.reports.answer import Answer, BlastEntry, gap_entry
from oakum.reports.comparison_entries import ComparisonEntry, DifferenceEntry
from oakum.reports.history_entries import HistoryEntry, SinceEntry
from oakum.reports.html import html

HOSTILE = "<script>alert(1)</script>\"'&"
WAY = ("internet", f"load balancer {HOSTILE}", "process web")
_VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """What a page consists of; complains about tags that are not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"{tag} repeats an attribute"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def whole() -> Answer:
    """An answer with something in every part, with hostile names."""
    gaps = [
        Gap("unread-image", "one", "its contents were not read", "give one=FILE"),
        Gap("unread-node", "node", "not listed", "scan it"),
        Gap("unread-image", HOSTILE, "its contents were not read", "give two=FILE"),
        Gap("unread-image", "three", "its contents were not read", "give three=FILE"),
    ]
    whole = answer(
        exposure("n", WAY, closings=[closing(f"Service {HOSTILE}", first=1)]),
        exposure(f"w{HOSTILE}", WAY, ("cluster", "pod port 80/TCP"), closings=[closing(f"Service {HOSTILE}", first=1)]),
        exposure("u", default=True, why=HOSTILE),
        assets=[asset("n", "node"), asset(f"w{HOSTILE}", "workload")],
        findings=[finding("CVE-1", "n")],
        actions=[action(1, "n"), action(2, "n")],
        blast=[BlastEntry("n", "n", 12, (HOSTILE, "1 Secret: a/b"))],
    )
    past = history(
        event("new", "CVE-1", "n"),
        event("closed", HOSTILE, f"w{HOSTILE}", reason="fixed", why=HOSTILE),
        event("new", "CVE-1", "n", first=True),
        told=(HOSTILE,),
        waiting=(unassessed(HOSTILE, "n", why=HOSTILE),),
        left=3,
    )
    reports = (
        comparison(
            "n",
            row("agreed", "CVE-1"),
            row("different", HOSTILE, DifferenceEntry("fix", HOSTILE, HOSTILE, "vendor-fix", HOSTILE)),
            row("theirs", HOSTILE, why=HOSTILE, theirs=(claim(HOSTILE, state=HOSTILE, path=HOSTILE),)),
            tool=HOSTILE,
            doubts=(HOSTILE,),
        ),
        comparison("n", row("ours", "CVE-1"), fit="other"),
    )
    entries = tuple(gap_entry(gap, frozenset()) for gap in gaps)
    return msgspec.structs.replace(whole, not_assessable=entries, history=past, comparisons=reports)


@pytest.fixture
def page(whole: Answer) -> Page:
    """Its page."""
    return Page(html(whole).decode())


def test_names_from_the_cluster_are_text(page: Page) -> None:
    assert not page.all("script")
    assert page.text.count(HOSTILE) >= 20


def test_every_table_has_a_caption_headers_of_columns_and_of_rows(page: Page) -> None:
    tables, captions = page.all("table"), page.all("caption")
    assert len(tables) == len(captions) > 5
    regions = [one["aria-labelledby"] for one in page.all("div") if one.get("role") == "region"]
    assert regions == [one["id"] for one in captions]
    scopes = [one.get("scope") for one in page.all("th")]
    assert set(scopes) == {"col", "row"}
    assert scopes.count("row") == sum(tag == "tr" for tag, _ in page.tags) - len(tables)


def test_what_scrolls_can_be_reached_by_keyboard(page: Page) -> None:
    assert all(one.get("tabindex") == "0" for one in page.all("div") if one.get("class") == "wide")
    assert not any(int(attributes.get("tabindex", "0")) > 0 for _, attributes in page.tags)


def test_every_link_leads_somewhere_and_every_id_is_one(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [one["href"] for one in page.all("a")]
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert {"#actions", "#reach", "#since", "#compared", "#action-1", "#action-2"} <= set(links)
    named = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(named) <= set(ids)


def test_headings_leave_out_no_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_gaps_of_one_kind_and_reason_are_one_row_with_each_remedy(page: Page) -> None:
    assert page.text.count("its contents were not read") == 1
    assert all(f"give {name}=FILE" in page.text for name in ("one", "two", "three"))


def test_a_node_tells_the_actions_that_patch_it_and_what_it_holds(page: Page) -> None:
    assert "Which nodes first" in page.text
    assert "1 Secret: a/b" in page.text


def test_what_is_assumed_is_marked(page: Page) -> None:
    assert "assumed" in page.text


def test_without_exposures_the_page_has_no_such_part() -> None:
    page = Page(html(answer(assets=[asset("a", "sbom")])).decode())
    assert "Reachable" not in page.text
    assert all(one["href"] != "#reach" for one in page.all("a"))


def test_of_many_things_behind_one_way_the_first_are_told_and_all_are_there() -> None:
    names = [f"shop/{number:03}[Deployment]" for number in range(200)]
    page = Page(html(answer(*(exposure(name, WAY) for name in names))).decode())
    assert "and 188 more" in page.text
    assert all(name in page.text for name in names)


def words(one: Answer) -> str:
    """The text of the page in one line, with a space between its cells."""
    return " ".join(re.sub(r"<[^>]*>", " ", html(one).decode()).split())


def since_part(past: HistoryEntry, *keys: str) -> str:
    """What the page says of a history, as one line."""
    text = words(msgspec.structs.replace(answer(assets=[asset(key, "sbom") for key in keys]), history=past))
    return text[text.rindex("Since the last scan") : text.rindex("Findings None.")]


def test_what_changed_is_told_in_the_lines_of_the_table_and_event_by_event() -> None:
    said = since_part(
        history(
            event("closed", "CVE-2", "a", "b", reason="fixed", why="3 is installed"),
            event("new", "CVE-3", "a"),
            told=("closed (fixed): CVE-2", "new: CVE-3"),
            left=4,
        ),
        "a", "b",
    )  # fmt: skip
    assert "The last scan was at 2025-12-31T00:00:00Z." in said
    assert "closed (fixed): CVE-2 new: CVE-3" in said
    assert "Every one: closed (1)" in said
    assert "CVE-2 package of CVE-2 a, b fixed 3 is installed" in said
    assert "4 open findings stand on assets that this scan did not look at. They stay open." in said


def test_a_history_that_begins_and_one_in_which_nothing_changed_say_so() -> None:
    assert "The history begins now" in since_part(history(since=""))
    assert "Nothing changed" not in since_part(history(since=""))
    assert "Nothing changed." in since_part(history())


def test_what_waits_without_evidence_is_told_though_nothing_changed() -> None:
    said = since_part(history(waiting=(unassessed("CVE-9", "sbom:app", why="no source speaks"),)), "sha256:1:app")
    assert "nothing proves that they ended" in said
    assert "CVE-9" in said
    assert "2025-12-30" in said
    assert "no source speaks" in said


def test_targets_that_are_known_by_name_through_time_stand_there_by_that_name() -> None:
    said = since_part(history(event("new", "CVE-3", "sbom:app")), "urn:uuid:1:app")
    assert "app" in said
    assert "sbom:app" not in said


def test_of_a_storm_the_page_holds_a_part_of_each_kind_and_says_how_much_it_leaves_out() -> None:
    many = [event("new", f"CVE-{number}", "a") for number in range(1000)]
    said = since_part(history(*many, event("closed", "GHSA-1", "a", reason="fixed")), "a")
    assert "Every one: new (1000)" in said
    assert "And 800 more, which the JSON answer holds." in said
    assert "CVE-199" in said
    assert "CVE-200" not in said
    assert "GHSA-1" in said


def test_a_finding_says_since_when_it_is_known_and_what_is_new_is_marked() -> None:
    old, new = finding("CVE-1", "a"), finding("CVE-2", "a")
    old = msgspec.structs.replace(old, since=SinceEntry("2025-12-01T00:00:00Z", 31.0, "2025-12-20T00:00:00Z"))
    new = msgspec.structs.replace(new, since=SinceEntry("2026-01-01T00:00:00Z", 0.0, new_on=("a",)))
    text = Page(html(answer(assets=[asset("a", "sbom")], findings=[old, new])).decode()).text
    assert "first seen: 2025-12-01 (31 d)" in text
    assert "reopened: 2025-12-20" in text
    assert "CVE-2 new" in text
    assert "CVE-1 new" not in text


def compared(*reports: ComparisonEntry) -> Answer:
    """An answer with reports beside it."""
    return msgspec.structs.replace(answer(assets=[asset("a", "sbom")]), comparisons=reports)


def test_a_report_says_how_it_fits_what_agrees_and_both_sides_of_what_does_not() -> None:
    fix = DifferenceEntry("fix", "2", "3", "vendor-fix", "fixed in 2")
    beside = compared(
        comparison(
            "a",
            row("agreed", "CVE-1"),
            row("different", "CVE-2", fix),
            row("theirs", "CVE-3", rule="owner", why="ALSA judges", theirs=(claim("CVE-3", severity="HIGH"),)),
            row("unassessed", "CVE-4", rule="no-feed", why="nobody speaks"),
            doubts=("a digest differs",),
        )
    )
    text = words(beside)
    assert "Trivy 0.69.1 (trivy.json, of 2026-02-24)" in text
    assert "a (web:1.27): what it names is here" in text
    assert "a digest differs" in text
    assert "1 said differently, 1 said by them alone, 0 said by us alone" in text
    assert "CVE-2 package of CVE-2 1 fix: 2 fix: 3 vendor-fix fixed in 2" in text
    assert "owner ALSA judges" in text
    assert "CVE-3 in package of CVE-3 1, fixed in 2, HIGH" in text
    assert "not assessable" in text
    folds = Page(html(beside).decode()).all("details")
    assert sum("open" in one for one in folds) == 3, "what differs is open, what is agreed and their words are folded"


def test_a_report_about_another_target_says_so_and_its_rows_are_folded() -> None:
    page = Page(html(compared(comparison("a", row("theirs", "CVE-1"), fit="other"))).decode())
    assert "IT IS ABOUT ANOTHER TARGET" in page.text
    assert all("open" not in one for one in page.all("details"))


def test_without_a_history_and_reports_the_page_has_no_such_parts() -> None:
    page = Page(html(answer(assets=[asset("a", "sbom")])).decode())
    assert "Since the last scan" not in page.text
    assert "Compared" not in page.text


@pytest.mark.parametrize("width", [500, 1280])
def test_in_a_browser_nothing_is_wider_than_the_screen_with_everything_unfolded(tmp_path: Path, width: int) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (Debian package chromium)")
    long = "namespace-" + "x" * 150
    one = answer(
        exposure(long, ("internet", f"service {long}", f"process {long}"), closings=[closing(long, first=1)]),
        assets=[asset(long, "node")],
        findings=[finding(long, long)],
        actions=[action(1, long)],
        blast=[BlastEntry(long, long, 5, (long,))],
    )
    past = history(event("new", long, long, why=long), told=(long,), waiting=(unassessed(long, long, why=long),))
    said = row("theirs", long, why=long, theirs=(claim(long, path=long),))
    differs = row("different", long, DifferenceEntry("fix", long, long, "vendor-fix", long))
    one = msgspec.structs.replace(one, history=past, comparisons=(comparison(long, said, differs, doubts=(long,)),))
    # The page itself forbids scripts, so the copy that measures goes without that line.
    source = re.sub(r"<meta http-equiv[^>]*>", "", html(one).decode())
    measure = (
        "for (const one of document.querySelectorAll('details')) one.open = true;"
        "const wide = [document.documentElement, ...document.querySelectorAll('.wide')];"
        "document.title = wide.filter(one => one.scrollWidth > one.clientWidth + 1).length + ' of ' + wide.length;"
    )
    copy = tmp_path / "page.html"
    copy.write_text(source.replace("</body>", f"<script>{measure}</script></body>"))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    folder = f"--user-data-dir={tmp_path / 'profile'}"
    command = [chromium, *flags, folder, f"--window-size={width},900", "--dump-dom", copy.as_uri()]
    dom = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode()
    found = re.search(r"<title>(\d+) of (\d+)</title>", dom)
    assert found is not None
    assert (found[1], int(found[2]) > 5) == ("0", True)
