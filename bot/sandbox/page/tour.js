// The tour: steps that tick themselves off, and the way to the other shop.

import { openChart } from "./chart.js";
import { prepare } from "./composer.js";
import { $, copy, fill, h, icon, notice } from "./dom.js";
import { be, drive } from "./side.js";
import { changed, member, on, post, state } from "./store.js";
import { look } from "./views.js";

const attempt = (work) => work.catch((error) => notice(error.message, true));

const SHOPS = {
  new: ["From nothing", "Starts the bot without a token and without a server, as usher run does for the first time."],
  empty: ["A first day", "Opens an empty shop, for a vendor's first day: set up, find your scripts, take over the customers."],
  sale: ["A sale", "Opens a shop that runs, with a payment provider: a sale comes in while the login is dead."],
  role: ["A paid role", "Opens a shop where a payment bot gives a role to whoever has paid: from there to the buyer's chart."],
  hundreds: ["Hundreds at once", "Opens a shop that runs, with something to do for all its customers at once."],
  move: ["Change of shop", "Opens a shop that runs, whose customers paid at another one until now."],
  busy: ["A bad day", "Opens a shop that runs, on the day when everything goes wrong."],
};
let asked = null;

export async function workingCookies() {
  state.cookies = await post("cookies", { do: "keep" });
  drawCookies();
  return state.cookies;
}

export async function makeCookies() {
  state.cookies = await post("cookies");
  drawCookies();
  await copy(`sessionid: ${state.cookies.sessionid}\nsessionid_sign: ${state.cookies.sessionid_sign}`, "both cookies");
}

export function cookieBox() {
  return state.cookies ? toCopy(["sessionid", "sessionid_sign"].map((name) => [name, state.cookies[name]])) : null;
}

export function toCopy(pairs) {
  return h(
    "dl",
    { class: "cookies" },
    pairs.map(([name, value]) => [
      h("dt", {}, name),
      h("dd", {}, h("code", {}, value), h("button", { type: "button", class: "link", "data-key": `copy ${name}`, onclick: () => copy(value, name) }, icon("copy"), h("span", { class: "sr" }, `Copy ${name}`))),
    ]),
  );
}

function drawCookies() {
  draw();
  state.cookieWatchers?.forEach((each) => each());
}

async function act(action) {
  if (action.kind === "switch") return post("switch", { name: action.name, value: action.value });
  if (action.kind === "kill" || action.kind === "start") return drive(action.kind);
  if (action.kind === "cookies") return makeCookies();
  if (action.kind === "chart") return openChart(action.username);
  if (action.kind === "server") return happen(action.body);
  if (action.kind === "sale") return post("sale", action.body);
  if (action.kind === "later") return later();
  look("chat");
  if (action.kind === "read") return readAs(action.as);
  if (action.kind === "channel") return readThere(action.as, action.channel);
  return prepare(action.as, action.command, action.options);
}

export async function later() {
  const { ended } = await post("later");
  notice(ended ? "15 minutes are over: no answer so far can be changed any more." : "There is no answer now that could be changed.");
}

// Whoever it happens to is shown beside the chat.
async function happen(body) {
  await post("server", body);
  state.focus = member(body.member)?.username ?? state.focus;
  changed("customers");
}

function readThere(person, channel) {
  state.place = channel;
  be(person);
  $("say").focus();
}

function readAs(person) {
  state.place = "dm";
  be(person);
  $("say").focus();
}

function drawGoal(goal) {
  const count = goal.of > 1 ? h("span", { class: "count" }, `${goal.reached} of ${goal.of}`) : null;
  return h("li", { class: goal.done ? "goal done" : "goal" }, h("span", { class: "tick", "aria-hidden": "true" }, goal.done && icon("check")), h("span", {}, goal.text, goal.done && h("span", { class: "sr" }, " – reached")), count);
}

function drawStep(step, index) {
  const { current } = state.tour;
  const done = index < current;
  const open = index === current;
  const mark = done && !step.skipped ? icon("check") : String(index + 1);
  return h(
    "li",
    { class: `step ${done ? "done" : ""} ${open ? "open" : ""} ${step.skipped ? "skipped" : ""}`, "aria-current": open ? "step" : undefined },
    h("span", { class: "number", "aria-hidden": "true" }, mark),
    h("div", {}, h("h3", {}, step.title, done && h("span", { class: "sr" }, step.skipped ? " (skipped)" : " (done)")), open && openStep(step, index)),
  );
}

function openStep(step, index) {
  return [
    h("p", {}, step.text),
    step.aside && h("p", { class: "stepaside" }, step.aside),
    h("ul", { class: "goals" }, step.goals.map(drawGoal)),
    h(
      "div",
      { class: "actions" },
      step.actions.map((action, number) => drawAction(action, `action ${index} ${number}`)),
    ),
    step.actions.some((action) => action.kind === "cookies") && cookieBox(),
    h("button", { type: "button", class: "link skipstep", "data-key": "skip step", onclick: () => attempt(post("tour", { do: "skip" })) }, "Skip this step"),
  ];
}

function drawAction(action, key) {
  if (action.kind === "terminal") return h("div", { class: "typed" }, h("p", { class: "small" }, action.label), terminalLine(action.line, key));
  if (action.kind === "file") return h("a", { class: "button", href: `examples/${action.name}`, download: action.name, "data-key": key }, action.label);
  return h("button", { type: "button", class: "button", "data-key": key, onclick: () => attempt(act(action)) }, action.label);
}

// What is typed outside of the page; the line is long, so it is copied.
export function terminalLine(line, key) {
  return h("p", { class: "line" }, h("code", { tabindex: "0" }, line), h("button", { type: "button", class: "link", "data-key": key, onclick: () => copy(line, "the line") }, icon("copy"), h("span", { class: "sr" }, "Copy the line")));
}

function finished() {
  const { ending, shop, takes_new_shop } = state.tour;
  return h(
    "div",
    { class: "finished" },
    h("span", { class: "seal", "aria-hidden": "true" }, icon("check")),
    h("h3", {}, "That was the tour"),
    h("p", {}, ending),
    h("button", { type: "button", class: "button", "data-key": "again", onclick: () => (takes_new_shop ? ask(shop) : attempt(post("tour", { do: "restart" }))) }, "Take it again"),
    asked === shop && question(),
  );
}

function ask(value) {
  asked = value;
  draw();
}

// A shop at a time; opening another one closes this one, so it asks.
function question() {
  const [title, text] = SHOPS[asked];
  const open = () => attempt(post("open", { shop: asked }));
  return h(
    "div",
    { class: "otherquestion", role: "group", "aria-label": title },
    h("p", {}, `${text} What you did in this one is forgotten.`),
    h("div", { class: "actions" }, h("button", { type: "button", class: "button primary", "data-key": "open other", onclick: open }, "Open it"), h("button", { type: "button", class: "button", "data-key": "stay", onclick: () => ask(null) }, "Stay here")),
  );
}

function shops() {
  const { shop } = state.tour;
  const button = ([kind, [title]]) =>
    h("button", { type: "button", class: "chip", "aria-pressed": String(kind === shop), "data-key": `shop ${kind}`, onclick: () => ask(kind === shop ? null : kind) }, title);
  return [h("div", { class: "shops", role: "group", "aria-label": "Which shop" }, Object.entries(SHOPS).map(button)), asked && asked !== shop && question()];
}

function draw() {
  if (!state.ready) return;
  const { title, steps, current, done } = state.tour;
  const reached = Math.min(current, steps.length);
  fill(
    $("panel-tour"),
    shops(),
    h("header", { class: "tourhead" }, h("h2", {}, title), h("p", { class: "quiet", role: "status" }, done ? "All of them are done." : `Step ${reached + 1} of ${steps.length}`)),
    done && finished(),
    h("ol", { class: "steps" }, steps.map(drawStep)),
  );
}

export function start() {
  on("tour", draw);
}
