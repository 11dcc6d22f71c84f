"""A form that brings a file, from whoever sends it: whole or cut off, huge, slow, doubled, or from elsewhere."""

import asyncio
import contextlib
import io
import random
import secrets
from types import SimpleNamespace

import aiohttp
import pytest
from sqlalchemy import select

from bot.access.people.web_session_errors import UploadsBusy
from bot.interactions.levels import Level
from bot.store.tables.ledger import unanswered
from bot.web import dashboard as package
from bot.web.connections import TIMEOUT
from bot.web.dashboard import uploads
from bot.web.dashboard.routes import Done
from tests.support.dashboard_harness import HOST, DashboardHarness
from tests.support.fake_time import eventually
from tests.support.idle import at_rest

LARGEST = 5 * 1024 * 1024
CSV = b"username,item\nann,trend\n"
BOUNDARY = "----WebKitFormBoundaryx7"


class Table:
    """A page's form that takes a file, and all that came through it."""

    def __init__(self):
        self.taken, self.noted = [], []
        self.hold = None

    def add_to(self, routes):
        routes.form("files", Level.MANAGER, self.take, largest_file=LARGEST)

    async def take(self, visitor, form, request):
        async with visitor.services.database.read() as connection:
            self.noted.append((await connection.execute(select(unanswered.c.asked))).scalar())
        if self.hold is not None:
            await self.hold.wait()
        self.taken.append(form)
        return Done()


@pytest.fixture
async def table(harness, monkeypatch):
    await harness.make_rows()
    table = Table()
    pages = [*package._PAGES, SimpleNamespace(add_to=table.add_to)]
    monkeypatch.setattr(package, "_PAGES", pages)
    async with DashboardHarness(harness).running() as table.dashboard:
        table.browser = await table.dashboard.signed_in(table.dashboard.owner)
        fields = table.browser.page.form("Sign out").fields
        table.token = fields["form_token"]
        yield table


def form(table, *files, token_last=False, **fields):
    """The body as a browser writes it: the token, other fields, and files as (name, file name, data)."""
    hidden = [("form_token", table.token), ("once", secrets.token_hex(16))]
    given = [*hidden, *fields.items()]
    parts = [text_part(name, text) for name, text in given]
    attached = [file_part(*each) for each in files]
    parts = [*attached, *parts] if token_last else [*parts, *attached]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def text_part(name, text):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{text}\r\n".encode()


def file_part(name, file_name, data, kind="text/csv"):
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
    )
    return f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + b"\r\n"


async def send(
    table, body, browser=None, kind=f"multipart/form-data; boundary={BOUNDARY}", **headers
):
    sent = io.BytesIO(body) if isinstance(body, bytes) else body
    return await (browser or table.browser).post("files", sent, **{"Content-Type": kind, **headers})


async def refused(table, body, status, words, **options):
    page = await send(table, body, **options)
    assert page.status == status, page.text
    assert words in page.text
    assert "Nothing was changed" in page.text
    assert table.taken == []
    assert (await table.browser.get("")).status == 200


@pytest.mark.parametrize("token_last", [False, True])
async def test_a_file_comes_with_its_name_and_its_fields_wherever_the_token_stands(
    table, token_last
):
    data = CSV + bytes(range(256)) * 2_000
    body = form(table, ("sheet", "März.csv", data), token_last=token_last, item=" trend ")
    assert (await send(table, body)).status == 200
    [taken] = table.taken
    assert taken.text("item") == "trend"
    assert (taken.file("sheet").name, taken.file("sheet").data) == ("März.csv", data)
    assert taken.file("other") is None


async def test_what_is_noted_for_a_crash_says_nothing_of_the_file(table):
    body = form(table, ("sheet", "secret.csv", b"secret"), item="trend", note="secret")
    await send(table, body)
    [noted] = table.noted
    assert "the form that you sent" in noted
    assert "trend" in noted
    assert "secret" not in noted
    assert "secret" not in repr(table.taken[0]).replace("secret.csv", "")


async def test_no_file_chosen_is_no_file_and_an_empty_one_is_one(table):
    await send(table, form(table, ("sheet", "", b""), item="trend"))
    await send(table, form(table, ("sheet", "empty.csv", b"")))
    await send(table, form(table))
    assert [each.file("sheet") for each in table.taken] == [
        None,
        uploads.Upload("empty.csv", b""),
        None,
    ]


async def test_as_another_program_writes_forms_it_is_read_too(table):
    data = aiohttp.FormData(
        {"form_token": table.token, "once": secrets.token_hex(16)}, quote_fields=False
    )
    data.add_field("sheet", CSV * 20_000, filename="a b.csv", content_type="text/csv")
    page = await table.browser.post("files", data)
    assert page.status == 200
    assert table.taken[0].file("sheet") == uploads.Upload("a b.csv", CSV * 20_000)


async def test_the_largest_file_is_taken_and_one_byte_more_is_not(table):
    assert (await send(table, form(table, ("sheet", "a.csv", b"x" * LARGEST)))).status == 200
    assert len(table.taken.pop().file("sheet").data) == LARGEST
    body = form(table, ("sheet", "a.csv", b"x" * (LARGEST + 1)))
    await refused(table, body, 413, "That file is too large. Up to 5 MB")


@pytest.mark.parametrize("has_length", [True, False])
async def test_ten_megabytes_are_refused_with_a_page(table, has_length):
    body = form(table, ("sheet", "a.csv", b"x" * 10_000_000))

    async def pieces():
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    sent = body if has_length else pieces()
    await refused(table, sent, 413, "That file is too large. Up to 5 MB")


async def test_too_much_text_beside_a_file_is_refused(table):
    for fields in ({"note": "x" * 70_000}, {f"f{number}": "" for number in range(1_100)}):
        body = form(table, ("sheet", "a.csv", CSV), **fields)
        await refused(table, body, 413, "more text than this form takes")


async def test_headers_without_end_are_refused(table):
    head = f"--{BOUNDARY}\r\n".encode() + b"X-More: x\r\n" * 5_000
    await refused(table, head + form(table), 400, "did not arrive whole")
    line = f"--{BOUNDARY}\r\nX-Long: {'x' * 20_000}\r\n\r\n".encode()
    await refused(table, line + form(table), 400, "did not arrive whole")


async def test_a_body_that_was_cut_off_does_nothing(table):
    body = form(table, ("sheet", "a.csv", CSV * 1_000))
    end = len(f"--{BOUNDARY}--\r\n")
    for length in (0, 10, 200, len(body) // 2, len(body) - end - 2, len(body) - end, len(body) - 6):
        await refused(table, body[:length], 400, "did not arrive whole")


async def test_what_is_no_form_with_a_file_is_refused(table):
    body = form(table, ("sheet", "a.csv", CSV))
    for kind in (
        "application/x-www-form-urlencoded",
        "text/csv",
        "application/json",
        f"multipart/mixed; boundary={BOUNDARY}",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=other",
        f"multipart/form-data; boundary={'x' * 100}",
        "multipart/form-data; boundary=\xff",
    ):
        await refused(table, body, 400, "did not arrive whole", kind=kind)


async def test_parts_that_no_browser_sends_are_refused(table):
    nested = f"--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in--\r\n"
    named = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="sheet"; filename="a.csv"\r\n'
    for part in (
        nested,
        f"{named}Content-Transfer-Encoding: base64\r\n\r\neHh4\r\n",
        f"{named}Content-Encoding: gzip\r\n\r\nxxx\r\n",
        named.replace("a.csv", "a\x01b.csv") + "\r\nxxx\r\n",
        f"--{BOUNDARY}\r\n\r\nno name\r\n",
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; filename=a\r\n\r\nno name\r\n",
    ):
        await refused(table, part.encode() + form(table), 400, "did not arrive whole")
    bad = text_part("note", "x").replace(b"x\r\n", b"\xff\xfe\r\n")
    await refused(table, bad + form(table), 400, "did not arrive whole")
    body = form(table, ("sheet", "a.csv", CSV))
    packed = {"Content-Encoding": "gzip"}
    await refused(table, body, 400, "did not arrive whole", **packed)


async def test_two_files_and_a_field_twice_are_no_form_of_ours(table):
    two = [("sheet", "a.csv", CSV), ("other", "b.csv", CSV)]
    await refused(table, form(table, *two), 422, "One file at a time")
    await refused(table, form(table, two[0], two[0]), 422, "One file at a time")
    same = form(table, ("note", "a.csv", CSV), note="a")
    await refused(table, same, 404, "There is nothing here")
    twice = text_part("note", "a") + form(table, note="b")
    await refused(table, twice, 404, "There is nothing here")
    await refused(table, form(table, note="a\0b"), 404, "There is nothing here")


async def test_a_files_name_loses_its_folders_and_what_does_not_show(table):
    names = {
        "C:\\\\fakepath\\\\list.csv": "list.csv",
        "../../etc/passwd": "passwd",
        "/": "file",
        "..": "file",
        "\u202evsc.exe\u202c": "vsc.exe",
        "a\tb\x80c\u200b.csv": "abc.csv",
        "n" * 300 + ".csv": "n" * 200,
        "<b>&amp;%22.csv": '<b>&amp;".csv',
    }
    for sent in names:
        await send(table, form(table, ("sheet", sent, CSV)))
    assert [each.file("sheet").name for each in table.taken] == list(names.values())


async def test_bytes_in_disorder_are_no_failure_of_ours(table):
    chance = random.Random(12)
    body = form(table, ("sheet", "a.csv", CSV * 20), note="x")
    marks = (b"\r\n", b"--", b"\0", b'"', b"; filename*=x''%ff", BOUNDARY.encode(), b"\xff", b":")
    for _ in range(80):
        broken = bytearray(body)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(broken))
            broken[place : place + chance.randrange(20)] = chance.choice(marks)
        page = await send(table, bytes(broken))
        assert page.status in (200, 400, 403, 404, 422), broken


async def test_a_form_from_elsewhere_or_of_somebody_else_does_nothing(table):
    body = form(table, ("sheet", "a.csv", CSV))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await send(table, body, **headers)).status == 403
    forged = body.replace(table.token.encode(), b"0" * len(table.token))
    assert (await send(table, forged)).status == 403
    late = form(table, ("sheet", "a.csv", CSV), token_last=True)
    without = late.replace(b'name="form_token"', b'name="form_tokem"')
    assert (await send(table, without)).status == 403
    stranger = await table.dashboard.browser()
    assert (await send(table, body, stranger)).status == 401
    staff = await table.dashboard.signed_in(table.dashboard.mod)
    assert (await send(table, body, staff)).status == 403
    assert table.taken == []


async def test_other_forms_take_no_file(table):
    body = form(table, ("sheet", "a.csv", CSV))
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    page = await table.browser.post("people/new/grant", body, **kind)
    assert page.status == 415


async def test_sent_twice_it_has_one_key(table):
    body = form(table, ("sheet", "a.csv", CSV))
    await send(table, body)
    await send(table, body)
    first, second = table.taken
    assert first.key == second.key


async def test_only_a_few_files_of_a_server_are_worked_on_at_once(table):
    table.hold = asyncio.Event()
    bodies = [form(table, ("sheet", "a.csv", CSV)) for _ in range(uploads._AT_ONCE + 1)]
    loop = asyncio.get_running_loop()
    browsers = [await table.dashboard.signed_in(table.dashboard.owner) for _ in bodies[1:]]
    sending = []
    for browser in browsers:
        table.token = browser.page.form("Sign out").fields["form_token"]
        body = form(table, ("sheet", "a.csv", CSV))
        sending.append(loop.create_task(send(table, body, browser)))

    async def all_are_worked_on():
        return len(table.noted) == uploads._AT_ONCE

    await eventually(all_are_worked_on)
    page = await send(table, bodies[0])
    assert page.status == 503
    assert "several other files" in page.text
    assert len(table.noted) == uploads._AT_ONCE
    table.hold.set()
    assert {page.status for page in await asyncio.gather(*sending)} == {200}
    assert (await send(table, bodies[0])).status == 200


def test_the_files_of_one_server_leave_room_for_anothers():
    room = uploads.Room()
    with contextlib.ExitStack() as held:
        for _ in range(uploads._AT_ONCE):
            held.enter_context(room.taken(1))
        with pytest.raises(UploadsBusy):
            held.enter_context(room.taken(1))
        held.enter_context(room.taken(2))
    with room.taken(1):
        pass


async def in_pieces(table, body, pieces, pause):
    """Send a file over a line on which so much time passes before each piece; how the answer begins."""
    [cookie] = table.browser.http.cookie_jar
    reader, writer = await asyncio.open_connection(HOST, table.dashboard.port)
    head = (
        f"POST /dashboard/{table.dashboard.guild.id}/files HTTP/1.1\r\nHost: {HOST}:{table.dashboard.port}\r\n"
        f"Origin: {table.browser.origin}\r\nCookie: {cookie.key}={cookie.value}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode())
    size = len(body) // pieces + 1
    try:
        for start in range(0, len(body), size):
            writer.write(body[start : start + size])
            await writer.drain()
            await at_rest(table.dashboard.vendor.database)  # the other end has it then
            await table.dashboard.time.advance(pause)
        return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_large_file_may_take_its_time_as_long_as_it_goes_on(table):
    body = form(table, ("sheet", "a.csv", CSV * 40_000))
    answer = await in_pieces(table, body, pieces=8, pause=TIMEOUT - 2)
    assert answer.startswith(b"HTTP/1.1 303")
    assert table.taken[0].file("sheet").data == CSV * 40_000


async def test_a_file_that_only_drips_is_cut_off(table):
    body = form(table, ("sheet", "a.csv", CSV * 4))
    assert await in_pieces(table, body, pieces=8, pause=TIMEOUT - 2) == b""
    assert table.taken == []
