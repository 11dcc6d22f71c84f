"""One-time codes, and the forms in which a page shows them."""

import re

import pytest

from bot.access.people.proof_codes import hashed, new_code, stands_in

CODE = "usher-7K3F-9QPX-M2TR"


def test_a_code_has_sixty_bits_and_no_letters_taken_for_others():
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"usher(-[2-9A-HJ-NP-Z]{4}){3}", code) for code in codes)


@pytest.mark.parametrize(
    "shown",
    [
        CODE,
        "USHER-7k3f-9qpx-m2tr",
        "usher–7K3F–9QPX–M2TR",
        "usher 7K3F 9QPX M2TR",
        "usher\\u002d7K3F\\u002D9QPX\\u002dM2TR",
        "usher&#45;7K3F&#x2d;9QPX&ndash;M2TR",
        "usher7K3F9QPXM2TR",
    ],
)
def test_it_is_found_however_a_page_writes_it(shown):
    assert stands_in(f'<p>hello</p>{{"about":"me: {shown}!"}}', hashed(CODE))


@pytest.mark.parametrize(
    "page", ["", "usher", "usher-7K3F-9QPX", "usher-7K3F-9QPX-M2TS", "7K3F-9QPX-M2TR", "x" * 9999]
)
def test_nothing_else_is_taken_for_it(page):
    assert not stands_in(page, hashed(CODE))


def test_a_page_of_guesses_is_not_read_to_its_end():
    page = " ".join(new_code() for _ in range(60)) + " " + CODE
    assert not stands_in(page, hashed(CODE))
