"""The style sheet and the pages have the same classes: none is missing, none is left over, none stands twice."""

import re
from collections import Counter
from itertools import chain
from pathlib import Path

import bot.web

WEB = Path(bot.web.__file__).parent
CSS = (WEB / "pages/static/pages.css").read_text("utf-8")
TONES = {"plain", "done", "look", "stop", "danger", "go"}  # are given to macros as words
# Are put there by htmx itself, or are hooks that a script or a test holds on to.
HOOKS = {"htmx-request", "htmx-indicator"}


def used():
    """The classes that the templates and the scripts name."""
    found = set()
    for file in chain(WEB.glob("pages/templates/**/*.html"), WEB.glob("pages/*.py")):
        for names in re.findall(r'class="((?:\{[^"]*?\}|[^"])*)"', file.read_text("utf-8")):
            words = re.findall(r"'([a-z -]+)'(?= if | }})", names)
            found |= set(" ".join([re.sub(r"\{.*?\}+", " ", names), *words]).split())
    for script in WEB.glob("pages/static/*.js"):
        if script.name != "htmx.js":
            for names in re.findall(r"className = `([^`]*)`", script.read_text("utf-8")):
                found |= set(re.sub(r"\$\{.*?\}", " ", names).split())
    return found


def named():
    """The classes that the style sheet has rules for."""
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    selectors = re.findall(r"([^{};]+)\{", rules)
    return set(re.findall(r"\.([a-z][a-z-]*)", " ".join(selectors)))


def test_every_class_of_a_page_has_a_rule_and_every_rule_a_page():
    assert used() - named() - TONES == set()
    assert named() - used() - TONES - HOOKS == set()


def test_no_rule_stands_twice():
    rules = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    # Those for some screens are a list of their own.
    outside = re.sub(r"@[a-z]+[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", rules)
    selectors = [" ".join(each.split()) for each in re.findall(r"([^{};]+)\{", outside)]
    assert [each for each, times in Counter(selectors).items() if times > 1] == []
