// What the page knows: fetched once, then kept up by a stream of events.

import { isLater } from "./when.js";

export const state = {
  ready: false,
  users: new Map(),
  channels: new Map(),
  guild: null,
  people: [],
  failed: [],
  sending: new Map(),
  scripts: [],
  customers: new Map(),
  calls: [],
  switches: { featured: [], others: [], changed: 0 },
  bot: { state: "off" },
  opening: { over: false, tasks: [] },
  firstRun: null,
  tour: { steps: [], current: 0, done: false },
  lines: [],
  payments: { forms: [], orders: [], sent: [] },
  web: "",
  terminal: null,
  given: {}, // to the command that was used last
  recovery: null,
  me: null,
  place: null,
  focus: null,
  cookies: null,
  seen: new Map(),
};

const listeners = new Map();

export function on(topics, listener) {
  for (const topic of topics.split(" ")) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(listener);
  }
}

const waiting = new Map();

// Listeners run once for each frame, however many events came.
export function changed(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) waiting.set(listener, detail);
  if (changed.due) return;
  changed.due = true;
  queueMicrotask(() => {
    changed.due = false;
    const due = [...waiting];
    waiting.clear();
    for (const [listener, last] of due) listener(last);
  });
}

export async function post(name, body = {}) {
  const response = await fetch(`/api/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? "That did not work.");
  return answer;
}

export async function get(name) {
  const response = await fetch(`/api/${name}`);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? "That did not work.");
  return answer;
}

// Whether the bot still waits to be told its token, or let into the server.
export const inFirstRun = () => state.firstRun !== null && !state.firstRun.over;

// Names and places

export const member = (id) => state.people.find((each) => each.id === id);
export const displayName = (id) => {
  const user = state.users.get(id);
  return user ? (user.display_name ?? user.name) : "somebody";
};
export const names = {
  user: displayName,
  role: (id) => state.guild?.roles.find((each) => each.id === id)?.name ?? "a deleted role",
  channel: (id) => state.channels.get(id)?.name ?? "a deleted channel",
};

export const dmOf = (person) => [...state.channels.values()].find((each) => each.recipient === person);

export function placesOf(person) {
  const found = [...state.channels.values()].filter((each) => each.guild && each.seenBy.includes(person));
  return found.sort((one, other) => (isLater(one.id, other.id) ? 1 : -1));
}

const mayStay = () => state.place === "dm" || placesOf(state.me).some((each) => each.id === state.place);

export const sees = (message, person) => !message.visible_to || message.visible_to.includes(person);

// What the bot wrote there for this person since they last looked.
export function unread(person, channel, onlyPersonal = false) {
  const since = state.seen.get(`${person}:${channel.id}`) ?? state.start;
  let count = 0;
  for (const message of channel.messages.values()) {
    if (!message.author.bot || message.loading || !sees(message, person)) continue;
    if (onlyPersonal && !message.visible_to) continue;
    if (isLater(message.id, since)) count += 1;
  }
  return count;
}

// The channel that is shown: "dm" stands for one's own messages with the bot, which may not exist yet.
export const shown = () => (state.place === "dm" ? dmOf(state.me) : state.channels.get(state.place));

export function markSeen() {
  const channel = shown();
  const last = channel && [...channel.messages.keys()].at(-1);
  const key = `${state.me}:${channel?.id}`;
  if (last && state.seen.get(key) !== last) {
    state.seen.set(key, last);
    changed("unread");
  }
}

// Loading

function takeChannel(raw) {
  state.channels.set(raw.id, {
    id: raw.id,
    name: raw.name,
    guild: raw.guild_id,
    public: raw.public,
    seenBy: raw.seen_by,
    recipient: raw.guild_id ? null : raw.seen_by[0],
    messages: new Map(raw.messages.map((each) => [each.id, each])),
  });
}

function takeGuild(raw) {
  state.guild = raw;
  const kept = new Set(raw.channels.map((each) => each.id));
  for (const [id, channel] of state.channels) if (channel.guild && !kept.has(id)) state.channels.delete(id);
  raw.channels.forEach(takeChannel);
}

function load(all) {
  state.users = new Map(all.discord.users.map((each) => [each.id, each]));
  state.channels = new Map();
  takeGuild(all.discord.guilds.find((each) => each.id === all.guild_id));
  all.discord.dms.forEach(takeChannel);
  state.people = all.people;
  state.failed = all.failed;
  state.sending = new Map();
  state.scripts = all.tradingview.scripts;
  state.customers = new Map(all.tradingview.people.map((each) => [each.username, each]));
  state.calls = all.tradingview.calls;
  state.vendor = all.tradingview.vendor;
  state.switches = all.switches;
  state.bot = all.bot;
  state.opening = all.opening;
  state.firstRun = all.first_run;
  state.tour = all.tour;
  state.lines = all.lines;
  state.payments = all.payments;
  state.web = all.web_address;
  state.terminal = all.terminal;
  state.recovery = all.recovery;
  const first = state.tour.shop === "busy" ? "moderator" : "owner";
  if (!member(state.me)) state.me = state.people.find((each) => each.part === first).id;
  if (!mayStay()) state.place = placesOf(state.me)[0]?.id ?? "dm";
  state.focus ??= state.people.find((each) => each.part === "buyer").username;
  state.start ??= [...state.channels.values()].flatMap((each) => [...each.messages.keys()]).reduce((one, other) => (isLater(other, one) ? other : one), "0");
  state.ready = true;
  for (const topic of listeners.keys()) changed(topic);
}

// Events

function putMessage(event) {
  const message = event.message;
  if (!state.channels.has(message.channel_id)) {
    takeChannel({ id: message.channel_id, name: "", guild_id: null, public: false, seen_by: [event.recipient_id], messages: [] });
  }
  const { messages } = state.channels.get(message.channel_id);
  if (message.deleted) messages.delete(message.id);
  else messages.set(message.id, message);
  changed("messages");
  changed("unread");
}

function putInteraction(event) {
  const { interaction } = event;
  if (interaction.kind === "autocomplete") return;
  if (event.type === "interaction_created") {
    state.sending.set(interaction.id, interaction);
    state.given = event.given ?? {};
    if (event.concerns) {
      state.focus = event.concerns;
      changed("customers");
    }
  } else {
    state.sending.delete(interaction.id);
    if (event.type === "interaction_failed") state.failed.push({ ...interaction, reason: event.reason });
    if (event.modal) changed("form", event);
  }
  changed("messages");
}

const HANDLERS = {
  message_created: putMessage,
  message_edited: putMessage,
  message_deleted: putMessage,
  interaction_created: putInteraction,
  interaction_acknowledged: putInteraction,
  interaction_failed: putInteraction,
  guild: (event) => {
    takeGuild(event.guild);
    // Who left, or lost the role that opened it, sees the channel no more.
    if (!mayStay()) {
      state.place = placesOf(state.me)[0]?.id ?? "dm";
      changed("place");
    }
    for (const topic of ["messages", "unread", "guild"]) changed(topic);
  },
  person: (event) => {
    state.users.set(event.user.id, event.user);
    state.people = [...state.people, event.person];
    changed("people");
  },
  user_changed: (event) => {
    state.users.get(event.user_id).dms_open = event.dms_open;
    changed("guild");
  },
  call: (event) => {
    state.calls = [...state.calls, event.call].slice(-60);
    changed("calls");
  },
  rows: (event) => {
    state.customers.set(event.person.username, event.person);
    changed("customers", event.person.username);
  },
  crowd: (event) => {
    for (const each of event.people) state.customers.set(each.username, each);
    changed("customers");
  },
  switches: (event) => put("switches", event.switches),
  bot: (event) => put("bot", event.bot),
  tour: (event) => put("tour", event.tour),
  opening: (event) => put("opening", event.opening),
  first_run: (event) => {
    state.firstRun = event.first_run;
    changed("first_run");
  },
  payments: (event) => put("payments", event.payments),
  recovery: (event) => put("recovery", event.recovery),
  other_shop: () => location.reload(),
  line: (event) => {
    if (state.lines.at(-1)?.number >= event.line.number) return;
    state.lines = [...state.lines, event.line].slice(-500);
    changed("lines");
  },
};

function put(name, value) {
  state[name] = value;
  changed(name);
}

export function connect() {
  let early = [];
  const stream = new EventSource("/api/events");
  stream.onopen = async () => {
    early = [];
    const all = await get("state");
    load(all);
    const missed = early;
    early = null;
    for (const event of missed) HANDLERS[event.type]?.(event);
    changed("line-up", true);
  };
  stream.onmessage = (raw) => {
    const event = JSON.parse(raw.data);
    if (early) early.push(event);
    else HANDLERS[event.type]?.(event);
  };
  stream.onerror = () => {
    early = [];
    changed("line-up", false);
  };
}
