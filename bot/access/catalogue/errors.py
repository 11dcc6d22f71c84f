# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about scripts; `bot.replies` says it."""

import enum
from dataclasses import dataclass

from bot.errors import UserError
from bot.store.records import Product
from bot.tradingview.names import PineIdProblem


class ItemKind(enum.StrEnum):
    """What was meant by an item; sentences call it so."""

    SCRIPT = "script"
    PRODUCT = "product"
    EITHER = "script or product"


@dataclass(eq=False)
class ItemUnknown(UserError):
    """No item of that kind has that short name; `near` are short names that look like it."""

    text: str
    near: tuple[str, ...] = ()
    meant: ItemKind = ItemKind.SCRIPT


@dataclass(eq=False)
class ProductEmpty(UserError):
    """The product has no script on sale, so that there is nothing to give."""

    title: str


@dataclass(eq=False)
class PineIdUnusable(UserError):
    """The text is not the pine id of an invite-only script; `kind` says in which way."""

    kind: PineIdProblem


@dataclass(eq=False)
class PineIdElsewhere(UserError):
    """Another server of this Usher keeps that script."""


@dataclass(eq=False)
class ScriptThere(UserError):
    """This server has that script already, under `slug`."""

    slug: str


@dataclass(eq=False)
class ScriptNotYours(UserError):
    """TradingView shows no access list of that script; `detail`: its own words, for staff."""

    detail: str | None = None


@dataclass(eq=False)
class SlugUnusable(UserError):
    """The text cannot be a short name."""

    text: str


@dataclass(eq=False)
class SlugTaken(UserError):
    """Another script or product has that short name; `archived` says that it is an archived one."""

    slug: str
    archived: bool = False
    kind: ItemKind = ItemKind.SCRIPT


@dataclass(eq=False)
class TitleUnusable(UserError):
    """The title is empty or longer than `longest` characters."""

    longest: int


@dataclass(eq=False)
class RoleIsProducts(UserError):
    """The role is given to the holders of a product, so it cannot open an item as well."""

    role_id: int
    product: Product


@dataclass(eq=False)
class RoleRuleThere(UserError):
    """The role opens that item already."""

    role_id: int
    title: str


@dataclass(eq=False)
class RoleOpensNothing(UserError):
    """The role does not open that item, or does not any more."""

    role_id: int | None = None
    title: str | None = None


@dataclass(eq=False)
class PremiumNeedsLength(UserError):
    """What Discord sells under that title is used up, and nobody said how much time it gives."""

    title: str


@dataclass(eq=False)
class PremiumOpensNothing(UserError):
    """Nothing of the kind that Discord sells opens that item."""

    title: str


@dataclass(eq=False)
class RuleNotRemoved(UserError):
    """The rule was put back already, or was removed more than 24 hours ago."""


# Products


class LinkProblem(enum.StrEnum):
    """Why an address cannot be where a product is sold."""

    NOT_HTTPS = "not_https"
    TOO_LONG = "too_long"


@dataclass(eq=False)
class LinkUnusable(UserError):
    """The text is no address that a button may open."""

    problem: LinkProblem


@dataclass(eq=False)
class TrialEndless(UserError):
    """A trial has an end."""


@dataclass(eq=False)
class GraceUnusable(UserError):
    """So many grace days are not possible; `most` are."""

    most: int


@dataclass(eq=False)
class NothingToChange(UserError):
    """What was asked for is so already, or nothing was asked for."""

    title: str


class HolderRoleProblem(enum.StrEnum):
    """Why a role cannot be that of a product's holders."""

    OPENS_ITEM = "opens_item"  # who has it gets an item by it: the two would feed each other
    HAS_LEVEL = "has_level"  # who has it is staff or manager here


@dataclass(eq=False)
class HolderRoleUnusable(UserError):
    """That role cannot be given to the holders of a product."""

    role_id: int
    problem: HolderRoleProblem
