"""One brand: every page takes its colours and its mark from one place."""

import re
from pathlib import Path

import bot
from bot.sandbox import server

HOME = Path(bot.__file__).parent
BRAND = (HOME / "brand/brand.css").read_text("utf-8")
SHEETS = [*HOME.glob("web/**/*.css"), *HOME.glob("sandbox/**/*.css")]
# Every page for people is made of the one frame.
PAGES = [HOME / "web/pages/templates/page.html", *HOME.glob("sandbox/**/*.html")]


def test_colours_are_named_in_the_brand_alone():
    named = set(re.findall(r"(--[a-z-]+):", BRAND))
    assert SHEETS
    for sheet in SHEETS:
        text = sheet.read_text("utf-8")
        assert not re.findall(r"^\s*--[a-z-]+:", text, re.MULTILINE), sheet
        assert set(re.findall(r"var\((--[a-z-]+)\)", text)) <= named, sheet


def test_every_page_has_the_brand_and_the_mark():
    assert len(PAGES) >= 2
    for page in PAGES:
        text = page.read_text("utf-8")
        assert "brand.css" in text, page
        assert "icon.svg" in text, page
    assert {"brand.css", "icon.svg", "index.html"} <= set(server.read_files())


def test_night_names_the_same_colours_as_day():
    day, night = BRAND.split("@media", 1)
    colours = {
        name
        for name, value in re.findall(r"(--[a-z-]+): ([^;]+);", day)
        if value.startswith(("#", "rgb", "0 "))
    }
    assert colours == set(re.findall(r"(--[a-z-]+):", night))
