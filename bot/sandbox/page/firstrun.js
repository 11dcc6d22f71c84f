// Before the bot is in the server: its terminal, the pretend developer portal, and Discord's invite page.

import { FIRST_RIGHTS, authorize, rightsList } from "./authorize.js";
import { prepare } from "./composer.js";
import { $, copy, fill, h, icon, notice } from "./dom.js";
import { drive } from "./side.js";
import { inFirstRun, on, post, state } from "./store.js";

let waited = false; // whether somebody saw this page before the bot was there
let drawn = null; // what was known when it was drawn last

function step(number, title, done, ...content) {
  const mark = h("span", { class: "number", "aria-hidden": "true" }, done ? icon("check") : String(number));
  const head = h("h3", {}, title, done && h("span", { class: "sr" }, " (done)"));
  return h("li", { class: done ? "firststep done" : "firststep" }, mark, h("div", {}, head, content));
}

function terminal() {
  const { link, knows_token: known } = state.firstRun;
  if (!link) {
    const text = state.bot.state === "off" ? "The bot is not running. Started again, it prints a new link; what it was told is kept." : "Starting…";
    return [h("p", {}, text), state.bot.state === "off" && h("button", { type: "button", class: "button primary", "data-key": "firstrun start", onclick: () => drive("start") }, "Start the bot")];
  }
  return [
    h("p", {}, "The bot was started with one line, and printed a link:"),
    h("pre", { class: "terminal" }, h("span", { class: "prompt" }, "$ "), "usher run\n", h("span", { id: "firstlink" }, link)),
    h("a", { class: known ? "button" : "button primary", href: link, target: "_blank", rel: "noopener noreferrer", "data-key": "firstrun link" }, "Open the link"),
    h("p", { class: "quiet" }, "It opens the bot's own page, in a new tab. A link works once; opened once more, the bot prints a new one, and this button leads there."),
  ];
}

async function turnIntent(event) {
  await post("server", { do: "intent", on: event.target.checked }).catch((error) => notice(error.message, true));
}

function portal() {
  const { token } = state.firstRun;
  return [
    h("p", {}, "There you would make the bot, and press Reset Token. Here it is made: copy its token, and give it to the bot's page."),
    h("div", { class: "line" }, h("code", { id: "firsttoken" }, token), h("button", { type: "button", class: "link", "data-key": "copy token", onclick: () => copy(token, "the bot's token") }, icon("copy"), " Copy")),
    h(
      "div",
      { class: "setting" },
      h("label", { for: "firstintent" }, "Server Members Intent", h("small", {}, " tells the bot at once who joins, leaves, or gains a role; it works without")),
      h("input", { type: "checkbox", id: "firstintent", checked: state.bot.members_allowed, "data-key": "firstintent", onchange: turnIntent }),
    ),
  ];
}

function invite() {
  const { has_bot: isIn, knows_token: known } = state.firstRun;
  const name = state.guild.name;
  if (isIn) return [h("p", { role: "status" }, `It is in ${name}. In a few seconds it is connected, and Discord opens here.`)];
  return [
    h("p", {}, `The bot's page shows an invite link, and waits. This stands for the page behind it: Usher asks to join ${name}, and to have three rights.`),
    rightsList(FIRST_RIGHTS),
    h("button", { type: "button", class: known ? "button primary" : "button", disabled: !known, "data-key": "firstrun invite", onclick: () => authorize(FIRST_RIGHTS) }, `Add the bot to ${name}`),
    !known && h("p", { class: "quiet" }, "As soon as the bot's page knows the token."),
  ];
}

function draw() {
  if (!state.ready || !state.opening.over) return;
  if (!inFirstRun()) {
    if (waited) prepare(state.me, "setup show", {});
    waited = false;
    return;
  }
  waited = true;
  const { has_bot: isIn, knows_token: known } = state.firstRun;
  fill(
    $("firstrun"),
    h(
      "div",
      { class: "sheet" },
      h("h2", {}, "From nothing to a bot in your server"),
      h("p", { class: "quiet" }, "The bot was started, and knows nothing: no token, no server. Its own page leads through it; what else there would be is here."),
      h("ol", { class: "firststeps" }, step(1, "The bot's terminal", known && state.firstRun.link, terminal()), step(2, "Discord's developer portal", known, portal()), step(3, "Discord's page of the invite", isIn, invite())),
    ),
  );
  if (known && drawn === false) $("firstrun").querySelector("[data-key='firstrun invite']")?.scrollIntoView({ block: "nearest" });
  drawn = known;
}

export function start() {
  on("first_run opening bot guild", draw);
}
