"""Pages name only settings that there are."""

import re
from pathlib import Path

import bot
from bot.settings.values import READERS

TEMPLATES = Path(bot.__file__).parent / "web/pages/templates"


def test_a_setting_that_a_page_names_is_one():
    known = {name.upper() for name in READERS}
    named = {
        (file.name, name)
        for file in TEMPLATES.rglob("*.html")
        for name in re.findall(r"<code>([A-Z]+(?:_[A-Z]+)+)\b", file.read_text("utf-8"))
    }
    assert named
    assert {name for _, name in named} <= known, named
