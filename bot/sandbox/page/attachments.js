// The files of a message: pictures to look at, tables to look into, and all of them to keep.

import { h } from "./dom.js";

const MOST = 200;
const WIDE = 30; // signs; a longer text goes on in the next line

export function attachment(one) {
  const address = `files/${one.id}`;
  if (/\.png$/i.test(one.filename)) return h("img", { class: "picture", src: address, alt: one.description ?? one.filename, loading: "lazy" });
  const link = h("a", { class: "file", href: address, download: one.filename }, one.filename);
  return /\.csv$/i.test(one.filename) ? h("div", {}, link, inside(address, one.filename)) : link;
}

// Fetched only when somebody looks: a list may be long.
function inside(address, name) {
  const place = h("div", { class: "inside", tabindex: "0", role: "region", "aria-label": `Inside ${name}` });
  const look = async (event) => {
    if (!event.target.open || place.childElementCount) return;
    const rows = cells(await (await fetch(address)).text());
    place.replaceChildren(...table(rows, name));
  };
  return h("details", { ontoggle: look }, h("summary", {}, "Look inside"), place);
}

function table([titles = [], ...rows], name) {
  const shown = rows.slice(0, MOST);
  const drawn = h(
    "table",
    {},
    h("caption", { class: "sr" }, name),
    h("thead", {}, h("tr", {}, titles.map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, shown.map((row) => h("tr", {}, row.map((each) => h("td", { class: each.length > WIDE ? "long" : undefined }, each))))),
  );
  return rows.length > shown.length ? [drawn, h("p", { class: "quiet" }, `and ${rows.length - shown.length} more rows in the file`)] : [drawn];
}

// A table's text as rows of cells, as RFC 4180 writes them.
function cells(text) {
  const rows = [[""]];
  let quoted = false;
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; at += 1) {
    const sign = text[at];
    const row = rows.at(-1);
    if (quoted && sign === '"' && text[at + 1] === '"') {
      row[row.length - 1] += '"';
      at += 1;
    } else if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === ",") row.push("");
    else if (!quoted && sign === "\n") rows.push([""]);
    else if (quoted || sign !== "\r") row[row.length - 1] += sign;
  }
  return rows.filter((row) => row.length > 1 || row[0]);
}
