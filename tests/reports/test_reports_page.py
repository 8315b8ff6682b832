"""The page about a cluster: well formed, usable by keyboard and screen reader, and nothing from outside as markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from tests.reports.answers import action, answer, asset, closing, exposure, finding

from oakum.fleet.assets import Gap
from oakum.reports.answer import Answer, BlastEntry, gap_entry
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
    entries = tuple(gap_entry(gap, frozenset()) for gap in gaps)
    return Answer(**{name: getattr(whole, name) for name in whole.__struct_fields__} | {"not_assessable": entries})


@pytest.fixture
def page(whole: Answer) -> Page:
    """Its page."""
    return Page(html(whole).decode())


def test_names_from_the_cluster_are_text(page: Page) -> None:
    assert not page.all("script")
    assert page.text.count(HOSTILE) >= 6


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
    assert {"#actions", "#reach", "#action-1", "#action-2"} <= set(links)
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
