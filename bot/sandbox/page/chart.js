// What one person finds on TradingView under Indicators, Invite-only scripts: their own list, and nobody else's.

import { $, fill, h, icon } from "./dom.js";
import { changed, on, post, state } from "./store.js";

let whose = null;
let returnTo = null;

function entry(script) {
  return h("li", {}, icon("chart"), h("span", {}, script.title, h("small", {}, `by ${script.author}`)));
}

// TradingView's own sections; only this one depends on what vendors give.
function sections() {
  return h("ul", { class: "sections", "aria-hidden": "true" }, ["Favorites", "My scripts", "Invite-only scripts", "Technicals", "Community"].map((name) => h("li", { class: name === "Invite-only scripts" ? "current" : "" }, name)));
}

function draw(scripts) {
  const person = state.people.find((each) => each.username === whose);
  const none = h("p", { class: "none" }, "No invite-only scripts. TradingView shows one here as soon as its vendor gives access.");
  fill(
    $("chart"),
    h("header", {}, h("h2", { id: "charttitle" }, "Indicators"), h("p", { class: "quiet" }, `TradingView, logged in as ${whose}`, person && ` (@${person.name} in Discord)`), h("button", { type: "button", class: "link", "data-key": "close chart", onclick: () => $("chart").close() }, icon("close"), h("span", { class: "sr" }, "Close"))),
    h("div", { class: "columns" }, sections(), h("section", { "aria-label": "Invite-only scripts" }, h("h3", {}, "Invite-only scripts"), scripts.length ? h("ul", { class: "scripts" }, scripts.map(entry)) : none)),
  );
}

const ask = async () => (await post("chart", { username: whose })).scripts;

// It stays open while access comes and goes, as TradingView's does after a reload.
async function renew() {
  if ($("chart").open) draw(await ask());
}

export async function openChart(username) {
  whose = username;
  returnTo = document.activeElement.dataset.key;
  state.focus = username;
  changed("customers");
  draw(await ask());
  if (!$("chart").open) $("chart").showModal();
}

export function start() {
  on("customers", () => void renew().catch(() => $("chart").close()));
  // What opened it may have been drawn anew; a step of the tour that it ended gives way to the next.
  $("chart").addEventListener("close", () => {
    const next = "#panel-tour .step.open .actions button, #panel-tour .finished button";
    (document.querySelector(`[data-key="${CSS.escape(returnTo ?? "")}"]`) ?? document.querySelector(next))?.focus();
  });
}
