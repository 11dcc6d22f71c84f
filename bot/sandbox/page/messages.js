// The messages of a channel, drawn as Discord draws them.

import { attachment } from "./attachments.js";
import { isAuthorize, openAuthorize } from "./authorize.js";
import { $, arrange, avatar, h, icon, notice } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { displayName, markSeen, names, on, post, sees, shown, state } from "./store.js";
import { clock, inWords, isLater, ofId } from "./when.js";

const STYLES = { 1: "primary", 2: "", 3: "good", 4: "bad", 5: "" };
const USERS = 5;
const ROLES = 6;
const CHANNELS = 8;

// What a message is drawn of. An edit touches only what it changed: a menu that is open, a choice that is not
// sent yet, a button that is being pressed and a list that is being read stay as they are.
class Pieces {
  constructor() {
    this.before = new Map();
    this.now = new Map();
  }

  begin() {
    this.before = this.now;
    this.now = new Map();
  }

  // Drawn anew when what it says is another; `key` is unique in the message.
  leaf(key, says, draw) {
    const text = JSON.stringify(says);
    const old = this.before.get(key);
    const kept = old?.text === text && !this.now.has(key) ? old.node : draw();
    this.now.set(key, { text, node: kept });
    return kept;
  }

  // Stays, whatever becomes of its parts.
  box(key, draw, parts) {
    const node = this.before.get(key)?.node ?? draw();
    this.now.set(key, { node });
    arrange(node, parts.filter(Boolean));
    return node;
  }
}

let drawn = new Map();
let atPlace = "";
let stuck = true;

function act(work) {
  work.catch((error) => notice(error.message, true));
}

function press(message, key) {
  act(post("press", { as: state.me, channel: message.channel_id, message: message.id, key }));
}

function button(message, part) {
  const label = [part.emoji?.name, part.label].filter(Boolean).join(" ");
  if (part.style === 5 && isAuthorize(part.url)) return h("button", { type: "button", class: "button", "data-key": part.url, onclick: () => openAuthorize(part.url) }, label);
  if (part.style === 5) return h("a", { class: "button", href: safe(part.url), target: "_blank", rel: "noopener noreferrer" }, label);
  return h(
    "button",
    {
      type: "button",
      class: `button ${STYLES[part.style] ?? ""}`,
      disabled: part.disabled === true,
      "data-key": part.custom_id,
      onclick: () => press(message, part.custom_id),
    },
    label,
  );
}

const safe = (address) => (/^https?:\/\//.test(address ?? "") ? address : "#");

export function choicesFor(part) {
  if (part.type === 3) return part.options.map((each) => [each.value, each.label, each.default === true]);
  const users = state.guild.members.map((each) => [each.user_id, displayName(each.user_id)]);
  const roles = state.guild.roles.filter((each) => each.id !== state.guild.id).map((each) => [each.id, `@${each.name}`]);
  const channels = state.guild.channels.map((each) => [each.id, `#${each.name}`]);
  if (part.type === USERS) return users;
  if (part.type === ROLES) return roles;
  return part.type === CHANNELS ? channels : [...users, ...roles];
}

// Options that say more than their name, such as until when: a list, as a native one shows names only.
function openMenu(message, part) {
  const many = (part.max_values ?? 1) > 1;
  const group = `${message.id} ${part.custom_id}`;
  const rows = part.options.map((each, index) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: many ? "checkbox" : "radio", name: group, value: each.value, checked: each.default === true, disabled: part.disabled === true, "data-key": `${group} ${index}` }),
      h("span", {}, each.label, each.description && h("small", {}, each.description)),
    ),
  );
  const list = h("div", { class: "choices", role: "group", "aria-label": part.placeholder ?? "Choose" }, rows);
  const send = () => choose(message, part, [...list.querySelectorAll("input:checked")].map((each) => each.value));
  return h("div", { class: "menu open" }, h("p", { class: "small" }, part.placeholder ?? "Choose"), list, chooseButton(part, send));
}

function choose(message, part, values) {
  const [least, most] = [part.min_values ?? 1, part.max_values ?? 1];
  if (values.length < least) notice("Choose something first.", true);
  else if (values.length > most) notice(`At most ${most} can be chosen.`, true);
  else act(post("choose", { as: state.me, channel: message.channel_id, message: message.id, key: part.custom_id, values }));
}

const chooseButton = (part, send) => h("button", { type: "button", class: "button", disabled: part.disabled === true, "data-key": `${part.custom_id} go`, onclick: send }, "Choose");

function menu(message, part) {
  if (part.type === 3) return openMenu(message, part);
  const many = (part.max_values ?? 1) > 1;
  const list = h("select", { "aria-label": part.placeholder ?? "Choose", multiple: many, disabled: part.disabled === true, "data-key": part.custom_id });
  if (!many) list.append(h("option", { value: "" }, part.placeholder ?? "Choose…"));
  for (const [value, label, chosen] of choicesFor(part)) list.append(h("option", { value, selected: chosen === true }, label));
  const send = () => choose(message, part, [...list.selectedOptions].map((each) => each.value).filter(Boolean));
  return h("span", { class: "menu" }, list, chooseButton(part, send));
}

const BOXES = { 1: "row", 9: "section", 17: "embed" };

function component(message, part) {
  if (part.type === 2) return button(message, part);
  if ([3, 5, 6, 7, 8].includes(part.type)) return menu(message, part);
  if (part.type === 10) return h("div", { class: "text" }, markdown(part.content, names));
  return part.type === 14 ? h("hr") : null;
}

function components(message, parts, pieces, path) {
  return parts.map((part, index) => {
    const place = `${path} ${index}`;
    const name = BOXES[part.type];
    // Numbered by its place, which says nothing about the part itself.
    if (!name) return pieces.leaf(`part ${part.custom_id ?? place}`, { ...part, id: undefined }, () => component(message, part));
    const inner = part.accessory ? [...part.components, part.accessory] : part.components;
    return pieces.box(`${place} ${name}`, () => h("div", { class: name }), components(message, inner, pieces, place));
  });
}

function embed(one) {
  const fields = (one.fields ?? []).map((field) =>
    h("div", { class: field.inline ? "field inline" : "field" }, h("p", { class: "label" }, inline(field.name, names)), h("div", { class: "text" }, markdown(field.value, names))),
  );
  const box = h(
    "div",
    { class: "embed" },
    one.author?.name && h("p", { class: "small" }, one.author.name),
    one.title && h("p", { class: "title" }, inline(one.title, names)),
    one.description && h("div", { class: "text" }, markdown(one.description, names)),
    fields.length > 0 && h("div", { class: "fields" }, fields),
    one.footer?.text && h("p", { class: "small" }, one.footer.text),
  );
  if (Number.isInteger(one.color)) box.style.borderInlineStartColor = `#${one.color.toString(16).padStart(6, "0")}`;
  return box;
}

function head(author, id, extra) {
  const moment = ofId(id);
  return h(
    "p",
    { class: "head" },
    h("strong", { class: "author" }, author),
    extra,
    h("time", { datetime: moment.toISOString(), title: inWords(moment, "F") }, clock(moment)),
  );
}

function usedLine(used) {
  const who = displayName(used.user.id);
  return h("p", { class: "used" }, avatar(who), h("strong", {}, who), " used ", h("span", { class: "mention" }, `/${used.name}`));
}

function thinking() {
  return h("p", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), `${botName()} is thinking…`);
}

const botName = () => [...state.users.values()].find((each) => each.bot)?.name ?? "The bot";

function drawText(message) {
  if (message.loading) return thinking();
  const edited = message.edited_at && !message.ephemeral;
  return h("div", { class: "text" }, markdown(message.content ?? "", names), edited && h("span", { class: "edited", title: inWords(new Date(message.edited_at), "F") }, "(edited)"));
}

function drawOnly(message) {
  const dismiss = () => act(post("dismiss", { as: state.me, channel: message.channel_id, message: message.id }));
  return h("p", { class: "only" }, icon("lock"), "Only you can see this", h("button", { type: "button", class: "link", "data-key": `dismiss ${message.id}`, onclick: dismiss }, "Dismiss message"));
}

function drawMessage(message, pieces) {
  const who = message.author.bot ? message.author.name : displayName(message.author.id);
  pieces.begin();
  const body = pieces.box("body", () => h("div", { class: "body" }), [
    pieces.leaf("head", who, () => head(who, message.id, message.author.bot && h("span", { class: "tag" }, "APP"))),
    pieces.leaf("text", [message.loading, message.content, message.edited_at, message.ephemeral], () => drawText(message)),
    ...message.embeds.map((each, index) => pieces.leaf(`embed ${index}`, each, () => embed(each))),
    ...(message.attachments ?? []).map((each) => pieces.leaf(`file ${each.id}`, each, () => attachment(each))),
    ...components(message, message.components, pieces, "part"),
    message.ephemeral && pieces.leaf("only", "", () => drawOnly(message)),
  ]);
  const frame = () => h("article", { class: message.ephemeral ? "message private" : "message", "data-id": message.id });
  return pieces.box("article", frame, [
    message.interaction && pieces.leaf("used", message.interaction, () => usedLine(message.interaction)),
    pieces.leaf("avatar", who, () => avatar(who, message.author)),
    body,
  ]);
}

function drawNote(one) {
  const failed = Boolean(one.reason);
  const what = one.command ? `/${one.command}` : "a button";
  return h(
    "article",
    { class: `message private ${failed ? "failed" : ""}`, "data-id": one.id },
    h("p", { class: "used" }, avatar(displayName(one.user_id)), h("strong", {}, displayName(one.user_id)), " used ", h("span", { class: "mention" }, what)),
    avatar("", { bot: true }),
    h(
      "div",
      { class: "body" },
      head(botName(), one.id, h("span", { class: "tag" }, "APP")),
      failed ? h("p", { class: "failure" }, one.reason) : thinking(),
      failed && h("p", { class: "only" }, icon("lock"), "Only you can see this"),
    ),
  );
}

// One entry for each thing to show: its id, what it depends on, and how to draw it.
function entries(channel) {
  const found = [...(channel?.messages.values() ?? [])]
    .filter((message) => sees(message, state.me))
    .map((message) => ({
      id: message.id,
      key: JSON.stringify(message),
      mine: message.ephemeral || message.author.id === state.me,
      waits: Boolean(message.loading),
      draw: (pieces) => drawMessage(message, pieces),
    }));
  const notes = [...state.failed, ...state.sending.values()].filter((one) => one.user_id === state.me && one.channel_id === channel?.id && (one.reason || one.kind === "command"));
  for (const one of notes) found.push({ id: one.id, key: one.reason ?? "sending", mine: true, waits: !one.reason, draw: () => drawNote(one) });
  return found.sort((one, other) => (one.id === other.id ? 0 : isLater(one.id, other.id) ? 1 : -1));
}

function empty(channel) {
  const text = channel?.guild
    ? "Nothing here yet. Type / in the box below to see the bot's commands."
    : "No direct messages yet. The bot writes here when it has something to tell, and you can write to it.";
  return h("p", { class: "empty" }, text);
}

function draw() {
  if (!state.ready) return;
  const box = $("messages");
  const channel = shown();
  const here = `${state.me}:${channel?.id ?? "dm"}`;
  const atEnd = here !== atPlace || box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  if (here !== atPlace) drawn = new Map();
  const found = entries(channel);
  // What one asked oneself is shown, wherever one was reading.
  const asked = found.length > 0 && found.at(-1).mine && !drawn.has(found.at(-1).id);
  const next = new Map();
  let fresh = here !== atPlace;
  for (const { id, key, waits, draw: make } of found) {
    const before = drawn.get(id);
    const active = document.activeElement;
    const focused = before?.node.contains(active) && active.dataset.key;
    const pieces = before?.pieces ?? new Pieces();
    const node = before?.key === key ? before.node : make(pieces);
    if (focused && document.activeElement !== active) queueMicrotask(() => (node.querySelector(`[data-key="${CSS.escape(focused)}"]`) ?? $("say")).focus());
    fresh ||= !before || (before.waits && !waits);
    next.set(id, { key, node, pieces, waits });
  }
  drawn = next;
  arrange(box, next.size ? [...next.values()].map((each) => each.node) : [empty(channel)]);
  atPlace = here;
  if (asked || (atEnd && fresh)) toLast();
  else if (atEnd) toEnd();
  if (document.visibilityState === "visible") markSeen();
}

// To the end; but of an answer that is longer than the view, its beginning is read first.
function toLast() {
  toEnd();
  const box = $("messages");
  const last = box.lastElementChild;
  if (last && last.offsetHeight > box.clientHeight) last.scrollIntoView({ block: "start" });
}

function toEnd() {
  $("messages").scrollTop = $("messages").scrollHeight;
}

export function start() {
  on("messages place", draw);
  const box = $("messages");
  box.addEventListener("scroll", () => {
    stuck = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  });
  // A keyboard that opens, or a message box that grows, must not hide the last message.
  new ResizeObserver(() => stuck && toLast()).observe(box);
}

