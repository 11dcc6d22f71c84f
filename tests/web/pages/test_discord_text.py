"""What the bot says in Discord's markup, as HTML: the same words, and nothing that somebody typed is run."""

import pytest
from hypothesis import given, strategies as st

from bot.replies.text import bold, escape, typed
from bot.web.pages.discord_text import as_html
from bot.web.pages.names import members_in, put_in
from tests.support.web_page import WebPage


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Done.** Nothing more", "<p><strong>Done.</strong> Nothing more</p>"),
        ("**a `b` c**", "<p><strong>a <code>b</code> c</strong></p>"),
        ("*quiet* and 2 * 3 * 4", "<p><em>quiet</em> and 2 * 3 * 4</p>"),
        ("-# Reference ABCD", '<p class="small quiet">Reference ABCD</p>'),
        ("## Title\ntext", '<p class="lead">Title</p><p>text</p>'),
        (
            "one\n- a\n- **b**\ntwo",
            "<p>one</p><ul><li>a</li><li><strong>b</strong></li></ul><p>two</p>",
        ),
        ("</access grant:123>", "<p><code>/access grant</code></p>"),
        ("`/access grant`", "<p><code>/access grant</code></p>"),
        (
            "<https://discord.com/x?a=1&b=2>",
            (
                '<p><a href="https://discord.com/x?a=1&amp;b=2" rel="noreferrer">'
                "https://discord.com/x?a=1&amp;b=2</a></p>"
            ),
        ),
        (
            "[here](https://a.example)",
            '<p><a href="https://a.example" rel="noreferrer">here</a></p>',
        ),
        # Only the last bracket before a label begins it: looking from each took a text's length squared.
        (
            "[[a](https://a.example)",
            '<p>[<a href="https://a.example" rel="noreferrer">a</a></p>',
        ),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        (r"\*\*not bold\*\* \<@5\>", "<p>**not bold** &lt;@5&gt;</p>"),
        (
            "<t:1767225600:D>",
            '<p><time datetime="2026-01-01T00:00:00Z" data-as="day">1 January 2026</time></p>',
        ),
        ("<t:999999999999:f>", "<p>999999999999</p>"),
    ],
)
def test_markup_becomes_html(text, html):
    assert str(as_html(text)) == html


@given(st.text())
def test_what_somebody_typed_stands_there_letter_for_letter(text):
    """Through every way in which replies quote it: no tag of theirs, and none of its letters lost."""
    for quoted in (escape(text), bold(text), typed(text), text):
        page = WebPage(str(as_html(quoted)))
        assert {form.action for form in page.forms} == set()
        assert "<script" not in page.html.lower().replace("&lt;script", "")
    page = WebPage(str(as_html(escape(text))))
    wanted = " ".join(text.replace("\ue000", "").replace("\ue001", "").split())
    if not wanted.startswith(("- ", "• ", "-# ", "# ", "## ", "### ", "> ")) and "://" not in text:
        assert page.text == " ".join(wanted.split())


def test_names_are_put_in_at_the_end_and_lead_to_the_person():
    html = str(as_html("<@5> gave <@&6> in <#7> to <@8>, \ue000m9\ue001"))
    assert members_in(html) == {5, 8}
    roles, channels = {6: "Staff <b>"}, {7: "log"}
    text = put_in(html, {5: "Mia & Co"}, roles.get, channels.get, "/dashboard/1/")
    page = WebPage(text)
    assert page.text == "@Mia & Co gave @Staff <b> in #log to member 8, m9"
    assert page.links["@Mia & Co"] == "/dashboard/1/people?q=5"
