"""The rules in `.github/quality.yaml`: each is held and shown, or exempt for a reason."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / ".github/quality.yaml").read_text("utf-8")
RULES = yaml.safe_load(TEXT)["rules"]


def test_no_rule_stands_there_twice():
    [(_, rules)] = yaml.compose(TEXT).value
    names = [name.value for name, _ in rules.value]
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_shown_by_what_is_there_or_exempt_for_a_reason(name):
    rule = RULES[name]
    assert rule.keys() <= {"status", "comment", "shown_by"}
    assert rule["status"] in ("done", "exempt")
    if rule["status"] == "exempt":
        assert "shown_by" not in rule
        assert len(rule["comment"].split()) > 3
        return
    assert rule["shown_by"]
    for proof in rule["shown_by"]:
        path, _, test = proof.partition("::")
        assert (ROOT / path).is_file(), proof
        if test:
            text = (ROOT / path).read_text("utf-8")
            assert re.search(rf"^(async )?def {test}\(", text, re.MULTILINE), proof


def test_types_are_as_strict_as_is_said():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["mypy"]["strict"] is True
    assert {"bot", "cogs"} <= set(project["tool"]["mypy"]["files"])
    assert project["tool"]["importlinter"]["contracts"]
