"""The address of a shop's page tells which member buys, where the shop hands that back."""

import pytest

from bot.access.rules.shop_links import with_token


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://buy.stripe.com/abc", "https://buy.stripe.com/abc?client_reference_id=u-1"),
        (
            "https://shop.lemonsqueezy.com/buy/1?media=0",
            "https://shop.lemonsqueezy.com/buy/1?media=0&checkout%5Bcustom%5D%5Busher%5D=u-1",
        ),
        ("https://joe.gumroad.com/l/gold", "https://joe.gumroad.com/l/gold?usher=u-1"),
        ("https://whop.com/joe", "https://whop.com/joe"),
        ("https://notgumroad.com/l/gold", "https://notgumroad.com/l/gold"),
        ("https://gumroad.com.evil.example/l", "https://gumroad.com.evil.example/l"),
    ],
)
def test_a_link_carries_the_token_to_the_shops_that_hand_it_back(link, expected):
    assert with_token(link, "u-1") == expected
