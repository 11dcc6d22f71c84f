// The pretend shop: a provider's form, what was sold, and each message with the bot's answer.

import { $, copy, fill, h, icon, notice } from "./dom.js";
import { changed, on, post, state } from "./store.js";
import { inWords } from "./when.js";

const DEEDS = [["renew", "Renew"], ["fail", "Fail"], ["cancel", "Cancel"], ["refund", "Refund"], ["refund_part", "Refund part"], ["dispute", "Dispute"], ["win", "Win dispute"]];
const LATE = [["0", "At once"], ["3", "3 hours late"], ["48", "2 days late"], ["720", "30 days late"]];

let chosen = "standard";
let last = null; // who was put into the buyer's fields

const formOf = (id) => state.payments.forms.find((each) => each.id === id);

// The secret of the provider that a command named; of several forms of one, that which is shown.
export function secretOf(provider) {
  const { forms } = state.payments;
  const form = formOf(chosen);
  const fits = !provider || form?.provider === provider ? form : forms.find((each) => each.provider === provider);
  return fits?.secret ?? "";
}


export async function sale(body) {
  try {
    await post("sale", body);
    return true;
  } catch (error) {
    notice(error.message, true);
    return false;
  }
}

// The provider, its secret, and the bot's address

function drawForm() {
  if (!state.ready) return;
  const form = formOf(chosen);
  const list = h(
    "select",
    {
      id: "sale-form",
      "data-key": "sale-form",
      onchange: (event) => {
        chosen = event.target.value;
        changed("payments");
      },
    },
    state.payments.forms.map((each) => h("option", { value: each.id, selected: each.id === chosen }, each.label)),
  );
  const secret = h("div", { class: "line" }, h("code", { id: "sale-secret" }, form.secret), h("button", { type: "button", class: "link", "data-key": "copy secret", onclick: () => copy(form.secret, "the shop's secret") }, icon("copy"), h("span", { class: "sr" }, "Copy the secret")));
  fill(
    $("sale-provider"),
    h("div", { class: "setting wide" }, h("label", { for: "sale-form" }, "Messages as from"), list),
    form.note && h("p", { class: "quiet" }, form.note),
    h("p", { class: "small" }, "Its secret, for the form that ", h("code", {}, `/webhook add ${form.provider}`), " opens:"),
    secret,
    h("p", { class: "small" }, form.address ? "It sends to " : "It does not know the bot's address yet.", form.address && h("code", { id: "sale-address" }, form.address)),
  );
  for (const option of $("sale-kind").options) option.disabled = option.value === "subscription" ? !form.subscribes : !form.sells_once;
  if ($("sale-kind").selectedOptions[0].disabled) $("sale-kind").value = form.subscribes ? "subscription" : "once";
}

async function paste(event) {
  event.preventDefault();
  const field = $("sale-paste");
  if (field.value.trim() && (await sale({ do: "connect", form: chosen, address: field.value }))) {
    field.value = "";
    notice("The shop knows the bot's address now.");
  }
  field.focus();
}

// A sale; kept out of what is redrawn: what somebody types there stays

const field = (id, label, value, more = {}) => [h("label", { for: id }, label), h("input", { type: "text", id, value, maxlength: 100, autocomplete: "off", spellcheck: "false", ...more })];

function choice(id, label, options) {
  return [h("label", { for: id }, label), h("select", { id }, options.map(([value, text]) => h("option", { value }, text)))];
}

const options = () => ({ late: Number($("sale-late").value), twice: $("sale-twice").checked, swapped: $("sale-swapped").checked });

async function buy(event) {
  event.preventDefault();
  if (!formOf(chosen).address) {
    notice("Paste the bot's address first: the shop has to know where to send it.", true);
    $("sale-paste").focus();
    return;
  }
  const [name, email, username, discord_id, product] = ["name", "email", "username", "discord", "product"].map((each) => $(`sale-${each}`).value);
  await sale({ do: "buy", form: chosen, subscription: $("sale-kind").value === "subscription", name, email, username, discord_id, product, ...options() });
}

function takeBuyer() {
  if (!state.ready) return;
  const buyers = state.people.filter((each) => each.part === "buyer");
  const list = $("sale-who");
  list.replaceChildren(...buyers.map((each) => h("option", { value: each.id }, each.name)));
  last ??= buyers.at(-1).id;
  list.value = last;
  putBuyer();
}

function putBuyer() {
  last = $("sale-who").value;
  const one = state.people.find((each) => each.id === last);
  $("sale-name").value = one.name;
  $("sale-email").value = `${one.name.toLowerCase().replace(/[^a-z0-9]+/g, ".")}@example.org`;
  $("sale-username").value = one.username ?? "";
  $("sale-discord").value = one.id;
}

// What was sold, and what was sent

function drawOrders() {
  if (!state.ready) return;
  const rows = state.payments.orders.map((order) =>
    h(
      "li",
      {},
      h("p", {}, h("strong", {}, `${order.buyer}: ${order.product}`), h("small", {}, `${order.label}, ${order.subscription ? "subscription" : "sold once"}, ${order.state}`)),
      h(
        "p",
        { class: "actions" },
        DEEDS.filter(([deed]) => order.deeds.includes(deed)).map(([deed, label]) =>
          h("button", { type: "button", class: "link", "data-key": `${deed} ${order.id}`, "aria-label": `${label}: ${order.product} of ${order.buyer}`, onclick: () => sale({ do: deed, order: order.id, ...options() }) }, label),
        ),
      ),
    ),
  );
  fill($("sale-orders"), rows.length > 0 ? rows : h("li", { class: "quiet" }, "Nothing is sold yet."));
}

function answered(status) {
  if (status === null) return h("span", { class: "outcome bad" }, "no answer");
  return h("span", { class: status < 300 ? "outcome" : "outcome bad" }, String(status));
}

// Newest first; one that somebody opened stays open.
function drawSent() {
  if (!state.ready) return;
  const open = new Set([...$("sale-sent").querySelectorAll("details[open]")].map((each) => each.dataset.number));
  const rows = state.payments.sent.map((each) =>
    h(
      "li",
      {},
      h(
        "details",
        { "data-number": each.number, open: open.has(String(each.number)) },
        h("summary", { "data-key": `sent ${each.number}` }, h("span", { class: "event" }, each.event), h("small", {}, `${each.form}, ${inWords(new Date(each.at), "T")}`), answered(each.status)),
        h("pre", {}, each.body),
      ),
    ),
  );
  fill($("sale-sent"), rows.length > 0 ? rows : h("li", { class: "quiet" }, "Nothing was sent yet."));
}

export function start() {
  const checks = [["twice", "Send each message twice"], ["swapped", "Swap their order"]].map(([name, label]) => h("div", { class: "setting" }, h("label", { for: `sale-${name}` }, label), h("input", { type: "checkbox", id: `sale-${name}` })));
  $("panel-shop").append(
    h("h2", {}, "A pretend shop"),
    h("p", { class: "quiet" }, "It sends the bot what a real one would: the same messages, signed in the same way."),
    h("div", { id: "sale-provider" }),
    h("form", { class: "asker", onsubmit: paste }, h("label", { for: "sale-paste" }, "The bot's address, from its answer"), h("input", { type: "text", id: "sale-paste", maxlength: 2000, autocomplete: "off", spellcheck: "false", placeholder: "https://…/webhooks/…" }), h("button", { type: "submit", class: "button" }, "Paste")),
    h("h3", {}, "Sell something"),
    h(
      "form",
      { id: "sale", onsubmit: buy },
      choice("sale-who", "Buyer", []),
      field("sale-name", "Name at the shop", ""),
      field("sale-email", "E-mail", "", { type: "email" }),
      field("sale-username", "TradingView name", ""),
      field("sale-discord", "Discord id", "", { inputmode: "numeric" }),
      field("sale-product", "Product, there", "trend", { maxlength: 40 }),
      choice("sale-kind", "How", [["subscription", "By the month"], ["once", "Once"]]),
      choice("sale-late", "The messages come", LATE),
      h("div", { class: "both" }, checks, h("button", { type: "submit", class: "button primary", "data-key": "buy" }, "Buy")),
    ),
    h("h3", {}, "What it sold"),
    h("ul", { id: "sale-orders" }),
    h("h3", {}, "What it sent, and what the bot answered"),
    h("ul", { id: "sale-sent" }),
  );
  $("sale-who").addEventListener("change", putBuyer);
  on("payments", drawForm);
  on("payments", drawOrders);
  on("payments", drawSent);
  on("people", takeBuyer);
}
