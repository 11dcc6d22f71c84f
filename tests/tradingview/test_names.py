import pytest
from hypothesis import given, strategies as st

from bot.tradingview import (
    BadPineId,
    HiddenMark,
    LongDash,
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
        "https://de.tradingview.com/u/Ann_Trades",
        "//www.tradingview.com/u/Ann_Trades/",
        "HTTPS://WWW.TradingView.COM/U/Ann_Trades/",
        "tradingview.com/@Ann_Trades",
        "https://www.tradingview.com/@Ann_Trades/",
        "https://www.tradingview.com/@Ann_Trades?source=chat",
    ],
)
def test_what_people_paste_is_understood(pasted):
    assert clean_username(pasted) == "Ann_Trades"


@pytest.mark.parametrize(
    "pasted",
    [
        r"Ann\_Trades",
        r"**Ann\_Trades**",
        "**Ann_Trades**",
        "*Ann_Trades*",
        "***Ann_Trades***",
        "~~Ann_Trades~~",
        "||Ann_Trades||",
        "```Ann_Trades```",
        "“Ann_Trades”",
        "‘Ann_Trades’",
        "„Ann_Trades“",
        "«Ann_Trades»",
        "Ann_Trades,",
        '"Ann_Trades",',
        "Ann_Trades;",
        "“@Ann_Trades”,",
        "\u2066Ann_Trades\u2069",
        "@\u2068Ann_Trades\u2069",
        "\u200e\u2067 Ann_Trades \u2069\u200f",
        "\u202aAnn_Trades\u202c",
        "\u00adAnn_Trades\u061c",
        "\u2009Ann_Trades\u202f",
        r"https://www.tradingview.com/u/Ann\_Trades/",
        "\u2068https://www.tradingview.com/u/\u2066Ann_Trades\u2069/\u2069",
        "https://www.tradingview.com/u/**Ann_Trades**",
    ],
)
def test_what_phones_and_discord_hand_over_is_understood(pasted):
    assert clean_username(pasted) == "Ann_Trades"


@pytest.mark.parametrize(
    ("pasted", "name"),
    [("__Ann__", "__Ann__"), (r"**\_\_Ann\_\_**", "__Ann__"), ("-Ann-", "-Ann-"), ("Ann.", "Ann.")],
)
def test_marks_that_may_belong_to_the_name_stay(pasted, name):
    assert clean_username(pasted) == name


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013—―\u2212")
@pytest.mark.parametrize(
    "pasted", ["Ann{}Trades", "@Ann{}", "**{}Ann_T{}**", "tradingview.com/u/A{}b/"]
)
def test_a_long_dash_is_refused_as_such_and_not_guessed(pasted, dash):
    with pytest.raises(LongDash):
        clean_username(pasted.replace("{}", dash))


@pytest.mark.parametrize("pasted", ["Ann — Bob", "https://evil.example/u/Ann—Trades", "änn—x"])
def test_a_long_dash_is_not_blamed_for_what_could_be_no_name_anyway(pasted):
    with pytest.raises(ValueError, match=r"^that cannot be a TradingView username$"):
        clean_username(pasted)


@pytest.mark.parametrize("mark", "\u200b\u200d\u200e\u202e\u2060\u2066\u2069\ufeff\u00ad\u061c")
@pytest.mark.parametrize("pasted", ["Ann{}Trades", "https://www.tradingview.com/u/Ann{}Trades/"])
def test_an_invisible_mark_inside_a_name_is_refused_as_such(pasted, mark):
    with pytest.raises(HiddenMark):
        clean_username(pasted.replace("{}", mark))


@pytest.mark.parametrize(
    "pasted",
    [
        "https://evil.example/u/NAME/",
        "evil.example/u/NAME",
        "https://tradingview.com.evil.example/u/NAME/",
        "https://nottradingview.com/u/NAME/",
        "https://tradingview.com@evil.example/u/NAME/",
        "https://evil.example/?to=https://www.tradingview.com/u/NAME/",
        "https://evil.example/tradingview.com/u/NAME/",
        "tradingview.com/chart/u/NAME",
        "javascript://www.tradingview.com/u/NAME",
    ],
)
def test_a_profile_is_one_of_tradingview_itself(pasted):
    with pytest.raises(ValueError, match=r"^that cannot be a TradingView username$"):
        clean_username(pasted)


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
    [
        PINE_ID,
        f" {PINE_ID}\n",
        f'"{PINE_ID}",',
        f"“{PINE_ID}”",
        f"\u2066{PINE_ID}\u2069",
        PINE_ID.replace(";", "%3B"),
        "pub;" + PINE_ID[4:],
    ],
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
