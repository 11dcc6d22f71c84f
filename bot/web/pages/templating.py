"""Reads and compiles templates, each when it is first wanted; loaded with the first page."""

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound
from jinja2.meta import find_referenced_templates

from bot.web.pages.discord_text import as_html, as_inline, without_places

_FOLDER = Path(__file__).with_name("templates")


class _Files(BaseLoader):
    """The templates of this package."""

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - its name there
    ) -> Template:
        """Return a template, and have at hand what it extends and takes parts from: a page reads no disk."""
        path = _FOLDER / name
        if not path.is_file():
            raise TemplateNotFound(name)
        tree = environment.parse(path.read_text("utf-8"), name, str(path))
        for other in find_referenced_templates(tree):
            if other is not None:  # None: named by what the page is given, as none of ours is
                environment.get_template(other)
        code = environment.compile(tree, name, str(path))
        return environment.template_class.from_code(environment, code, globals or {})


def environment(filters: Mapping[str, Callable[..., Any]], known: Mapping[str, Any]) -> Environment:
    """Return what compiles and fills in templates, with these filters and names beside those that all have."""
    made = Environment(
        loader=_Files(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=without_places,
    )
    made.filters |= {"discord": as_html, "inline": as_inline, **filters}
    made.globals |= known
    return made
