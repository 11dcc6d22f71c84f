"""What a browser of ours never sends: other encodings, broken text, huge and odd bodies, odd hosts, other methods."""

import asyncio

FORM = "application/x-www-form-urlencoded"
ONCE = "0" * 32
NO_UTF_8 = (
    ("", b"&note=\xff\xfe"),
    ("; charset=no-such", b""),
    ("; charset=hex", b""),
    ("; charset=utf-16", b""),
    ("; charset=unicode_escape", b"&form_token=\\ud800&token=\\ud800"),
    ("; charset=utf-7", b"&note=+2AA-"),
)
NO_HOSTS = ("[::1", "a b", "127.0.0.1:99999999", "evil@[", "\xff", "a:b:c", "")
METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PROPFIND")


async def body(browser):
    page = await browser.get("")
    return f"form_token={page.form('Sign out').fields['form_token']}&once={ONCE}&token={'x' * 43}"


async def test_what_is_no_utf_8_is_refused_with_a_sentence(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    begun = (await body(browser)).encode()
    for charset, more in NO_UTF_8:
        for path in ("/dashboard/sign-in", "people/new/grant"):
            page = await browser.post(path, begun + more, **{"Content-Type": FORM + charset})
            assert page.status == 404, (path, charset)
            assert "Nothing was changed" in page.text


async def test_a_host_that_is_none_is_no_failure_of_ours(dashboard):
    address = f"/dashboard/{dashboard.guild.id}/"
    for host in NO_HOSTS:
        for method, path in (("GET", address), ("POST", "/dashboard/sign-in")):
            reader, writer = await asyncio.open_connection("127.0.0.1", dashboard.port)
            head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            head += f"Content-Type: {FORM}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(head.encode("latin-1"))
            status = int((await reader.read()).split(b" ", 2)[1])
            writer.close()
            await writer.wait_closed()
            assert 400 <= status < 500, (method, host)


async def test_no_other_method_does_anything(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    fields = {"form_token": "x", "once": ONCE, "_method": "POST"}
    headers = {"Origin": browser.origin, "X-HTTP-Method-Override": "POST"}
    for method in METHODS:
        for path in ("", "people/new/grant", "sign-out"):
            address = f"{browser.origin}/dashboard/{dashboard.guild.id}/{path}"
            asked = browser.http.request(method, address, data=fields, headers=headers)
            async with asked as answer:
                assert answer.status in (404, 405), (method, path)
    assert (await browser.get("")).status == 200


async def test_a_huge_body_and_thousands_of_fields_are_refused(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    begun, kind = await body(browser), {"Content-Type": FORM}
    fields = [f"&f{number}=" for number in range(9_000)]
    for more, status in (("&note=" + "x" * 70_000, 413), ("".join(fields), 413)):
        page = await browser.post("people/new/grant", (begun + more).encode(), **kind)
        assert page.status == status
    # A few that nobody asked for are left alone.
    page = await browser.post("people/new/grant", (begun + "".join(fields[:500])).encode(), **kind)
    assert page.status == 422


async def test_a_field_that_comes_twice_is_no_form_of_ours(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    sent = await body(browser) + "&item=trend&item=other&duration=30d&username=Alice_T"
    page = await browser.post("people/new/grant", sent.encode(), **{"Content-Type": FORM})
    assert page.status == 404
