"""The pictures of the README are what the demo says today, fetch nothing, and tell their content to a screen reader."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tools import picture

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """What ``make picture`` draws now."""
    return picture.pictures()


def test_the_pictures_are_those_that_make_picture_draws(drawn: dict[str, str]) -> None:
    assert {name: (PICTURES / name).read_text() for name in drawn} == drawn, "run make picture"


@pytest.mark.parametrize("name", sorted(path.name for path in PICTURES.glob("*.svg")))
def test_a_picture_fetches_nothing_names_no_machine_and_has_a_title(name: str) -> None:
    text = (PICTURES / name).read_text()
    assert not re.search(r"url\(http|@font-face|@import|<image|<script|href=", text)
    assert not re.search(r"/(?:home|tmp|root|work)/", text)
    root = ElementTree.fromstring(text)
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    assert all((ids[name].text or "").strip() for name in root.attrib["aria-labelledby"].split())


def test_the_picture_of_the_cluster_shows_ways_actions_and_a_closing() -> None:
    root = ElementTree.parse(PICTURES / "cluster.svg").getroot()
    words = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert words.count("internet") == 1
    assert "service shop/web" in words
    assert any(re.match(r"1\. 3 days: Move ingress-nginx", each) for each in words)
    assert any(each.startswith("Closing Service ingress-nginx/") for each in words)


def test_no_text_of_the_cluster_runs_out_of_the_picture() -> None:
    root = ElementTree.parse(PICTURES / "cluster.svg").getroot()
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for text in root.iter(f"{SVG}text"):
        # A cell of the widest of the fonts is 0.61 of their size.
        assert float(text.attrib["x"]) + len(text.text or "") * 13.5 * 0.61 < width, text.text
        assert float(text.attrib["y"]) < height
