"""Discord's markup on a page: what is between fences stands there letter for letter."""

from bot.web.pages.discord_text import as_html, as_inline


def test_a_fence_is_shown_letter_for_letter_wherever_it_ends():
    text = "Paste **this**:\n```\na <b> {\n    **c**\n}\n```Then `go`.\n- on\n```\nopen"
    assert as_html(text) == (
        "<p>Paste <strong>this</strong>:</p>"
        "<pre><code>a &lt;b&gt; {\n    **c**\n}</code></pre>"
        "<p>Then <code>go</code>.</p><ul><li>on</li></ul>"
        "<pre><code>open</code></pre>"
    )


def test_what_is_set_in_is_read_like_what_is_not():
    assert as_html("- one\n  -# small") == ('<ul><li>one</li></ul><p class="small quiet">small</p>')


def test_a_line_within_a_sentence_has_no_paragraph_of_its_own():
    assert as_inline("until **<b>** now") == "until <strong>&lt;b&gt;</strong> now"
