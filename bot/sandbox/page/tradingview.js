// TradingView's own list: one person's rows beside the answers, and all 120 people.

import { openChart } from "./chart.js";
import { $, fill, h, icon, notice } from "./dom.js";
import { changed, on, post, state } from "./store.js";
import { look } from "./views.js";
import { clock, day, fromNow, shortDay } from "./when.js";

const CALLS = {
  list: "reads the list",
  add: "adds a row",
  modify: "changes the end",
  remove: "removes the row",
  hint: "looks up a name",
  details: "tests the login",
  profile: "looks at the public page",
};

let search = "";
let filter = "all";

export function standing(row) {
  if (!row) return "none";
  if (row.end === null) return "undated";
  return new Date(row.end) > new Date() ? "running" : "lapsed";
}

const WORDS = { running: "has access", lapsed: "lapsed", undated: "no end date", none: "not on the list" };

function rowOf(person, slug) {
  return person?.rows.find((each) => each.slug === slug);
}

function drawRow(person, script, fresh) {
  const row = rowOf(person, script.slug);
  const how = standing(row);
  let end = WORDS[how];
  if (row?.end) end = `${how === "lapsed" ? "ended" : "until"} ${day(new Date(row.end))}`;
  const detail = row ? [row.end && fromNow(new Date(row.end)), `since ${shortDay(new Date(row.created))}`].filter(Boolean).join(" · ") : "";
  return h(
    "tr",
    { class: fresh ? `${how} fresh` : how },
    h("th", { scope: "row" }, h("span", { class: `dot ${how}`, "aria-hidden": "true" }), script.title),
    h("td", {}, h("span", { class: "end" }, end), detail && h("small", {}, detail)),
  );
}

function lastCalls() {
  const about = state.calls.filter((each) => each.username && each.username.toLowerCase() === state.focus?.toLowerCase()).slice(-3);
  if (!about.length) return h("p", { class: "quiet" }, "The bot has not asked TradingView about this person yet.");
  return h(
    "ol",
    { class: "calls" },
    about.map((call) => {
      const lost = call.status === null;
      const good = !lost && call.status < 400;
      const outcome = lost ? (call.applied ? "written, answer lost" : "no answer") : good && ["add", "modify", "remove"].includes(call.name) && !call.applied ? `${call.status}, nothing changed` : String(call.status);
      return h("li", {}, h("time", {}, clock(new Date(call.at))), h("span", {}, `Bot ${CALLS[call.name] ?? call.name}`), h("span", { class: good ? "outcome" : "outcome bad" }, outcome));
    }),
  );
}

function trouble() {
  const on = state.switches.featured.filter((each) => each.value !== each.off).map((each) => each.title);
  const rest = state.switches.changed - on.length;
  if (rest > 0) on.push(`${rest} more switch${rest > 1 ? "es" : ""} turned`);
  return on.length > 0 && h("p", { class: "trouble-now" }, icon("bolt"), on.join(" · "));
}

// The bot's own next try, which its log tells: after an outage it counts down to it.
let ticking;

function recovery() {
  const { recovery: known } = state;
  if (!known || state.switches.featured.some((each) => each.name === "down" && each.value)) return null;
  const left = Math.ceil((new Date(known.next_try) - Date.now()) / 1000);
  if (left < 0) return null;
  clearTimeout(ticking);
  ticking = setTimeout(drawCard, 1000);
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return h("p", { class: "recovering", role: "timer" }, "TradingView answers again. The bot tries again by itself in ", h("strong", {}, time), ".");
}

let freshName = null;
let freshUntil = 0;

function drawCard(name) {
  if (!state.ready) return;
  if (typeof name === "string") {
    freshName = name;
    freshUntil = Date.now() + 1200;
    setTimeout(drawCard, 1300);
  }
  const person = state.customers.get(state.focus);
  const known = state.people.find((each) => each.username === state.focus);
  const linked = known && `@${known.name} in Discord`;
  const fresh = freshName === state.focus && Date.now() < freshUntil;
  const shows = () => openChart(state.focus).catch((error) => notice(error.message, true));
  fill(
    $("card"),
    h("header", {}, h("h2", {}, "On TradingView"), h("p", { class: "who" }, state.focus, linked && h("small", {}, ` ${linked}`))),
    trouble(),
    recovery(),
    h("table", {}, h("caption", { class: "sr" }, `What TradingView's own list holds for ${state.focus}`), h("tbody", {}, state.scripts.map((script) => drawRow(person, script, fresh)))),
    lastCalls(),
    h("button", { type: "button", class: "link", "data-key": "see chart", onclick: shows }, icon("chart"), "See their invite-only scripts"),
  );
}

// On a small screen, where the card has no room: one line above the message box.
function drawStrip() {
  if (!state.ready) return;
  const rows = state.customers.get(state.focus)?.rows ?? [];
  const said = state.scripts.flatMap((script) => {
    const row = rowOf({ rows }, script.slug);
    if (!row) return [];
    const how = standing(row);
    const end = row.end ? `${how === "lapsed" ? "ended" : "until"} ${shortDay(new Date(row.end))}` : WORDS[how];
    return [h("span", { class: `dot ${how}`, "aria-hidden": "true" }), `${script.title} ${end} `];
  });
  $("strip").replaceChildren(h("strong", {}, state.focus ?? ""), h("span", { class: "rows" }, said.length ? said : "not on TradingView's list"));
  $("strip").setAttribute("aria-label", `${state.focus} on TradingView: ${$("strip").lastChild.textContent}`);
}

// All of them

const FILTERS = [["all", "Everybody"], ["running", "Running"], ["lapsed", "Lapsed"], ["undated", "No end date"], ["none", "Nothing"]];

function fits(person) {
  if (!person.username.toLowerCase().includes(search)) return false;
  if (filter === "all") return true;
  if (filter === "none") return person.rows.length === 0;
  return person.rows.some((row) => standing(row) === filter);
}

function drawPerson(person) {
  const summary = state.scripts.map((script) => `${script.title}: ${WORDS[standing(rowOf(person, script.slug))]}`).join(", ");
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: "customer",
        "aria-pressed": String(person.username === state.focus),
        "aria-label": `${person.username}. ${summary}`,
        "data-key": `customer ${person.username}`,
        onclick: () => {
          state.focus = person.username;
          changed("customers");
          $("aside").scrollTop = 0;
        },
      },
      h("span", { class: "name" }, person.username),
      h("span", { class: "dots" }, state.scripts.map((script) => h("span", { class: `dot ${standing(rowOf(person, script.slug))}` }))),
    ),
  );
}

function drawList() {
  if (!state.ready || $("panel-customers").hidden) return; // hundreds of them: only where they are seen
  const found = [...state.customers.values()].filter(fits).sort((one, other) => one.username.localeCompare(other.username, "en", { sensitivity: "base" }));
  $("found").textContent = `${found.length} of ${state.customers.size} people`;
  fill($("customers"), found.map(drawPerson));
  for (const button of $("filters").children) button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
}

// What everybody can read on somebody's page there: where the bot looks for the code of a proof.

function profileForm() {
  const about = h("input", { type: "text", id: "about", maxlength: "500", autocomplete: "off", spellcheck: "false", "aria-describedby": "about-saved" });
  const saved = h("p", { id: "about-saved", class: "quiet", role: "status" });
  const save = async (event) => {
    event.preventDefault();
    try {
      await post("profile", { username: state.focus, about: about.value });
      saved.textContent = `Saved. Everybody can read it on ${state.focus}'s page.`;
    } catch (error) {
      saved.textContent = error.message;
    }
  };
  return h("form", { id: "profile", class: "field", onsubmit: save }, h("label", { for: "about", id: "about-label" }, "Public page"), about, h("button", { type: "submit", class: "chip" }, "Save"), saved);
}

function drawProfile() {
  const about = $("about");
  if (!state.ready || !about) return;
  $("about-label").textContent = `What ${state.focus}'s public page says`;
  if (about.dataset.of !== state.focus) $("about-saved").textContent = "";
  if (document.activeElement !== about || about.dataset.of !== state.focus) about.value = state.customers.get(state.focus)?.about ?? "";
  about.dataset.of = state.focus;
}

// To try what is done to hundreds: more of them, and lists of them all as files.

function crowd() {
  const more = async () => {
    try {
      await post("crowd");
      notice("500 more people are on TradingView, most of them your customers.");
    } catch (error) {
      notice(error.message, true);
    }
  };
  const file = (name, label) => h("a", { class: "link", href: `examples/${name}`, download: name }, label);
  return h(
    "div",
    { id: "crowd" },
    h("h3", {}, "Hundreds at once"),
    h("p", { class: "quiet" }, "Lists for /bulk or the dashboard, with everybody who is here now: ", file("customers.csv", "customers"), ", ", file("customers-with-mistakes.csv", "the same with mistakes"), "."),
    h("p", { class: "actions" }, h("button", { type: "button", class: "button", "data-key": "crowd", onclick: more }, "Add 500 people")),
  );
}

function frame() {
  const field = h("input", {
    type: "search",
    id: "search",
    placeholder: "Find a TradingView name",
    "aria-label": "Find a TradingView name",
    autocomplete: "off",
    spellcheck: "false",
    oninput: (event) => {
      search = event.target.value.trim().toLowerCase();
      drawList();
    },
  });
  const buttons = FILTERS.map(([name, label]) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "data-filter": name,
        onclick: () => {
          filter = name;
          drawList();
        },
      },
      label,
    ),
  );
  const legend = ["running", "lapsed", "undated", "none"].map((how) => h("span", {}, h("span", { class: `dot ${how}`, "aria-hidden": "true" }), WORDS[how]));
  $("panel-customers").replaceChildren(
    profileForm(),
    crowd(),
    h("div", { class: "searchbox" }, icon("search"), field),
    h("div", { id: "filters", role: "group", "aria-label": "Show" }, buttons),
    h("p", { id: "found", class: "quiet", role: "status" }),
    h("ul", { id: "customers" }),
    h("p", { class: "legend" }, legend, h("span", { class: "quiet" }, "One dot for each of the three scripts.")),
  );
}

export function start() {
  frame();
  on("customers calls switches recovery", drawCard);
  on("customers", drawStrip);
  $("strip").addEventListener("click", () => look("customers"));
  on("customers view", drawList);
  on("customers", drawProfile);
  setInterval(() => document.visibilityState === "visible" && drawCard(), 30000);
}
