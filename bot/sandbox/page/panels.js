// The switches that break things, the bot's own panel, and the opening.

import { $, copy, fill, h, icon, notice } from "./dom.js";
import { botButtons, botLine, dashboardLink } from "./side.js";
import { inFirstRun, on, post, state } from "./store.js";
import { cookieBox, makeCookies, terminalLine, toCopy } from "./tour.js";

const turn = (name, value) => post("switch", { name, value }).catch((error) => notice(error.message, true));

// Switches

function featured(one) {
  const isOn = one.value !== one.off;
  const left = isOn && Number.isInteger(one.value) && one.value > 0 ? "still to come" : "";
  return h(
    "div",
    { class: isOn ? "switch on" : "switch" },
    h(
      "button",
      { type: "button", role: "switch", id: `switch-${one.name}`, "aria-checked": String(isOn), "aria-labelledby": `title-${one.name}`, "aria-describedby": `text-${one.name}`, "data-key": `switch ${one.name}`, onclick: () => turn(one.name, isOn ? one.off : one.on) },
      h("span", { class: "knob", "aria-hidden": "true" }),
    ),
    h("div", {}, h("label", { class: "title", id: `title-${one.name}`, for: `switch-${one.name}` }, one.title), h("p", { class: "small", id: `text-${one.name}` }, one.text, left && h("em", {}, ` Now: ${left}.`))),
  );
}

function other(one) {
  const id = `set-${one.name}`;
  const changed = one.value !== one.default;
  let control;
  if (one.kind === "bool") control = h("input", { type: "checkbox", id, checked: one.value === true, onchange: (event) => turn(one.name, event.target.checked) });
  else if (one.kind === "choice") {
    control = h("select", { id, onchange: (event) => turn(one.name, event.target.value) }, one.choices.map((each) => h("option", { value: each, selected: each === one.value }, each)));
  } else {
    control = h("input", { type: "number", id, value: String(one.value), min: one.minimum, max: one.maximum, step: one.kind === "int" ? 1 : "any", onchange: (event) => turn(one.name, Number(event.target.value)) });
  }
  control.dataset.key = id;
  return h("div", { class: changed ? "setting changed" : "setting" }, h("label", { for: id }, one.label, one.counts && h("small", {}, " next calls; -1: all")), control);
}

function drawFaults() {
  if (!state.ready) return;
  const groups = [...new Set(state.switches.others.map((each) => each.group))];
  const open = $("more")?.open;
  fill(
    $("panel-faults"),
    h("h2", {}, "Break things"),
    h("p", { class: "quiet" }, "What TradingView does to the bot from now on."),
    state.switches.featured.map(featured),
    h("button", { type: "button", class: "button", "data-key": "repair", disabled: state.switches.changed === 0, onclick: () => post("repair").catch((error) => notice(error.message, true)) }, "Everything back to normal"),
    h("details", { id: "more", open: open === true }, h("summary", {}, "More switches"), groups.map((group) => [h("h3", {}, group), state.switches.others.filter((each) => each.group === group).map(other)])),
  );
}

// The bot

function drawBot() {
  if (!state.ready) return;
  const box = $("bot-top");
  const names = state.people.map((each) => each.username).filter(Boolean);
  const shortest = names.reduce((one, other) => (other.length < one.length ? other : one));
  const curl = `curl ${state.web}/validate/${shortest}`;
  fill(
    box,
    h("h2", {}, "The bot"),
    h("p", { class: "quiet" }, "A process of its own, the same program that runs on a real server."),
    h("div", { class: "botrow" }, botLine(), botButtons("panel")),
    h("h3", {}, "Its dashboard"),
    h("p", { class: "quiet" }, "The bot's own web pages, in a new tab: the link that /dashboard gives Olivia. Type /dashboard as one of your staff to see what they see."),
    dashboardLink("panel"),
    h("h3", {}, "Ask it from a shop"),
    h("p", { class: "quiet" }, "Paste this into a terminal: does that TradingView name exist?"),
    h("div", { class: "line" }, h("code", { id: "curl" }, curl), h("button", { type: "button", class: "link", "data-key": "copy curl", onclick: () => copy(curl, "the curl line") }, icon("copy"), h("span", { class: "sr" }, "Copy"))),
    h("h3", {}, "From a terminal"),
    h("p", { class: "quiet" }, "Usher's commands work on this bot too, from its folder: export, import, check, backup."),
    terminalLine(state.terminal, "copy terminal"),
    h("h3", {}, "A new TradingView login"),
    h("p", { class: "quiet" }, "For /session update, when the old one has ended."),
    h("button", { type: "button", class: "button", "data-key": "cookies", onclick: () => makeCookies().catch((error) => notice(error.message, true)) }, "Copy new cookies"),
    cookieBox(),
    h("p", { class: "quiet" }, "Or sign in as the vendor, on the page that /session link opens. The code is asked for when the switch for signing in says two-factor."),
    toCopy([["Name", state.vendor.name], ["Password", state.vendor.password], ["Code", state.vendor.code]]),
    h("details", { id: "openinglist" }, h("summary", {}, "How the shop was opened"), tasks()),
    h("h3", {}, "Its log"),
  );
}

function drawLines() {
  if (!state.ready) return;
  const box = $("log");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const had = Number(box.lastElementChild?.dataset.number ?? 0);
  for (const line of state.lines) {
    if (line.number > had) box.append(h("p", { class: line.source === "bot" ? "" : "own", "data-number": line.number }, line.text));
  }
  while (box.children.length > 500) box.firstElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

// The opening

function tasks() {
  return h(
    "ol",
    { class: "tasks" },
    state.opening.tasks.map((task) =>
      h("li", { class: task.state }, h("span", { class: "tick", "aria-hidden": "true" }, task.state === "done" ? icon("check") : task.state === "failed" ? icon("close") : ""), h("div", {}, h("p", {}, task.text, h("span", { class: "sr" }, ` – ${task.state}`)), task.state === "failed" && h("p", { class: "small" }, task.said))),
    ),
  );
}

function drawOpening() {
  if (!state.ready) return;
  const { over, tasks: all, failed } = state.opening;
  const waits = over && inFirstRun();
  $("opening").hidden = over;
  $("firstrun").hidden = !waits;
  $("messages").hidden = !over || waits;
  document.body.classList.toggle("opening", !over || waits);
  if (over) {
    if (failed && !drawOpening.told) notice("Part of the opening failed; the panel Bot says what.", true);
    drawOpening.told = true;
    return;
  }
  drawOpening.told = false;
  const done = all.filter((task) => task.state === "done").length;
  const bar = h("progress", { max: all.length, value: done, "aria-label": "Opening the shop" });
  const how = state.firstRun ? "The bot starts as on its first day: nobody has told it anything." : "Olivia sets the bot up with its own slash commands, as you would on a real server.";
  fill($("opening"), h("div", { class: "sheet" }, h("h2", {}, "Opening the shop"), h("p", { class: "quiet" }, how), bar, tasks()));
  $("opening").querySelector(".working")?.scrollIntoView({ block: "nearest" });
}

export function start() {
  $("panel-bot").append(h("div", { id: "bot-top" }), h("div", { id: "log", role: "log", "aria-label": "The bot's log", tabindex: "0" }));
  state.cookieWatchers = [drawBot];
  on("switches", drawFaults);
  on("bot opening first_run", drawBot);
  on("lines", drawLines);
  on("opening first_run", drawOpening);
}
