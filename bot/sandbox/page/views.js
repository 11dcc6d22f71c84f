// Which panel stands beside the chat; on a small screen, which one fills it.

import { $, h, icon } from "./dom.js";
import { changed, on, state } from "./store.js";

const PANELS = [["tour", "Tour", "tour"], ["faults", "Break", "bolt"], ["customers", "People", "chart"], ["shop", "Shop", "cart"], ["server", "Server", "people"], ["bot", "Bot", "bot"]];

let panel = "tour";

export function look(view) {
  document.body.dataset.view = view;
  if (view !== "chat") panel = view;
  for (const [name] of PANELS) {
    const tab = $(`tab-${name}`);
    tab.setAttribute("aria-selected", String(name === panel));
    tab.tabIndex = name === panel ? 0 : -1;
    $(`panel-${name}`).hidden = name !== panel;
  }
  for (const button of $("bottom").children) {
    if (button.dataset.view === view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  changed("view");
  if (panel === "bot") $("log").scrollTop = $("log").scrollHeight;
  if (view === "chat") $("messages").scrollTop = $("messages").scrollHeight;
}

function keys(event) {
  const moves = { ArrowRight: 1, ArrowLeft: -1 };
  const names = PANELS.map(([name]) => name);
  let index = names.indexOf(panel);
  if (event.key in moves) index = (index + moves[event.key] + names.length) % names.length;
  else if (event.key === "Home") index = 0;
  else if (event.key === "End") index = names.length - 1;
  else return;
  event.preventDefault();
  look(names[index]);
  $(`tab-${names[index]}`).focus();
}

function marks() {
  const broken = state.switches.changed > 0;
  const off = state.bot.state === "off";
  for (const [name, isOn] of [["faults", broken], ["bot", off && state.bot.starts > 0]]) {
    for (const button of document.querySelectorAll(`[data-panel="${name}"]`)) button.classList.toggle("marked", isOn);
  }
}

export function start() {
  $("tabs").append(...PANELS.map(([name, label]) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "data-panel": name, onclick: () => look(name) }, label)));
  $("tabs").addEventListener("keydown", keys);
  const views = [["chat", "Chat", "chat"], ...PANELS].map(([name, label, sign]) => [name, name === "customers" ? "TradingView" : label, sign]);
  $("bottom").append(...views.map(([name, label, sign]) => h("button", { type: "button", "data-view": name, "data-panel": name, onclick: () => look(name) }, icon(sign), h("span", {}, label))));
  on("switches bot", marks);
  look("tour");
  document.body.dataset.view = "chat";
  $("bottom").children[0].setAttribute("aria-current", "page");
  for (const button of [...$("bottom").children].slice(1)) button.removeAttribute("aria-current");
}
