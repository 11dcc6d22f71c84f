"""The closed sets of words that columns hold, and the names of copies; the CHECKs of the schema are made from them."""

from enum import StrEnum


class ActorKind(StrEnum):
    """What kind of somebody an order or an entry of the history comes from."""

    MEMBER = "member"  # of Discord; the id is theirs
    SOURCE = "source"  # of access; the id is the source's name
    KEY = "key"  # of the HTTP API; the id is the key's
    USHER = "usher"  # Usher itself; no id


class RoleLevel(StrEnum):
    """What a role of a server allows."""

    STAFF = "staff"
    MANAGER = "manager"


class SessionState(StrEnum):
    """Whether a stored login lives."""

    ALIVE = "alive"
    DEAD = "dead"


class ClaimState(StrEnum):
    """How a member's request for a name stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Tie(StrEnum):
    """How it is known that a TradingView name is a member's."""

    CLAIMED = "claimed"  # the member says so, and nobody else
    PROVEN = "proven"  # the member's code stood on the public profile
    STAFF = "staff"  # staff said or accepted it


class AttemptKind(StrEnum):
    """What a member may do only so often in a day."""

    LINK = "link"
    PROOF = "proof"
    LOOK = "look"  # on TradingView, for what the member does not see


class StateKind(StrEnum):
    """What TradingView holds, or should hold, for one person and script."""

    UNKNOWN = "unknown"  # only of what was seen
    NOTHING = "nothing"
    UNTIL = "until"
    OPEN = "open"  # only of what is wanted: as long as its source lasts
    LIFETIME = "lifetime"


class EntitlementKind(StrEnum):
    """How long a reason lasts."""

    UNTIL = "until"
    OPEN = "open"
    LIFETIME = "lifetime"


class PermissionState(StrEnum):
    """How a permission stands with TradingView."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    STUCK = "stuck"


class SkuKind(StrEnum):
    """What Discord sells for a bot: for ever, to be used up, or by the month."""

    DURABLE = "durable"
    CONSUMABLE = "consumable"
    SUBSCRIPTION = "subscription"


class OrderKind(StrEnum):
    """What an order asks for."""

    GRANT = "grant"
    SET = "set"
    REVOKE = "revoke"
    PUT_BACK = "put_back"
    REPAIR = "repair"
    MOVE = "move"  # what was bought of one item goes on as another one
    PAUSE = "pause"
    RESUME = "resume"


class OrderState(StrEnum):
    """How an order stands, from asked to ended."""

    WAITING = "waiting"
    DONE = "done"
    SUPERSEDED = "superseded"
    STUCK = "stuck"


class Reason(StrEnum):
    """Why a permission or an order waits or is stuck."""

    # It waits, and is tried again by itself.
    LOGIN = "login"
    SCRIPT = "script"
    SLOW_DOWN = "slow_down"
    TRADINGVIEW = "tradingview"
    TROUBLE = "trouble"  # a mistake of ours
    UNVERIFIED = "unverified"  # accepted, but not shown
    CLOCK = "clock"  # it counts from a moment at which this computer's clock was wrong
    # Only a person can help.
    NO_SUCH_USER = "no_such_user"
    OTHER_PERSON = "other_person"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    # From a backup: yet to be compared with TradingView, to be decided by staff as the comparison says
    # nothing, or to be ordered anew.
    HELD = "held"
    UNDECIDED = "undecided"
    RESTORED = "restored"


class SweepState(StrEnum):
    """How a full read of a list stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


class SweepFailure(StrEnum):
    """Why a full read of a list ended early."""

    SCRIPT = "script"
    LOGIN = "login"
    TRADINGVIEW = "tradingview"
    TROUBLE = "trouble"  # a mistake of ours


class OutageStage(StrEnum):
    """How far an outage of a login is, as somebody was told of it."""

    NOTHING = "nothing"
    ENDED = "ended"
    STILL = "still"
    BACK = "back"


class Otherwise(StrEnum):
    """Where a message goes when the person takes no direct messages."""

    NOWHERE = "nowhere"
    LOG = "log"  # the server's log channel
    OWNER = "owner"  # the server's owner
    PANEL = "panel"  # the panel's channel, with all others who take none


class HolderRoleState(StrEnum):
    """What was done about the role of a product's holder."""

    GIVING = "giving"  # noted before Discord is asked, so that a crash leaves no doubt whose it is
    GIVEN = "given"
    THEIRS = "theirs"  # the member had it before: it is never taken
    GONE = "gone"  # the member was not in the server


class RoleTrouble(StrEnum):
    """Why the role of a product cannot be given or taken."""

    DELETED = "deleted"
    MANAGED = "managed"  # it belongs to an app or to Discord itself
    RIGHT = "right"  # the bot lacks Manage Roles
    ORDER = "order"  # the role stands above the bot's own


class ReminderOutcome(StrEnum):
    """What became of a reminder that its time is over."""

    SENT = "sent"
    REFUSED = "refused"  # the person takes no direct messages
    LEFT = "left"  # the person is not in the server any more


class DeliveryState(StrEnum):
    """How a message of a payment provider stands."""

    NEW = "new"  # to be processed, or tried again
    DONE = "done"
    UNMAPPED = "unmapped"  # it waits until staff say which item a price is
    STUCK = "stuck"  # tried in vain; staff were told
    IGNORED = "ignored"  # a test, or nothing that Usher needs


class ClaimHow(StrEnum):
    """How it is known who a contract is of; the first beats the later ones."""

    STAFF = "staff"  # they assigned it
    MEMBER = "member"  # the member typed what only the buyer was shown
    TOKEN = "token"  # noqa: S105 - the member took Usher's token to the shop
    NAME = "name"  # the field for the TradingView name
    DISCORD = "discord"  # the provider named the Discord member
    SAME_BUYER = "same_buyer"  # an earlier contract of the same customer of the provider


class OutgoingKind(StrEnum):
    """What a vendor's own program is told of."""

    GRANTED = "access.granted"
    ENDED = "access.ended"
    FAILED = "access.failed"
    LOGIN_DEAD = "login.dead"
    STUCK = "order.stuck"


class EndpointState(StrEnum):
    """Whether a vendor's program is told of anything."""

    ON = "on"
    OFF = "off"  # it took nothing for days; staff were told, and can switch it on


class OutgoingState(StrEnum):
    """How a message to a vendor's program stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # tried as often as is sensible; staff may send it again


class PostResult(StrEnum):
    """What became of one try to send such a message."""

    TAKEN = "taken"
    STATUS = "status"  # an answer that is no yes; its number says which
    SILENT = "silent"  # no answer in time
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"  # the certificate could not be verified
    FORBIDDEN = "forbidden"  # it leads to a private address, which is not allowed
    LOST = "lost"  # the key of what was encrypted is lost


class CopyKind(StrEnum):
    """Why a copy was made."""

    DAILY = "daily"
    MADE = "made"  # somebody asked for it
    BEFORE = "before"  # the schema was changed
    REPLACED = "replaced"  # another database took its place


class BatchKind(StrEnum):
    """What a batch does to the access of everybody in it."""

    GRANT = "grant"
    EXTEND = "extend"
    COMPENSATE = "compensate"
    SET = "set"
    REVOKE = "revoke"
    UNDO = "undo"  # of another batch


class BatchState(StrEnum):
    """How a batch stands, from its dry run to its end."""

    DRAFT = "draft"  # the dry run was shown, nothing was ordered
    APPROVAL = "approval"  # started by one manager; it takes a second one's press
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"  # ended before its end; what was done by then stays


class RowState(StrEnum):
    """How one row of a batch stands."""

    FAULTY = "faulty"  # it could not be understood: nothing is ordered for it
    LEFT_OUT = "left_out"  # understood, and nothing is ordered for it; its problem says why
    PLANNED = "planned"
    ORDERED = "ordered"  # its order says how it stands
    WITHDRAWN = (
        "withdrawn"  # the batch was cancelled before its turn, or its order was put back by that
    )


class RowProblem(StrEnum):
    """Why nothing is ordered for a row of a batch; the first ones are mistakes in the file."""

    NOBODY_NAMED = "nobody_named"
    NAME_UNREADABLE = "name_unreadable"
    NAME_HAS_LONG_DASH = "name_has_long_dash"
    NAME_HAS_HIDDEN_MARK = "name_has_hidden_mark"
    NAME_IS_OTHER_PAGE = "name_is_other_page"
    ID_UNREADABLE = "id_unreadable"
    ID_SHORTENED = "id_shortened"  # by a spreadsheet, to 1.2E+17 or ...000
    ID_FITS_SEVERAL = "id_fits_several"
    MEMBER_UNKNOWN = "member_unknown"  # nobody in the server has that id
    NO_NAME_KNOWN = "no_name_known"  # of that member no TradingView name is known
    NAME_TAKEN = "name_taken"  # the name is another member's
    OTHER_NAME = "other_name"  # the member has another name
    NO_ITEM = "no_item"
    ITEM_UNKNOWN = "item_unknown"
    ITEM_EMPTY = "item_empty"  # a product without scripts
    ITEM_ARCHIVED = "item_archived"  # it is on sale no more
    NO_TIME = "no_time"  # neither a duration nor an end
    TWO_TIMES = "two_times"  # both
    DURATION_UNREADABLE = "duration_unreadable"
    DATE_UNREADABLE = "date_unreadable"
    DATE_AMBIGUOUS = "date_ambiguous"
    DATE_WITHOUT_ZONE = "date_without_zone"
    DATE_PAST = "date_past"
    TOO_FAR = "too_far"
    NOTE_TOO_LONG = "note_too_long"
    TOO_MANY_CELLS = "too_many_cells"  # more than columns: one with a delimiter in it has no quotes
    TWICE = "twice"  # another row is about the same person and item
    USER_UNKNOWN = "user_unknown"  # TradingView has nobody of that name
    # Nothing to do, or not any more.
    NO_ACCESS = "no_access"  # there is nothing to extend or to end
    ENDLESS = "endless"  # time cannot be added to access without an end
    SAME_ALREADY = "same_already"
    PAUSED = "paused"  # its end moves, so that none can be set
    NO_END = "no_end"  # neither the export nor what is there says one
    BLOCKED = "blocked"
    FORGOTTEN = "forgotten"
    CHANGED_SINCE = "changed_since"  # by somebody else, since the dry run
    UNDONE_ALREADY = "undone_already"


class Lookup(StrEnum):
    """Whether TradingView was asked if it knows the name of a row."""

    KNOWN = "known"  # it does
    OPEN = "open"  # it is yet to be asked
    UNKNOWN = "unknown"  # it has nobody of that name
