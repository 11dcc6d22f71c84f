"""Codes: what is made can be typed in any way that people do, and nothing else is a code."""

import math
import string

from hypothesis import given, strategies as st

from bot.access.rules.codes import (
    ALPHABET,
    BITS,
    LENGTH,
    digest_of,
    in_groups,
    new_signs,
    read_code,
)

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)
BETWEEN = st.text(" -–—_./\t\n\u200b\u00a0*`“”", max_size=3)
LOOKS_LIKE = {"D": "0OQ", "2": "Z", "5": "S", "6": "G", "8": "B", "V": "U"}


def test_a_code_has_at_least_80_bits_and_no_two_signs_that_look_alike():
    assert BITS == LENGTH * math.log2(len(set(ALPHABET))) >= 80
    assert not set(ALPHABET) & set("01ILOQUZSGB" + string.ascii_lowercase)


def test_no_two_codes_are_the_same_and_each_is_readable():
    made = {new_signs() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {sign for code in made for sign in code} == set(ALPHABET)
    shown = in_groups(made.pop())
    assert [len(group) for group in shown.split("-")] == [4] * 5


@given(CODES, st.data())
def test_it_is_read_in_any_case_with_anything_between_its_signs(signs, data):
    typed = data.draw(BETWEEN)
    for sign in signs:
        like = sign + sign.lower() + LOOKS_LIKE.get(sign, "") + LOOKS_LIKE.get(sign, "").lower()
        typed += data.draw(st.sampled_from(like)) + data.draw(BETWEEN)
    assert read_code(typed) == signs or len(typed) > 200
    assert read_code(in_groups(signs)) == signs


@given(st.text())
def test_whatever_is_typed_is_a_code_or_none(text):
    signs = read_code(text)
    assert signs is None or (len(signs) == LENGTH and set(signs) <= set(ALPHABET))


@given(CODES)
def test_letters_of_another_width_are_the_same(signs):
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in signs)
    assert read_code(wide) == signs


def test_a_code_too_short_or_too_long_is_none():
    signs = new_signs()
    assert read_code(signs[1:]) is None
    assert read_code(signs + "2") is None
    assert read_code("") is None
    assert read_code("2" * 10_000) is None


def test_what_is_kept_belongs_to_one_server():
    signs = new_signs()
    assert digest_of(1, signs) == digest_of(1, signs) != digest_of(2, signs)
    assert signs.encode() not in digest_of(1, signs)
