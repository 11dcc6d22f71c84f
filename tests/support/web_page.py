"""A page as a person without a script sees it: its text, its links, and its forms with what stands in them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_INLINE = {"strong", "em", "code", "a", "span", "time", "b"}


@dataclass
class PageForm:
    """A form: where it goes, what it would send, and what its buttons say."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)  # of a list or radios, the values
    required: set[str] = field(default_factory=set)  # browsers send nothing while one is empty
    takes_file: bool = False


class WebPage(HTMLParser):
    """The page behind one answer; `status`, `headers` and `html` are the answer's own."""

    def __init__(self, html, status=200, headers=None, url=""):
        super().__init__()
        self.html, self.status, self.headers, self.url = html, status, headers or {}, url
        self.forms, self.links, self.title, self.ids = [], {}, "", {}
        self._text, self._form, self._link, self._button, self._select = [], None, None, None, None
        self._address = None
        self._option, self._silent, self._in_title, self._textarea = None, 0, False, None
        self.feed(html)

    @property
    def text(self):
        return " ".join("".join(self._text).split())

    def form(self, label):
        """The one form with that button, or at that address."""
        found = [form for form in self.forms if label in form.labels or form.action.endswith(label)]
        assert len(found) == 1, (label, [(form.action, form.labels) for form in self.forms])
        return found[0]

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids[given["id"]] = given
        match tag:
            case "script" | "style":
                self._silent += 1
            case "title":
                self._in_title = True
            case "button":
                self._button, self._address = [], given.get("formaction")
            case "a":
                self._link = (given.get("href", ""), [])
            case _:
                self._start_of_form(tag, given)
        if tag not in _INLINE:
            self._text.append(" ")

    def _start_of_form(self, tag, given):
        if self._form is not None and "required" in given:
            self._form.required.add(given["name"])
        match tag:
            case "form":
                self._form = PageForm(given.get("action", ""), given.get("method", "get"))
                self._form.takes_file = given.get("enctype") == "multipart/form-data"
                self.forms.append(self._form)
            case "input" if self._form is not None and "name" in given:
                self._input(given)
            case "select" if self._form is not None:
                self._select = given["name"]
                self._form.choices[self._select] = []
            case "option" if self._select is not None:
                self._form.choices[self._select].append(given.get("value", ""))
                if "selected" in given or self._select not in self._form.fields:
                    self._form.fields[self._select] = given.get("value", "")
            case "textarea" if self._form is not None:
                self._textarea = given["name"]
                self._form.fields[self._textarea] = ""

    def _input(self, given):
        kind, name = given.get("type", "text"), given["name"]
        if kind in ("checkbox", "radio"):
            self._form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" not in given:
                return
        self._form.fields[name] = given.get("value", "") or ""

    def handle_endtag(self, tag):
        match tag:
            case "script" | "style":
                self._silent -= 1
            case "title":
                self._in_title = False
            case "form":
                self._form = None
            case "select":
                self._select = None
            case "textarea":
                self._textarea = None
            case "button" if self._button is not None:
                self._end_of_button(" ".join("".join(self._button).split()))
            case "a" if self._link is not None:
                self.links[" ".join("".join(self._link[1]).split())] = self._link[0]
                self._link = None
        if tag not in _INLINE:
            self._text.append(" ")

    def _end_of_button(self, label):
        form, self._button = self._form, None
        if form is None:
            return
        if self._address is None:
            form.labels.append(label)
        else:  # it sends the same fields elsewhere
            self.forms.append(
                PageForm(
                    self._address, form.method, form.fields, [label], form.choices, form.required
                )
            )

    def handle_data(self, data):
        if self._in_title:
            self.title += data
        elif not self._silent:
            self._text.append(data)
        if self._textarea is not None:
            self._form.fields[self._textarea] += data
        for taken in (self._button, self._link and self._link[1]):
            if taken is not None:
                taken.append(data)
