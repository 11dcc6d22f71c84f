"""What reads alone can show of the wire's open questions, on the vendor's own account."""

from bot import clock
from bot.doctor.account import Account
from bot.doctor.observations import Observations
from bot.tradingview import BadPagination, Page, TradingViewError, UpstreamTrouble, discovery, wire
from bot.tradingview.client import TradingViewClient
from bot.tradingview.parsing import hints as read_hints, page as read_page
from bot.tradingview.response_errors import parsed

_MAX_SCRIPTS = 3
_BIG_PAGE = 40  # 30 is known to be fine, and 50 to be refused
_MIN_NAME = 4  # of which a part is still telling
_SEARCHED = 2  # letters


async def ask_all(account: Account, observations: Observations) -> None:
    """Look at each question that can be looked at without changing anything."""
    version = account.held.version
    await _lists(account, observations)
    await _login(account, observations)
    await _names(account, observations)
    await _scripts(account, observations)
    if account.held.cookies is not None and account.held.cookies.sessionid_sign is None:
        observations.note(17, "no: this login has none, and works")
    renewed = account.held.version != version
    observations.note(16, "it was renewed just now" if renewed else "it was not renewed just now")


async def _lists(account: Account, observations: Observations) -> None:
    for pine_id in account.pine_ids[:_MAX_SCRIPTS]:
        page = await _page(account.client, observations, wire.listing(pine_id))
        if page is None:
            continue
        now = clock.now()
        ended = sum(not row.is_live(now) for row in page.rows)
        if ended:
            observations.note(12, f"they stay: {ended} of {len(page.rows)} on a page have ended")
        await _limit(account.client, observations, pine_id)
        names = [row.username for row in page.rows if len(row.username) >= _MIN_NAME]
        if names:
            await _filter(account.client, observations, pine_id, names[0])
            return


async def _page(
    client: TradingViewClient, observations: Observations, request: wire.Request
) -> Page | None:
    came = await observations.ask(client, request)
    if came.reply is None:
        return None
    try:
        return read_page(came.reply, client.base)
    except UpstreamTrouble:
        return None


async def _limit(client: TradingViewClient, observations: Observations, pine_id: str) -> None:
    came = await observations.ask(client, wire.listing(pine_id, limit=_BIG_PAGE))
    if isinstance(came.error, BadPagination):
        observations.note(10, f"{wire.PAGE_SIZE}; {_BIG_PAGE} are refused ({came.said})")
    elif came.reply is not None:
        data = parsed(came.reply)
        rows = data.get("results") if isinstance(data, dict) else None
        number = len(rows) if isinstance(rows, list) else 0
        observations.note(10, f"{_BIG_PAGE} are accepted; {number} came")


async def _filter(
    client: TradingViewClient, observations: Observations, pine_id: str, name: str
) -> None:
    """Ask for parts of a name that is there: which of them find it?"""

    async def finds(text: str) -> bool | None:
        page = await _page(client, observations, wire.listing(pine_id, text))
        if page is None:
            return None
        return any(row.username.casefold() == name.casefold() for row in page.rows)

    whole, beginning, middle = await finds(name), await finds(name[:-1]), await finds(name[1:])
    unlike = await finds("usher-nobody-has-this-name")
    match whole, beginning, middle, unlike:
        case (_, _, _, True):
            observations.note(1, "it finds everybody: the name is ignored")
        case (True, False, False, _):
            observations.note(1, "that name alone")
        case (True, True, False, _):
            observations.note(1, "every name that begins so")
        case (True, _, True, _):
            observations.note(1, "every name that it is a part of")
        case _:
            return
    if (other := name.swapcase()) != name:
        found = await finds(other)
        if found is not None:
            observations.note(1, f"capitals {'do not matter' if found else 'matter'} there")


async def _login(account: Account, observations: Observations) -> None:
    """Note what is told without a login; the cookies for that are invented."""
    came = await observations.ask(account.stranger, wire.account())
    observations.note(14, f"the account page: {came.said}")
    for pine_id in account.pine_ids[:1]:
        came = await observations.ask(account.stranger, wire.listing(pine_id))
        observations.note(14, f"the list of users: {came.said}")


async def _names(account: Account, observations: Observations) -> None:
    name = account.username
    if name is None:
        return
    came = await observations.ask(account.client, wire.hints(name[:_SEARCHED]))
    if came.reply is None:
        return
    try:
        suggested = read_hints(came.reply)
    except UpstreamTrouble:
        return
    inactive = sum(hint.inactive for hint in suggested)
    observations.note(18, f"{len(suggested)} for {_SEARCHED} letters, {inactive} of them inactive")


async def _scripts(account: Account, observations: Observations) -> None:
    try:
        managed = await discovery.managed(account.client)
        published = {script.pine_id: script for script in await discovery.published(account.client)}
    except TradingViewError:
        return
    open_ones = sum(
        pine_id in published and published[pine_id].invite_only is False for pine_id in managed
    )
    unknown = sum(pine_id not in published for pine_id in managed)
    counts = f"{len(managed)} scripts, {open_ones} of them open to everybody"
    observations.note(20, f"{counts}, {unknown} not among the published ones")
