"""What a member gained and lost by roles, and how many losses at once are too many."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.rules.roles import compare, is_mass_loss, lapses_at
from bot.store.records import HeldRole, RoleGain, RoleRule

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
VIP, GOLD = 70, 71
RULE = RoleRule(1, 1, VIP, "VIP", "role", None, 1, 3, 9, NOW, None)
OTHER = RoleRule(2, 1, GOLD, "Gold", "role", 1, None, 0, 9, NOW, None)


def held(rule=RULE, *, lost=None, stopped=False, again=False):
    return HeldRole(RoleGain(5, 1, rule.id, rule.role_id, 7, lost, None), stopped, again)


def seen(roles, *of, rules=(RULE, OTHER)):
    found = compare(7, roles, of, rules)
    return {
        name: len(getattr(found, name))
        for name in ("gained", "again", "back", "lost")
        if getattr(found, name)
    }


@pytest.mark.parametrize(
    ("roles", "of", "differs"),
    [
        ({}, [], {}),
        ({VIP, 99}, [], {"gained": 1}),
        ({VIP, GOLD}, [], {"gained": 2}),
        ({VIP}, [held()], {}),
        ({}, [held()], {"lost": 1}),
        ({}, [held(lost=NOW)], {}),
        ({VIP}, [held(lost=NOW)], {"back": 1}),
        ({VIP}, [held(stopped=True)], {}),
        ({VIP}, [held(stopped=True, again=True)], {"again": 1}),
        ({}, [held(stopped=True, again=True)], {"lost": 1}),
        ({GOLD}, [held()], {"lost": 1, "gained": 1}),
    ],
)
def test_a_members_roles_against_what_they_have(roles, of, differs):
    assert seen(roles, *of) == differs


def test_what_a_removed_rule_gave_is_left_to_its_removal():
    assert seen({}, held(), rules=(OTHER,)) == {}


def test_a_loss_waits_20_seconds_and_the_grace_days_which_keep_nothing_that_staff_ended():
    assert lapses_at(held(), RULE, NOW) == NOW + timedelta(days=3, seconds=20)
    assert lapses_at(held(stopped=True), RULE, NOW) == NOW + timedelta(seconds=20)


@pytest.mark.parametrize(
    ("lost", "holding", "many"),
    [
        (20, 0, False),
        (21, 0, True),
        (21, 9_000, True),
        (5, 45, False),
        (6, 44, True),
        (6, 43, False),
        (5, 44, False),
        (1, 0, False),
    ],
)
def test_more_than_20_or_than_a_tenth_of_at_least_50_are_too_many(lost, holding, many):
    assert is_mass_loss(lost, holding) is many
