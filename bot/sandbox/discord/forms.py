"""What a person enters into select menus and forms, checked as Discord's client checks it."""

from typing import Any

from bot.sandbox.discord import payloads
from bot.sandbox.discord.components import (
    CHANNEL_SELECT,
    LABEL,
    ROLE_SELECT,
    ROW,
    SELECTS,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    USER_SELECT,
)
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.options import RefusedError, Resolved
from bot.sandbox.discord.world import Channel, Member, Role, User


def chosen(select: Json, values: Any, resolved: Resolved) -> list[str]:
    """The values of a select menu: options by label or value, everything else as objects."""
    picked = list(values) if isinstance(values, list | tuple) else [values]
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    if not low <= len(picked) <= high:
        raise RefusedError(f"choose {low} to {high}")
    if select["type"] == STRING_SELECT:
        return [_option(select, each) for each in picked]
    return [_entity(select["type"], each, resolved) for each in picked]


def submitted(modal: Json, values: dict[str, Any], resolved: Resolved) -> list[Json]:
    """The components of a form as they are sent; fields are named by label or custom id."""
    left = dict(values)
    sent = [_row(row, left, resolved) for row in modal["components"]]
    if left:
        raise RefusedError(f"the form has no field {', '.join(left)}")
    return sent


def _row(row: Json, values: dict[str, Any], resolved: Resolved) -> Json:
    if row["type"] == TEXT_DISPLAY:
        return {"type": TEXT_DISPLAY, "id": row["id"]}
    if row["type"] == LABEL:
        inner = _field(row["component"], row["label"], values, resolved)
        return {"type": LABEL, "id": row["id"], "component": inner}
    fields = [_field(each, each.get("label"), values, resolved) for each in row["components"]]
    return {"type": ROW, "id": row["id"], "components": fields}


def _field(field: Json, label: str | None, values: dict[str, Any], resolved: Resolved) -> Json:
    sent: Json = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
    key = next((each for each in (label, field["custom_id"]) if each in values), None)
    required = field.get("required", True)
    if field["type"] in SELECTS:
        given = values.pop(key) if key is not None else _preset(field)
        empty = given in (None, [], ())
        if empty and required:
            raise RefusedError(f"{label} must be chosen")
        return {**sent, "values": [] if empty else chosen(field, given, resolved)}
    if field["type"] != TEXT_INPUT:
        return {**sent, "values": []}
    text = str(values.pop(key)) if key is not None else field.get("value") or ""
    low, high = field.get("min_length") or 0, field.get("max_length") or 4000
    if required and not text:
        raise RefusedError(f"{label} must be filled in")
    if text and not low <= len(text) <= high:
        raise RefusedError(f"{label} takes {low} to {high} characters")
    return {**sent, "value": text}


def _preset(select: Json) -> list[str]:
    return [each["value"] for each in select.get("options", []) if each.get("default")]


def _option(select: Json, wanted: Any) -> str:
    for option in select["options"]:
        if wanted in (option["label"], option["value"]):
            value: str = option["value"]
            return value
    raise RefusedError(f"there is no option {wanted!r}")


def _entity(kind: int, entity: Any, resolved: Resolved) -> str:
    entity = entity.user if isinstance(entity, Member) else entity
    if isinstance(entity, User) and kind not in (ROLE_SELECT, CHANNEL_SELECT):
        return resolved.user(entity)
    if isinstance(entity, Role) and kind not in (USER_SELECT, CHANNEL_SELECT):
        return resolved.put("roles", entity.id, payloads.role(entity))
    if isinstance(entity, Channel) and kind == CHANNEL_SELECT:
        return resolved.put(
            "channels", entity.id, payloads.resolved_channel(entity, resolved.asker)
        )
    raise RefusedError(f"that menu does not offer {entity!r}")
