// What happens in the server beside the chat: who comes and goes, who has which role, what the bot hears of it.

import { $, fill, h, notice } from "./dom.js";
import { changed, on, post, state } from "./store.js";
import { later } from "./tour.js";

let chosen = null;

// Redrawn after a refusal too, so that no box shows what did not happen.
async function happen(what, more = {}) {
  try {
    return await post("server", { do: what, ...more });
  } catch (error) {
    notice(error.message, true);
    return null;
  } finally {
    changed("guild");
  }
}

const memberOf = (id) => state.guild.members.find((each) => each.user_id === id);
const rolesInOrder = () => state.guild.roles.filter((each) => each.id !== state.guild.id && !each.of_bot);
const top = () => Math.max(0, ...state.guild.roles.filter((each) => each.of_bot).map((each) => each.position));

function whereItStands(role) {
  if (role.managed) return "Discord alone gives and takes it";
  return role.position < top() ? "below the bot, which can give and take it" : "above the bot, which cannot give or take it";
}

function box(id, label, detail, { checked, disabled = false, onchange }) {
  const input = h("input", { type: "checkbox", id, checked, disabled, "data-key": id, onchange: (event) => onchange(event.target.checked) });
  return h("div", { class: "setting" }, h("label", { for: id }, label, detail && h("small", {}, detail)), input);
}

// One member

function picker() {
  const option = (each) => h("option", { value: each.id, selected: each.id === chosen }, each.name);
  const here = state.people.filter((each) => memberOf(each.id));
  const gone = state.people.filter((each) => !memberOf(each.id));
  return h(
    "select",
    {
      id: "server-member",
      "data-key": "server-member",
      "aria-label": "Member",
      onchange: (event) => {
        chosen = event.target.value;
        changed("guild");
      },
    },
    h("optgroup", { label: "In the server" }, here.map(option)),
    gone.length > 0 && h("optgroup", { label: "Gone" }, gone.map(option)),
  );
}

function present(member) {
  const owns = member.user_id === state.guild.owner_id;
  const button = (what, label) => h("button", { type: "button", class: "button", "data-key": "server-go", onclick: () => happen(what, { member: chosen }) }, label);
  return [
    h(
      "fieldset",
      { class: "roles" },
      h("legend", {}, "Roles"),
      rolesInOrder().map((role) =>
        box(`has-${role.id}`, role.name, role.managed ? whereItStands(role) : "", {
          checked: member.roles.includes(role.id),
          disabled: role.managed,
          onchange: (has) => happen(has ? "give" : "take", { member: chosen, role: role.id }),
        }),
      ),
    ),
    box("server-boosts", "Boosts the server", "brings Discord's own role for it", { checked: member.boosts, onchange: (on) => happen("boost", { member: chosen, on }) }),
    box("server-dms", "Takes direct messages", "", { checked: state.users.get(chosen).dms_open, onchange: (on) => happen("dms", { member: chosen, on }) }),
    owns ? h("p", { class: "quiet" }, "The owner cannot leave.") : h("p", { class: "actions" }, button("leave", "Leave the server"), h("button", { type: "button", class: "button bad", "data-key": "server-ban", onclick: () => happen("ban", { member: chosen }) }, "Ban")),
  ];
}

function absent() {
  const banned = state.guild.banned.includes(chosen);
  const [what, label] = banned ? ["unban", "Lift the ban"] : ["return", "Come back"];
  return [
    h("p", { class: "quiet" }, banned ? "Is banned: nobody lets them in until the ban is lifted." : "Has left. Who comes back is the same account, without the roles they had."),
    h("p", { class: "actions" }, h("button", { type: "button", class: "button", "data-key": "server-go", onclick: () => happen(what, { member: chosen }) }, label)),
  ];
}

function drawMember() {
  if (!state.ready) return;
  chosen ??= state.people.find((each) => each.part === "buyer").id;
  if (!state.users.has(chosen)) return; // who has just joined is told of in a moment
  const member = memberOf(chosen);
  fill($("server-one"), picker(), member ? present(member) : absent());
}

// Roles

function drawRoles() {
  if (!state.ready) return;
  const rows = rolesInOrder().map((role) => {
    const isBelow = role.position < top();
    const drag = () => happen("drag_role", { role: role.id, top: isBelow });
    const count = state.guild.members.filter((each) => each.roles.includes(role.id)).length;
    return h(
      "li",
      {},
      h("p", {}, h("strong", {}, role.name), h("small", {}, `${count === 1 ? "1 member" : `${count} members`}, ${whereItStands(role)}`)),
      !role.managed &&
        h(
          "p",
          { class: "actions" },
          h("button", { type: "button", class: "link", "data-key": `drag ${role.id}`, "aria-label": `Move ${role.name} ${isBelow ? "above" : "below"} the bot`, onclick: drag }, isBelow ? "Move above the bot" : "Move below the bot"),
          h("button", { type: "button", class: "link", "data-key": `delete ${role.id}`, "aria-label": `Delete ${role.name}`, onclick: () => happen("delete_role", { role: role.id }) }, "Delete"),
        ),
    );
  });
  fill($("server-roles"), rows);
}

// What the bot hears

function drawIntent() {
  if (!state.ready) return;
  const refused = !state.bot.members_allowed;
  const now = !state.bot.online ? "No bot is connected now." : state.bot.hears_members ? "The bot that is connected now is told." : "The bot that is connected now is not told.";
  const known = h("button", { type: "button", role: "switch", id: "server-intent", "aria-checked": String(refused), "aria-labelledby": "title-intent", "aria-describedby": "text-intent", "data-key": "server-intent", onclick: () => happen("intent", { on: refused }) }, h("span", { class: "knob", "aria-hidden": "true" }));
  const text = h("p", { class: "small", id: "text-intent" }, "From its next start on, Discord does not tell the bot who joins or leaves, nor who gains or loses a role. ", h("em", {}, now));
  fill($("server-hears"), h("div", { class: refused ? "switch on" : "switch" }, known, h("div", {}, h("label", { class: "title", id: "title-intent", for: "server-intent" }, "Refuse the members intent"), text)));
}

// Kept out of what is redrawn: what somebody types there stays.
function asker(id, label, button, onname) {
  const field = h("input", { type: "text", id, maxlength: 32, autocomplete: "off", spellcheck: "false" });
  const send = async (event) => {
    event.preventDefault();
    if (field.value.trim() && (await onname(field.value))) field.value = "";
    field.focus();
  };
  return h("form", { class: "asker", onsubmit: send }, h("label", { for: id }, label), field, h("button", { type: "submit", class: "button" }, button));
}

async function join(name) {
  const answer = await happen("join", { name });
  if (answer) {
    chosen = answer.member;
    changed("guild");
    notice(`${name.trim()} joined, and can be played in the list of people.`);
  }
  return answer;
}

export function start() {
  $("panel-server").append(
    h("h2", {}, "The server"),
    h("p", { class: "quiet" }, "What its owner, its members and other bots do there."),
    h("div", { id: "server-one" }),
    h("h3", {}, "Somebody new"),
    asker("server-newcomer", "Name", "Join", join),
    h("h3", {}, "The server's roles"),
    h("ul", { id: "server-roles" }),
    asker("server-role", "A new role", "Make", (name) => happen("make_role", { name })),
    h("h3", {}, "What the bot hears"),
    h("div", { id: "server-hears" }),
    h("h3", {}, "Time"),
    h("p", { class: "quiet" }, "Discord lets the bot change an answer for 15 minutes. What takes longer goes on in a direct message."),
    h("p", { class: "actions" }, h("button", { type: "button", class: "button", "data-key": "later", onclick: () => later().catch((error) => notice(error.message, true)) }, "Let 15 minutes pass")),
  );
  on("guild people", drawMember);
  on("guild", drawRoles);
  on("guild bot", drawIntent);
}
