import pytest
from hypothesis import given, strategies as st

from bot.tradingview import (
    BadPineId,
    PineIdProblem,
    clean_pine_id,
    clean_username,
    has_usual_length,
)

NAMES = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", fullmatch=True)


@pytest.mark.parametrize(
    "pasted",
    [
        "Ann_Trades",
        "  Ann_Trades \n",
        "@Ann_Trades",
        " @ Ann_Trades",
        "`Ann_Trades`",
        "\u200bAnn_Trades\ufeff",
        "u/Ann_Trades",
        "/u/Ann_Trades/",
        "tradingview.com/u/Ann_Trades",
        "https://www.tradingview.com/u/Ann_Trades/",
        "<https://fr.tradingview.com/u/Ann_Trades/#published-scripts>",
        "https://www.tradingview.com/u/Ann_Trades/?source=chat",
        "https://www.tradingview.com/u/Ann%5FTrades",
    ],
)
def test_what_people_paste_is_understood(pasted):
    assert clean_username(pasted) == "Ann_Trades"


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "@",
        "@@ann",
        "ann trades",
        "ann/trades",
        "ann🙂",
        "änn",
        "..",
        "a" * 65,
        "x" * 500,
        "https://www.tradingview.com/u/",
        "https://www.tradingview.com/script/AbCdEfGh-my-script/",
        "https://www.tradingview.com/",
        "ann\nbob",
        "<@123456789012345678>",
    ],
)
def test_what_cannot_be_a_name_is_refused_without_repeating_it(pasted):
    with pytest.raises(ValueError, match=r"^that cannot be a TradingView username$"):
        clean_username(pasted)


@given(NAMES)
def test_every_allowed_name_survives_unchanged(name):
    assert clean_username(f" @{name} ") == name
    assert clean_username(f"https://www.tradingview.com/u/{name}/") == name


@given(st.text(max_size=600))
def test_no_text_breaks_it(text):
    try:
        name = clean_username(text)
    except ValueError:
        return
    assert clean_username(name) == name


PINE_ID = "PUB;" + "0a1b2c3d" * 4


@pytest.mark.parametrize(
    "pasted",
    [PINE_ID, f" {PINE_ID}\n", f'"{PINE_ID}",', PINE_ID.replace(";", "%3B"), "pub;" + PINE_ID[4:]],
)
def test_a_pine_id_is_understood(pasted):
    assert clean_pine_id(pasted) == PINE_ID


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        ("USER;" + "0a" * 16, PineIdProblem.USER_SCRIPT),
        ("user%3B" + "0a" * 16, PineIdProblem.USER_SCRIPT),
        ("STD;RSI", PineIdProblem.BUILT_IN),
        ("https://www.tradingview.com/script/AbCdEfGh-my-script/", PineIdProblem.ADDRESS),
        ("www.tradingview.com/script/AbCdEfGh", PineIdProblem.ADDRESS),
        ("AbCdEfGh", PineIdProblem.BAD),
        ("PUB;", PineIdProblem.BAD),
        ("PUB;short", PineIdProblem.BAD),
        ("PUB;" + "a" * 65, PineIdProblem.BAD),
        ("PUB;" + "-" * 32, PineIdProblem.BAD),
        ("PUB;" + "ä" * 32, PineIdProblem.BAD),
        ("", PineIdProblem.BAD),
    ],
)
def test_each_wrong_pine_id_has_its_own_problem(pasted, problem):
    with pytest.raises(BadPineId) as caught:
        clean_pine_id(pasted)
    assert caught.value.problem is problem


def test_an_unusual_length_is_noticed():
    assert has_usual_length(PINE_ID)
    assert not has_usual_length("PUB;abcdefgh")
