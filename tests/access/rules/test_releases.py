"""What an address may say of the newest release, and which of two versions is the newer one."""

import json

import pytest

from bot.access.rules.releases import Release, is_newer, read

NOTES = "https://usher.example/notes/1.2.0"


def said(**facts):
    return json.dumps(facts).encode()


@pytest.mark.parametrize(
    ("body", "release"),
    [
        (said(tag_name="v1.2.0", html_url=NOTES, draft=False, prerelease=False, assets=[]),
         Release("1.2.0", NOTES)),
        (said(version="1.2.0", url=NOTES), Release("1.2.0", NOTES)),
        (said(version="1.2.0"), Release("1.2.0")),
        (b"1.2.0\n", Release("1.2.0")),
        (b"\xef\xbb\xbfv1.2.0", Release("1.2.0")),
        (b'"1.2.0"', Release("1.2.0")),
        (b"1.2", Release("1.2")),
        (b"2026", Release("2026")),
    ],
)  # fmt: skip
def test_the_forms_that_name_a_release(body, release):
    assert read(body) == release


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe1",
        b"<html>1.2.0</html>",
        b"the newest",
        b"1.2.0-beta.1",
        b"[" * 60_000,
        b"[]",
        b"null",
        b"true",
        said(),
        said(tag_name=None),
        said(tag_name="v1.2.0", prerelease=True),
        said(tag_name="v1.2.0", draft=True),
        said(tag_name="v1.2.0rc1"),
        said(version=12),
        said(version={"a": "1.2.0"}),
        said(version="1" * 65),
        said(message="Not Found", status="404"),
    ],
)
def test_what_names_no_finished_release(body):
    assert read(body) is None


@pytest.mark.parametrize(
    "address",
    [
        "http://usher.example/notes",
        "javascript:alert(1)",
        "https://name:pw@usher.example/",
        "https://",
        "usher.example",
        "https://usher.example/" + "a" * 500,
        "https://[broken/",
        {"a": 1},
        None,
    ],
)
def test_no_other_address_of_notes_is_shown(address):
    assert read(said(version="1.2.0", url=address)) == Release("1.2.0")


@pytest.mark.parametrize(
    "address", ["https://usher.example/a>\n@everyone", "https://usher.example/`@everyone`"]
)
def test_an_address_cannot_break_out_of_its_line(address):
    shown = read(said(version="1.2.0", url=address)).address
    assert shown is None or not set(shown) & set(">\n`")


@pytest.mark.parametrize(
    ("named", "running", "newer"),
    [
        ("0.1.1", "0.1.0", True),
        ("0.10.0", "0.9.0", True),
        ("v1.0", "0.9.9", True),
        ("0.1.0", "0.1", False),
        ("0.0.9", "0.1.0", False),
        ("0.2.0rc1", "0.1.0", False),
        ("0.2.0.dev3", "0.1.0", False),
        ("0.2.0", "0.2.0rc1", True),
        ("0.1.0.post1", "0.1.0", True),
        ("soon", "0.1.0", False),
        ("0.2.0", "unknown", False),
    ],
)
def test_which_one_is_newer(named, running, newer):
    assert is_newer(named, running) is newer
