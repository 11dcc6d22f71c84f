// The list above the message box: commands, suggestions, people. The focus stays in the field.

import { $, h } from "./dom.js";

let items = [];
let active = -1;
let owner = null;
let choose = () => {};

export const isOpen = () => !$("picker").hidden;
export const current = () => (isOpen() && active >= 0 ? items[active] : null);

// Show items {label, detail, value} for a field; `first` is the one marked at once, -1 none.
export function show(field, shown, { title = "", first = -1, empty = "", onchoose }) {
  items = shown;
  choose = onchoose;
  if (owner && owner !== field) forget(owner);
  owner = field;
  const list = h(
    "ul",
    { id: "pickerlist", role: "listbox", "aria-label": title || "Suggestions" },
    items.map((item, index) =>
      h(
        "li",
        {
          id: `pick${index}`,
          role: "option",
          "aria-selected": "false",
          onpointerdown: (event) => event.preventDefault(),
          onclick: () => pick(index),
          onpointermove: () => mark(index),
        },
        item.icon,
        h("span", { class: "label" }, item.label),
        item.detail && h("span", { class: "detail" }, item.detail),
      ),
    ),
  );
  const nothing = items.length === 0 && empty ? h("p", { class: "nothing" }, empty) : null;
  $("picker").replaceChildren(...[title && h("p", { class: "title" }, title), items.length ? list : null, nothing].filter(Boolean));
  $("picker").hidden = !title && !items.length && !nothing;
  field.setAttribute("aria-expanded", String(items.length > 0));
  active = -1;
  mark(first);
}

export function hide() {
  $("picker").hidden = true;
  items = [];
  active = -1;
  if (owner) forget(owner);
  owner = null;
}

function forget(field) {
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function mark(index) {
  document.getElementById(`pick${active}`)?.setAttribute("aria-selected", "false");
  active = index >= 0 && index < items.length ? index : -1;
  const option = document.getElementById(`pick${active}`);
  if (option) {
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    owner?.setAttribute("aria-activedescendant", option.id);
  } else owner?.removeAttribute("aria-activedescendant");
}

function pick(index) {
  const item = items[index];
  if (item) choose(item);
}

// Keys that belong to the list while it is open; true when one was used up.
export function key(event) {
  if (!isOpen() || !items.length) return false;
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves) {
    const start = active < 0 && event.key === "ArrowUp" ? 0 : active;
    mark((start + moves[event.key] + items.length) % items.length);
  } else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey && choose.tab)) && active >= 0) pick(active);
  else return false;
  event.preventDefault();
  return true;
}
