"""Recordings of the terminal: what a terminal shows becomes frames, frames a picture that plays by itself and says in
words what it shows; nothing of the machine that recorded it is left in it.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tools.recording import BACK, BEGIN, HAPPY, STOPPED, Neutral, Scene
from tools.terminal import Frame, Screen, frames, svg

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"
SCENES = pytest.mark.parametrize("scene", [HAPPY, STOPPED, BACK], ids=lambda scene: scene.name)


def shown(text: str, columns: int = 20) -> str:
    screen = Screen(columns)
    screen.feed(text)
    return screen.text


@pytest.mark.parametrize(("text", "shows"), [
    ("a\r\nb", "a\nb"), ("abc\rx", "xbc"), ("a\n\n", "a"), ("abcdefghij", "abcdefgh\nij"),
    ("abcdefgh\r\ni", "abcdefgh\ni"),
    ("one\r\ntwo\r\n\x1b[1A\x1b[2Knew", "one\nnew"), ("one\x1b[31mred\x1b[0m", "onered"), ("abc\r\x1b[Kd", "d"),
    ("\x1b[?25la\x1b[?25h", "a"), ("a\r\nb\x1b[9Ac", "ac\nb"),
])  # fmt: skip
def test_a_screen_shows_what_a_terminal_would(text: str, shows: str) -> None:
    assert shown(text, 8) == shows


@pytest.mark.parametrize("text", ["\x1b[5;5H", "\x1b]8;;http://x\x1b\\", "\x1b[38;5;1m", "\x07", "\x1bc", "\t"])
def test_what_is_not_understood_is_not_drawn_as_something_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        shown(text)


def test_frames_leave_out_what_nobody_could_read() -> None:
    events = [(0.0, "a"), (0.05, "b"), (1.0, "\rc"), (1.5, "\x1b[0m"), (3.0, "\n\rd")]
    found = frames(events, 20)
    assert [(each.at, "".join(cell.letter for row in each.rows for cell in row)) for each in found] == [
        (0.0, "ab"), (1.0, "cb"), (3.0, "cbd"),
    ]  # fmt: skip


def play(*texts: str) -> ElementTree.Element:
    made = []
    for at, text in enumerate(texts):
        screen = Screen(40)
        screen.feed(text)
        made.append(Frame(float(at), screen.rows))
    return ElementTree.fromstring(svg("x", made, 40, "A title", "What <it> shows", rest=2))


def test_a_row_stands_once_for_as_long_as_it_does_not_change() -> None:
    root = play("stays\r\n1", "stays\r\n2", "stays\r\n2\r\nlast")
    groups = {
        "".join(text.text or "" for text in group): group.attrib.get("class", "") for group in root.iter(f"{SVG}g")
    }
    assert sorted(groups) == ["1", "2", "last", "stays"]
    style = root.find(f"{SVG}style")
    assert style is not None and style.text is not None
    assert groups["stays"] == "", "it does not move"
    number = groups["1"].split()[1][1:]
    assert f"@keyframes x{number}{{0.00%{{visibility:visible}}25.00%{{visibility:hidden}}}}" in style.text
    # Without motion the last frame stands: what is not in it is hidden, and what is, is not.
    assert {text: "h" in looks.split() for text, looks in groups.items()} == {
        "stays": False, "1": True, "2": False, "last": False,
    }  # fmt: skip
    assert "prefers-reduced-motion:reduce" in style.text


def test_letters_stand_on_the_grid_with_their_colours() -> None:
    root = play("  \x1b[1;31mFAILED\x1b[0m at <web1>")
    texts = [(text.text, text.attrib.get("fill"), text.attrib.get("font-weight")) for text in root.iter(f"{SVG}text")]
    assert texts == [("FAILED", "#ff7b72", "bold"), ("at <web1>", None, None)]
    first, second = (float(text.attrib["x"]) for text in root.iter(f"{SVG}text"))
    cell = float(next(root.iter(f"{SVG}text")).attrib["textLength"]) / 6
    assert second - first == pytest.approx(7 * cell, abs=0.2)


def test_what_is_of_one_recording_is_replaced_by_words_of_the_same_length() -> None:
    start = datetime(2031, 3, 9, 14, 5, 6)
    name, hash_ = "20310309-1405-abcdef-0123", "ab" * 32
    said = f"14:05:07 run {name}\r\nplan sha256:{hash_}, until 2031-03-16 14:05 UTC\r\n14:06:06 {name[:8]}"
    cut = [(0.0, said[:15]), (0.5, said[15:60]), (1.0, said[60:])]
    neutral = Neutral()
    found = neutral(start, cut)
    text = "".join(data for _, data in found)
    assert [len(data) for _, data in found] == [15, 45, len(said) - 60]
    assert name not in text and hash_ not in text and "2031" not in text.replace(name[:8], "")
    assert text.startswith(f"{BEGIN.replace(second=BEGIN.second + 1):%H:%M:%S} run {BEGIN:%Y%m%d-%H%M}-")
    assert f"until {BEGIN.replace(day=BEGIN.day + 7):%Y-%m-%d %H:%M} UTC" in text and "03:13:04" in text
    # The same run has the same name in every recording.
    again = neutral(start, [(0.0, name)])[0][1]
    assert again in text


@SCENES
def test_a_picture_in_the_readme_is_small_and_tells_what_it_shows(scene: Scene) -> None:
    text = (PICTURES / f"{scene.name}.svg").read_text()
    assert len(text) < 200_000
    root = ElementTree.fromstring(text)
    described = root.find(f"{SVG}desc")
    assert described is not None and described.text is not None and described.text.startswith(scene.tells)
    ends = {
        "run": "In effect: web1, web2, web3.",
        "run-stopped": "Untouched: web2, web3.",
        "rollback": "Brought back: web1, web2, web3.",
    }
    assert ends[scene.name] in described.text
    assert "prefers-reduced-motion" in text
    words = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|/root|/tmp|Traceback|NOT ASSESSABLE", words)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for each in root.iter(f"{SVG}text"):
        assert float(each.attrib["x"]) + float(each.attrib["textLength"]) < width
        assert float(each.attrib["y"]) < height
