// The message box: plain text, or a slash command whose options are filled in one by one.

import { $, avatar, h, notice } from "./dom.js";
import { makeFileField } from "./files.js";
import * as picker from "./picker.js";
import { changed, displayName, get, inFirstRun, on, placesOf, post, shown, state } from "./store.js";
import { look } from "./views.js";

const [SUB, GROUP, STRING, , BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, , FILE] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const say = () => $("say");

let commands = [];
let chosen = null;
let fields = [];
let last = null;
let asking = 0;
let loadedFor = "";

// Which commands there are

function leaves(part, path) {
  const inner = (part.options ?? []).filter((each) => each.type === SUB || each.type === GROUP);
  if (!inner.length) return [{ path, description: part.description, options: part.options ?? [] }];
  return inner.flatMap((each) => leaves(each, `${path} ${each.name}`));
}

async function loadCommands() {
  const channel = shown();
  const key = `${state.me}:${channel?.id}`;
  if (!channel) {
    commands = [];
    return;
  }
  try {
    const answer = await get(`commands?as=${state.me}&channel=${channel.id}`);
    if (key !== `${state.me}:${shown()?.id}`) return;
    commands = answer.commands.filter((each) => each.type === 1).flatMap((each) => leaves(each, each.name));
    commands.sort((one, other) => one.path.localeCompare(other.path));
    loadedFor = key;
  } catch {
    commands = [];
  }
  if (document.activeElement === say() && say().value.startsWith("/") && !chosen) offerCommands();
}

function offerCommands() {
  const text = say().value;
  if (!text.startsWith("/")) return picker.hide();
  const query = text.slice(1).toLowerCase().trimStart();
  const exact = commands.find((each) => query === `${each.path} `);
  if (exact) return choose(exact);
  const words = query.split(/\s+/).filter(Boolean);
  const fitting = commands.filter((each) => words.every((word) => each.path.includes(word)));
  fitting.sort((one, other) => other.path.startsWith(words[0] ?? "") - one.path.startsWith(words[0] ?? ""));
  const items = fitting.map((each) => ({ label: `/${each.path}`, detail: each.description, command: each }));
  const who = displayName(state.me);
  const onchoose = (item) => choose(item.command);
  onchoose.tab = true;
  let empty = commands.length ? "No command fits." : `${who} sees no commands yet: the bot registers them when it starts.`;
  if (!shown()?.guild) empty = "The bot's commands work in the server's channels.";
  picker.show(say(), items, { title: `Commands that ${who} sees`, first: 0, empty, onchoose });
  return undefined;
}

// A chosen command and its fields

function choose(command, values = {}, prepared = false) {
  chosen = command;
  picker.hide();
  trouble("");
  fields = command.options.map((option) => makeField(option, values[option.name]));
  const name = h("span", { class: "chip", tabindex: "-1", onkeydown: keyOnName }, `/${command.path}`);
  const cancel = h("button", { type: "button", class: "cancel", "aria-label": `Do not use /${command.path}`, onclick: () => leave(true) }, "×");
  $("command").replaceChildren(h("span", { class: "chips" }, name, cancel), ...fields.map((field) => field.box));
  $("command").hidden = false;
  $("bar").classList.add("commanding");
  say().hidden = true;
  say().value = "";
  const next = fields.find((field) => isMissing(field)) ?? (prepared ? null : fields[0]);
  $("bar").scrollTop = 0;
  if (next) next.input.focus({ preventScroll: true });
  else if (prepared) $("send").focus();
  else name.focus(); // no button: the space that ended the command's name would press it
}

function leave(refocus) {
  chosen = null;
  fields = [];
  picker.hide();
  $("command").hidden = true;
  $("command").replaceChildren();
  $("bar").classList.remove("commanding");
  say().hidden = false;
  if (refocus) say().focus();
}

function makeField(option, value) {
  if (option.type !== FILE) return makeTextField(option, value);
  return makeFileField(option, value, { command: chosen.path, trouble, ready: () => $("send").focus() });
}

function makeTextField(option, value) {
  const id = `option-${option.name}`;
  const input = h("input", {
    id,
    type: "text",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "pickerlist",
    "aria-autocomplete": "list",
    "aria-required": option.required === true ? "true" : undefined,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: option.required ? "" : "optional",
    maxlength: 6000,
  });
  const box = h("div", { class: option.required ? "option" : "option extra" }, h("label", { for: id }, option.name), input);
  const field = { option, input, box, value: null };
  if (value !== undefined) {
    const known = entities(option.type).find((each) => each.value === value);
    field.value = known ? value : null;
    input.value = known ? known.label : value;
  }
  size(field);
  input.addEventListener("focus", () => offer(field));
  input.addEventListener("input", () => {
    field.value = null;
    box.classList.remove("wrong");
    size(field);
    offer(field);
  });
  input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && document.activeElement?.closest("#command") === null && picker.hide(), 0));
  input.addEventListener("keydown", (event) => keyInField(event, field));
  return field;
}

function size(field) {
  field.input.size = Math.min(Math.max(field.input.value.length + 1, 9), 34);
}

const isEntity = (type) => [USER, CHANNEL, ROLE, MENTIONABLE].includes(type);
const isMissing = (field) => (field.option.required && !field.value && !field.input.value.trim()) || (isEntity(field.option.type) && field.input.value.trim() && !field.value);

function entities(type) {
  const users = state.guild.members.map((each) => {
    const person = state.people.find((one) => one.id === each.user_id);
    return { value: each.user_id, label: `@${displayName(each.user_id)}`, detail: person?.username ?? "", icon: avatar(displayName(each.user_id), { bot: state.users.get(each.user_id)?.bot }) };
  });
  const roles = state.guild.roles.map((each) => ({ value: each.id, label: `@${each.name.replace(/^@/, "")}`, detail: "role" }));
  const channels = placesOf(state.me).map((each) => ({ value: each.id, label: `#${each.name}`, detail: each.public ? "" : "private" }));
  if (type === USER) return users;
  if (type === ROLE) return roles;
  if (type === CHANNEL) return channels;
  return type === MENTIONABLE ? [...users, ...roles] : [];
}

// Suggestions

async function offer(field) {
  const { option, input } = field;
  const title = `${option.name}: ${option.description}`;
  const onchoose = (item) => take(field, item);
  const typed = input.value.trim().toLowerCase();
  let items = [];
  asking += 1;
  if (isEntity(option.type)) items = entities(option.type);
  else if (option.type === BOOLEAN) items = [{ label: "True", value: "true" }, { label: "False", value: "false" }];
  else if (option.choices) items = option.choices.map((each) => ({ label: each.name, value: String(each.value) }));
  else if (option.autocomplete) return suggest(field, title, onchoose);
  const id = /^(?:<@!?)?(\d{17,20})>?$/.exec(typed)?.[1];
  if (option.type === USER && id && !items.some((each) => each.value === id)) items = [{ value: id, label: typed, detail: "somebody who is not here (any more)" }, ...items];
  items = items.filter((each) => field.value || `${each.label} ${each.detail ?? ""}`.toLowerCase().includes(typed));
  const first = items.length && (typed || option.required) && !field.value ? 0 : -1;
  picker.show(input, items, { title, first, empty: typed && items.length === 0 && isEntity(option.type) ? "Nobody and nothing here is called that." : "", onchoose });
  return undefined;
}

async function suggest(field, title, onchoose) {
  const { option, input } = field;
  const number = asking;
  picker.show(input, [], { title, onchoose });
  await new Promise((resolve) => setTimeout(resolve, 90));
  if (number !== asking) return;
  let choices = [];
  try {
    ({ choices } = await post("complete", { as: state.me, channel: shown().id, command: chosen.path, option: option.name, options: collected() }));
  } catch {
    choices = [];
  }
  if (number !== asking || document.activeElement !== input) return;
  const typed = input.value.trim().toLowerCase();
  const items = choices.map((each) => ({ label: each.name, detail: String(each.value) === each.name || each.name.startsWith(`${each.value} `) ? "" : String(each.value), value: String(each.value) }));
  // What was typed freely is kept, unless a suggestion goes on from it.
  const goesOn = items.length > 0 && `${items[0].value} ${items[0].label}`.toLowerCase().includes(typed);
  const settled = items.some((each) => each.value.toLowerCase() === typed);
  const first = goesOn && !settled && (typed || option.required) ? 0 : -1;
  picker.show(input, items, { title, first, onchoose });
}

function take(field, item) {
  const entity = isEntity(field.option.type);
  field.value = entity ? item.value : null;
  field.input.value = entity || field.option.choices ? item.label : item.value;
  field.box.classList.remove("wrong");
  size(field);
  picker.hide();
  const after = fields.slice(fields.indexOf(field) + 1);
  const next = fields.find((each) => isMissing(each)) ?? after.find((each) => !each.input.value);
  if (next && isMissing(next)) next.input.focus();
  else field.input.focus();
  if (document.activeElement === field.input) picker.hide();
}

function collected() {
  return Object.fromEntries(fields.map((field) => [field.option.name, field.value ?? field.input.value.trim()]));
}

// Keys

function keyInField(event, field) {
  if (picker.key(event)) return;
  if (event.key === "Escape") {
    event.preventDefault();
    if (picker.isOpen()) picker.hide();
    else leave(true);
  } else if (event.key === "Backspace" && !field.input.value && field === fields[0]) {
    event.preventDefault();
    leave(true);
  }
}

function keyOnName(event) {
  if (event.key === "Enter") $("composer").requestSubmit();
  else if (event.key === "Escape" || event.key === "Backspace") leave(true);
  else return;
  event.preventDefault();
}

// A command typed to its end that asks for nothing more is sent with one Enter.
function typedWhole(event) {
  if (event.key !== "Enter") return null;
  const typed = say().value.toLowerCase().trim();
  const command = commands.find((each) => typed === `/${each.path}`);
  return command?.options.some((option) => option.required) ? null : command;
}

// A slash typed anywhere else on the page begins a command.
function keyAnywhere(event) {
  const place = event.target;
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (place.matches?.("input:not([type=radio], [type=checkbox]), textarea, select") || $("form").open || say().disabled) return;
  event.preventDefault();
  look("chat");
  leave(false);
  say().focus();
  say().value = "/";
  offerCommands();
}

function keyInBox(event) {
  const whole = typedWhole(event);
  if (whole) {
    event.preventDefault();
    choose(whole);
    $("composer").requestSubmit();
    return;
  }
  if (picker.key(event)) return;
  if (event.key === "Escape") {
    picker.hide();
    trouble("");
  } else if (event.key === "ArrowUp" && !say().value && last) {
    event.preventDefault();
    const command = commands.find((each) => each.path === last.path);
    if (command) choose(command, last.values, true);
  }
}

// Sending

function trouble(text) {
  $("trouble").textContent = text;
}

async function send(event) {
  event.preventDefault();
  const channel = shown();
  if (chosen) return sendCommand(channel);
  const text = say().value.trim();
  if (!text) return undefined;
  if (text.startsWith("/") && channel?.guild) return trouble("Pick a command from the list, or write without the slash.");
  try {
    await post("say", { as: state.me, channel: channel?.id ?? "dm", text });
    say().value = "";
    trouble("");
  } catch (error) {
    trouble(error.message);
  }
  return undefined;
}

async function sendCommand(channel) {
  const missing = fields.filter((field) => isMissing(field));
  for (const field of fields) field.box.classList.toggle("wrong", missing.includes(field));
  if (missing.length) {
    missing[0].input.focus();
    const pick = isEntity(missing[0].option.type);
    return trouble(pick ? `Pick ${missing[0].option.name} from the list.` : `Fill in ${missing.map((field) => field.option.name).join(" and ")} first.`);
  }
  const sent = { path: chosen.path, values: collected() };
  try {
    await post("run", { as: state.me, channel: channel.id, command: chosen.path, options: sent.values });
    last = sent;
    trouble("");
    leave(true);
  } catch (error) {
    trouble(error.message);
  }
  return undefined;
}

// Fill in a command as somebody, ready to be sent: what the tour offers.
export async function prepare(person, path, values) {
  state.me = person;
  if (!shown()?.guild || !shown().seenBy.includes(person)) state.place = placesOf(person)[0].id;
  changed("place");
  leave(false);
  await loadCommands();
  const command = commands.find((each) => each.path === path);
  if (!command) return notice(`${displayName(person)} sees no /${path}; is the bot running?`, true);
  choose(command, values, true);
  picker.hide();
  return undefined;
}

function placed() {
  if (!state.ready) return;
  const channel = shown();
  if (loadedFor !== `${state.me}:${channel?.id}`) {
    leave(false);
    loadCommands();
  }
  const closed = !state.opening.over || inFirstRun();
  say().disabled = closed;
  $("send").disabled = closed;
  const where = channel?.guild ? `#${channel.name}` : "the bot";
  say().placeholder = channel?.guild ? "Type / for commands" : `Message ${where}`;
  say().setAttribute("aria-label", `Message ${where}, or type a slash for commands`);
}

export function start() {
  $("composer").addEventListener("submit", send);
  say().addEventListener("input", offerCommands);
  say().addEventListener("focus", () => {
    loadCommands();
    if (say().value.startsWith("/")) offerCommands();
  });
  say().addEventListener("keydown", keyInBox);
  document.addEventListener("keydown", keyAnywhere);
  say().addEventListener("blur", () => setTimeout(() => document.activeElement !== say() && !chosen && picker.hide(), 0));
  on("place opening first_run", placed);
  on("bot", (bot) => bot?.state === "running" && loadCommands());
}
