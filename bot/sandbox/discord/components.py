"""Discord's rules for what can stand under a message or inside a form, and finding a part again."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.discord.errors import Form, Json, Path

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = (
    *range(9, 15),
    17,
    18,
)
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
LINK, PREMIUM = 5, 6


def check_components(form: Form, path: Path, components: Any, *, v2: bool) -> None:
    """Report every broken rule for the components of a message."""
    rows = form.items(path, components, 1, 40 if v2 else 5)
    for index, row in enumerate(rows):
        _check_top(form, (*path, index), row, v2=v2)
    _check_unique(form, path, rows)
    if v2 and sum(1 for _ in walk(rows)) > 40:
        form.add(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Too many components")


def check_modal(data: Json) -> None:
    """Raise ApiError 50035 when Discord would not show this form."""
    form = Form()
    form.text(("data", "custom_id"), data.get("custom_id"), 1, 100, required=True)
    form.text(("data", "title"), data.get("title"), 1, 45, required=True)
    path: Path = ("data", "components")
    rows = form.items(path, data.get("components"), 1, 5)
    for index, row in enumerate(rows):
        _check_modal_row(form, (*path, index), row)
    _check_unique(form, path, rows)
    form.done()


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, outer ones before inner ones."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if component.get(key):
                yield from walk([component[key]])


def numbered(components: list[Json]) -> list[Json]:
    """The components with the ids and defaults that Discord adds to those which lack them."""
    copies = [_copy(component) for component in components]
    taken = {part["id"] for part in walk(copies) if part.get("id")}
    following = 1
    for part in walk(copies):
        if not part.get("id"):
            while following in taken:
                following += 1
            part["id"] = following
            taken.add(following)
        if part["type"] in SELECTS:
            part.setdefault("min_values", 1)
            part.setdefault("max_values", 1)
    return copies


def _copy(component: Json) -> Json:
    copied = dict(component)
    if component.get("components"):
        copied["components"] = [_copy(each) for each in component["components"]]
    for key in ("accessory", "component"):
        if component.get(key):
            copied[key] = _copy(component[key])
    return copied


def _check_top(form: Form, path: Path, component: Any, *, v2: bool) -> None:
    allowed = (ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER) if v2 else (ROW,)
    kind = component.get("type") if isinstance(component, dict) else None
    if not form.choice((*path, "type"), kind, allowed):
        return
    if kind == ROW:
        _check_row(form, path, component)
    elif kind == TEXT_DISPLAY:
        form.text((*path, "content"), component.get("content"), 1, 4000, required=True)
    elif kind == CONTAINER:
        inner = form.items((*path, "components"), component.get("components"), 1, 40)
        for index, each in enumerate(inner):
            _check_top(form, (*path, "components", index), each, v2=True)
    elif kind == SECTION:
        for index, each in enumerate(
            form.items((*path, "components"), component.get("components"), 1, 3)
        ):
            _check_top(form, (*path, "components", index), each, v2=True)
        if (component.get("accessory") or {}).get("type") == BUTTON:
            _check_button(form, (*path, "accessory"), component["accessory"])


def _check_row(form: Form, path: Path, row: Json) -> None:
    inner = form.items((*path, "components"), row.get("components"), 1, 5)
    selects = [each for each in inner if each.get("type") in SELECTS]
    if selects and len(inner) > 1:
        form.add(
            (*path, "components"),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )
    for index, each in enumerate(inner):
        here: Path = (*path, "components", index)
        if not form.choice((*here, "type"), each.get("type"), (BUTTON, *SELECTS)):
            continue
        if each["type"] == BUTTON:
            _check_button(form, here, each)
        else:
            _check_select(form, here, each)


def _check_button(form: Form, path: Path, button: Json) -> None:
    if not form.choice((*path, "style"), button.get("style"), (1, 2, 3, 4, 5, 6)):
        return
    label = button.get("label")
    form.text((*path, "label"), label, 0, 80)
    if button["style"] == PREMIUM:
        return
    if not label and not button.get("emoji"):
        form.add(path, "BUTTON_COMPONENT_MISSING_LABEL", "A button needs a label or an emoji")
    if button["style"] == LINK:
        form.text((*path, "url"), button.get("url"), 1, 512, required=True)
        if button.get("custom_id"):
            form.add(
                (*path, "custom_id"),
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
    else:
        form.text((*path, "custom_id"), button.get("custom_id"), 1, 100, required=True)


def _check_select(form: Form, path: Path, select: Json) -> None:
    form.text((*path, "custom_id"), select.get("custom_id"), 1, 100, required=True)
    form.text((*path, "placeholder"), select.get("placeholder"), 0, 150)
    low = form.number((*path, "min_values"), select.get("min_values"), 0, 25)
    high = form.number((*path, "max_values"), select.get("max_values"), 1, 25)
    if low is not None and high is not None and low > high:
        form.add((*path, "min_values"), "BASE_TYPE_MAX", "min_values is above max_values")
    if select["type"] != STRING_SELECT:
        return
    options = form.items((*path, "options"), select.get("options"), 1, 25)
    values: set[str] = set()
    for index, option in enumerate(options):
        here: Path = (*path, "options", index)
        form.text((*here, "label"), option.get("label"), 1, 100, required=True)
        value = form.text((*here, "value"), option.get("value"), 1, 100, required=True)
        form.text((*here, "description"), option.get("description"), 0, 100)
        if value in values:
            form.add(
                (*here, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        values.add(value or "")


def _check_modal_row(form: Form, path: Path, row: Any) -> None:
    kind = row.get("type") if isinstance(row, dict) else None
    if not form.choice((*path, "type"), kind, (ROW, TEXT_DISPLAY, LABEL)):
        return
    if kind == TEXT_DISPLAY:
        form.text((*path, "content"), row.get("content"), 1, 4000, required=True)
    elif kind == LABEL:
        form.text((*path, "label"), row.get("label"), 1, 45, required=True)
        form.text((*path, "description"), row.get("description"), 0, 100)
        inner = row.get("component") or {}
        if form.choice((*path, "component", "type"), inner.get("type"), (TEXT_INPUT, *SELECTS, 19)):
            _check_field(form, (*path, "component"), inner, labelled=True)
    else:
        for index, each in enumerate(
            form.items((*path, "components"), row.get("components"), 1, 1)
        ):
            here: Path = (*path, "components", index)
            if form.choice((*here, "type"), each.get("type"), (TEXT_INPUT,)):
                _check_field(form, here, each, labelled=False)


def _check_field(form: Form, path: Path, field: Json, *, labelled: bool) -> None:
    if field["type"] in SELECTS:
        _check_select(form, path, field)
        return
    form.text((*path, "custom_id"), field.get("custom_id"), 1, 100, required=True)
    if field["type"] != TEXT_INPUT:
        return
    form.choice((*path, "style"), field.get("style"), (1, 2))
    if labelled:
        if field.get("label"):
            form.add(
                (*path, "label"), "BASE_TYPE_INVALID", "The label stands on the Label component"
            )
    else:
        form.text((*path, "label"), field.get("label"), 1, 45, required=True)
    form.number((*path, "min_length"), field.get("min_length"), 0, 4000)
    form.number((*path, "max_length"), field.get("max_length"), 1, 4000)
    form.text((*path, "placeholder"), field.get("placeholder"), 0, 100)
    form.text((*path, "value"), field.get("value"), 0, 4000)


def _check_unique(form: Form, path: Path, components: list[Any]) -> None:
    seen: set[str] = set()
    for part in walk([each for each in components if isinstance(each, dict)]):
        custom_id = part.get("custom_id")
        if custom_id is None:
            continue
        if custom_id in seen:
            form.add(
                path,
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(custom_id)
