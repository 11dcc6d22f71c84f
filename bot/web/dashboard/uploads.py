"""A form that brings a file: read as it comes, and never more of it than is allowed."""

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    hdrs,
    web,
)
from aiohttp.http_exceptions import HttpProcessingError

from bot.access.errors import ButtonGone
from bot.access.people.import_errors import FileTooLarge
from bot.access.people.web_session_errors import (
    FormTooLarge,
    SeveralFiles,
    UploadBroken,
    UploadsBusy,
)
from bot.web.connections import Connection

_AT_ONCE = 3  # forms with a file, for each server; each is in memory while it is worked on
_LARGEST_TEXT = 64 * 1024  # bytes of all fields together, as in a form without a file
_OF_A_FIELD = 64  # bytes that a field counts beside its name and text: so thousands are too many
_ROUND_ABOUT = 64 * 1024  # bytes around the file and the fields
_PIECE = 64 * 1024
_MAX_NAME = 200
_PLAIN = frozenset(("", "7bit", "8bit", "binary"))
# A part without a readable name is no form's, and nothing of it belongs into the log.
for _broken in (BadContentDispositionHeader, BadContentDispositionParam):
    warnings.simplefilter("error", _broken)
# How aiohttp says that a body is no form: it was cut off, or nobody's browser wrote it.
_NO_FORM = (ValueError, AssertionError, RuntimeError, LookupError, HttpProcessingError, Warning)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form; `name` is its own name without a path, at most 200 characters."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of a form with their texts, and the files that were chosen."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    files: dict[str, Upload] = field(default_factory=dict)


class Room:
    """The forms with a file that are worked on; those of one server leave room for another's."""

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()

    @contextmanager
    def taken(self, guild_id: int) -> Iterator[None]:
        """Hold the place of one form of that server. Raises UploadsBusy where there is none."""
        if self._taken[guild_id] >= _AT_ONCE:
            raise UploadsBusy
        self._taken[guild_id] += 1
        try:
            yield
        finally:
            self._taken[guild_id] -= 1


async def read(request: web.Request, largest: int, most: int = 1) -> Sent:
    """Return what a form sent with at most `most` files of so many bytes each; nothing of it is checked yet.

    Raises FileTooLarge, FormTooLarge, SeveralFiles, UploadBroken, or ButtonGone for a field that came twice.
    """
    if request.content_type != "multipart/form-data" or hdrs.CONTENT_ENCODING in request.headers:
        raise UploadBroken
    if (request.content_length or 0) > largest * most + _LARGEST_TEXT + _ROUND_ABOUT:
        raise FileTooLarge(largest >> 20)
    try:
        return await _Reading(request, largest, most).whole()
    except _NO_FORM as error:
        raise UploadBroken from error


class _Reading:
    """One form while it comes."""

    def __init__(self, request: web.Request, largest: int, most: int) -> None:
        self._request = request
        self._largest = largest
        self._most = most
        self._noted = 0  # bytes of the body, at the last sign of life
        self._text = 0  # bytes of the fields so far
        self._sent = Sent()

    async def whole(self) -> Sent:
        reader = await self._request.multipart()
        while (part := await reader.next()) is not None:
            self._goes_on()
            if not isinstance(part, BodyPartReader) or part.name is None or not _is_plain(part):
                raise UploadBroken
            if part.filename is None:
                await self._take_field(part, part.name)
            else:
                await self._take_file(part, part.name, part.filename)
        return self._sent

    async def _take_field(self, part: BodyPartReader, name: str) -> None:
        self._text += _OF_A_FIELD + len(name.encode())
        data = await self._bytes_of(part, _LARGEST_TEXT - self._text)
        if data is None:
            raise FormTooLarge
        self._text += len(data)
        self._once(name)
        self._sent.fields[name] = data.decode()

    async def _take_file(self, part: BodyPartReader, name: str, file_name: str) -> None:
        data = await self._bytes_of(part, self._largest)
        if data is None:
            raise FileTooLarge(self._largest >> 20)
        if not data and not file_name:  # as browsers say that none was chosen
            return
        if len(self._sent.files) == self._most:
            raise SeveralFiles
        self._once(name)
        self._sent.files[name] = Upload(_own_name(file_name), bytes(data))

    async def _bytes_of(self, part: BodyPartReader, most: int) -> bytearray | None:
        """Return what the part holds; None where that is more."""
        data = bytearray()
        while not part.at_eof():
            data += await part.read_chunk(_PIECE)
            self._goes_on()
            if len(data) > most:
                return None
        return data

    def _once(self, name: str) -> None:
        if name in self._sent.fields or name in self._sent.files:
            raise ButtonGone

    def _goes_on(self) -> None:
        """Let the sender go on for each piece that came; refuse what is wrapped in far more than it holds."""
        come = self._request.content.total_bytes
        if come > self._largest * self._most + _LARGEST_TEXT + _ROUND_ABOUT:
            raise FileTooLarge(self._largest >> 20)
        connection = self._request.protocol
        if come - self._noted >= _PIECE and isinstance(connection, Connection):
            self._noted = come
            connection.goes_on()


def _is_plain(part: BodyPartReader) -> bool:
    """Return whether the part holds what it says as it is, as browsers send it."""
    coding = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "")
    return coding.lower() in _PLAIN and hdrs.CONTENT_ENCODING not in part.headers


def _own_name(sent: str) -> str:
    """Return a file's name without folders, and without what does not show or turns the direction."""
    base = (
        sent.replace("%22", '"').replace("\\", "/").rpartition("/")[2]
    )  # as browsers quote a quote
    shown = "".join(letter for letter in base if letter.isprintable()).strip(" .")
    return shown[:_MAX_NAME] or "file"
