// Who one is, where one is, and how the bot is.

import { $, avatar, fill, h, icon, notice } from "./dom.js";
import { changed, displayName, dmOf, inFirstRun, member, on, placesOf, post, shown, state, unread } from "./store.js";

const PARTS = [["owner", "Owner"], ["moderator", "Moderators"], ["buyer", "Buyers"]];
const BOT = {
  off: ["Stopped", "off"],
  starting: ["Starting…", "busy"],
  running: ["Running", "on"],
  stopping: ["Ending…", "busy"],
};

export function be(person) {
  state.me = person;
  if (state.place !== "dm" && !placesOf(person).some((each) => each.id === state.place)) state.place = placesOf(person)[0]?.id ?? "dm";
  changed("place");
}

function go(place) {
  state.place = place;
  closeDrawer();
  changed("place");
  $("say").focus();
}

const badge = (count, what) => count > 0 && h("span", { class: "badge" }, String(count), h("span", { class: "sr" }, ` new ${what}`));

function personal(person) {
  const dm = dmOf(person);
  return dm ? unread(person, dm, true) : 0;
}

function about(person) {
  if (state.guild.members.some((each) => each.user_id === person.id)) return person.about;
  return state.guild.banned.includes(person.id) ? "is banned" : "has left the server";
}

function drawPeople() {
  if (!state.ready) return;
  const groups = PARTS.map(([part, title]) =>
    h(
      "div",
      { class: "group" },
      h("p", { class: "part" }, title),
      state.people
        .filter((each) => each.part === part)
        .map((each) =>
          h(
            "label",
            { class: each.id === state.me ? "person current" : "person", title: about(each) },
            h("input", {
              type: "radio",
              name: "me",
              value: each.id,
              checked: each.id === state.me,
              "data-key": `me ${each.id}`,
              onchange: () => be(each.id),
            }),
            avatar(each.name),
            h("span", { class: "name" }, each.name, h("small", {}, about(each))),
            badge(personal(each.id), "messages"),
          ),
        ),
    ),
  );
  fill($("people"), h("fieldset", {}, h("legend", {}, "You are"), groups));
}

function placeButton(id, sign, name, count) {
  const current = state.place === id;
  return h(
    "button",
    { type: "button", class: "place", "aria-current": current ? "page" : undefined, "data-key": `place ${id}`, onclick: () => go(id) },
    icon(sign),
    h("span", { class: "name" }, name),
    !current && badge(count, "messages"),
  );
}

function drawChannels() {
  if (!state.ready) return;
  const dm = dmOf(state.me);
  fill(
    $("channels"),
    placesOf(state.me).length > 0 && h("p", { class: "part" }, "Channels"),
    placesOf(state.me).map((each) => placeButton(each.id, each.public ? "hash" : "lock", each.name, 0)),
    h("p", { class: "part" }, "Direct messages"),
    placeButton("dm", "mail", "Usher", dm ? unread(state.me, dm) : 0),
  );
}

export async function drive(what) {
  try {
    await post("bot", { do: what });
  } catch (error) {
    notice(error.message, true);
  }
}

export function botButtons(where) {
  const { state: now } = state.bot;
  const kill = h("button", { type: "button", class: "button bad", "data-key": `${where} kill`, disabled: !state.opening.over || now === "off" || now === "stopping", onclick: () => drive("kill") }, "Kill the bot");
  const start = h("button", { type: "button", class: "button primary", "data-key": `${where} start`, onclick: () => drive("start") }, "Start");
  return now === "off" ? start : kill;
}

// A link, so that no browser takes the new tab for a pop-up; the sandbox asks the bot, and leads on.
export function dashboardLink(where) {
  const label = "Open the dashboard";
  const key = `${where} dashboard`;
  if (state.bot.state !== "running" || !state.opening.over || inFirstRun()) return h("button", { type: "button", class: "button", disabled: true, "data-key": key }, label);
  return h("a", { class: "button", href: "dashboard", target: "_blank", rel: "noopener noreferrer", "data-key": key }, label);
}

export function botLine() {
  const { state: now, killed, exit_code: code, starts } = state.bot;
  const [text, light] = now === "starting" && state.opening.over && inFirstRun() ? ["Waits for you", "busy"] : BOT[now];
  const ended = now === "off" && starts > 0 ? (killed ? "Killed" : `Ended (exit code ${code})`) : text;
  return h("p", { class: "botline" }, h("span", { class: `light ${light}`, "aria-hidden": "true" }), h("strong", {}, ended));
}

function drawBot() {
  const button = botButtons("side");
  // Kill and Start take each other's place: the focus goes along.
  const had = $("botcard").contains(document.activeElement);
  $("botcard").replaceChildren(h("p", { class: "part" }, "The bot"), botLine(), button);
  if (had) button.focus();
  fill($("placelink"), dashboardLink("place"));
}

function drawPlace() {
  if (!state.ready) return;
  const channel = shown();
  const title = channel?.guild ? channel.name : "Usher";
  const me = member(state.me);
  const others = state.people.reduce((sum, each) => sum + (each.id === state.me ? 0 : personal(each.id)), 0);
  $("placename").replaceChildren(icon(channel?.guild ? (channel.public ? "hash" : "lock") : "mail"), title);
  $("placeabout").textContent = channel?.guild ? (channel.public ? `${state.guild.name}, everyone reads along` : "for the owner, the moderators and the bot") : `between ${me.name} and the bot`;
  $("who").replaceChildren(...[avatar(me.name), h("span", {}, me.name), badge(others, "messages for others"), icon("menu")].filter(Boolean));
  $("who").setAttribute("aria-label", `You are ${me.name}. Change person or channel`);
  document.title = `${channel?.guild ? `#${title}` : title} as ${displayName(state.me)} – Usher sandbox`;
}

function closeDrawer() {
  document.body.classList.remove("drawer");
  $("who").setAttribute("aria-expanded", "false");
}

export function start() {
  on("place unread people", drawPeople);
  on("place unread", drawChannels);
  on("place unread", drawPlace);
  on("bot opening first_run", drawBot);
  $("who").addEventListener("click", () => {
    const open = document.body.classList.toggle("drawer");
    $("who").setAttribute("aria-expanded", String(open));
    if (open) $("people").querySelector("input:checked")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("drawer")) return;
    closeDrawer();
    $("who").focus();
  });
  $("chat").addEventListener("pointerdown", (event) => !$("who").contains(event.target) && closeDrawer());
}
