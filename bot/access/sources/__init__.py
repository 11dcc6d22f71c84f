"""Where access comes from: one module for each source, found by walking this package."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

MAX_NAME = 16  # characters that the database keeps


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What Discord says of a role, and what it stands for."""

    id: int
    name: str
    is_of_boosters: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One way in which somebody gets access.

    `name` is what the database keeps, `label` what people read; what `returns_by_itself`
    is held back after a revoke, until staff grant again. A source that Discord shows by a role names it
    in `stands_for`, and says to its member in `has`, `lost` and `again` what that is ({role}, {server});
    `lasts` ends the sentence "you can use it as long as".
    """

    name: str
    label: str
    returns_by_itself: bool = False
    stands_for: Callable[[RoleFacts], bool] | None = None
    has: str = ""
    lost: str = ""
    again: str = ""
    lasts: str = ""

    @property
    def is_of_roles(self) -> bool:
        """Return whether Discord shows it by a role."""
        return self.stands_for is not None or "{role}" in self.has

    @property
    def origin(self) -> str:
        """Return where something is from, to stand behind it: "from a role", "given by staff"."""
        return f"from {self.label}" if self.label.startswith("a ") else self.label


def _found() -> dict[str, Source]:
    modules = (
        importlib.import_module(module.name)
        for module in pkgutil.iter_modules(__path__, f"{__name__}.")
    )
    sources = [module.SOURCE for module in modules]
    by_name = {source.name: source for source in sources}
    if len(by_name) != len(sources):
        raise ValueError("two sources of access have the same name")
    if any(len(name) > MAX_NAME for name in by_name):
        raise ValueError(f"a source's name has more than {MAX_NAME} characters")
    return by_name


# Every source by its name; each module of this package holds one, called SOURCE.
REGISTRY = _found()


def behind(role: RoleFacts) -> Source:
    """Return the source that a role stands for; by itself it is one."""
    found = (each for each in REGISTRY.values() if each.stands_for and each.stands_for(role))
    return next(found, REGISTRY["role"])
