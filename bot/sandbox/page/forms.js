// The forms (modals) that the bot opens.

import { $, h, notice } from "./dom.js";
import { markdown } from "./markdown.js";
import { choicesFor } from "./messages.js";
import { secretOf } from "./sales.js";
import { names, on, post, state } from "./store.js";
import { workingCookies } from "./tour.js";

const TEXT = 4;
const LONG = 2;

let opened = null;
let returnTo = null;

// The sandbox's own help: a secret or cookies that work go in with one press, as a paste would.
function paste(field, label, control) {
  if (field.custom_id === "secret") {
    const fillIn = () => {
      control.value = secretOf(state.given.provider);
      control.focus();
    };
    return h("button", { type: "button", class: "link", onclick: fillIn }, "Paste the shop's secret");
  }
  const about = `${label} ${field.custom_id}`;
  if (!/session|cookie|sign/i.test(about)) return null;
  const which = /sign/i.test(about) ? "sessionid_sign" : "sessionid";
  const put = async () => {
    try {
      control.value = (await workingCookies())[which] ?? "";
      control.focus();
    } catch (error) {
      notice(error.message, true);
    }
  };
  return h("button", { type: "button", class: "link", onclick: put }, `Paste the new ${which}`);
}

function control(field) {
  if (field.type !== TEXT) {
    const list = h("select", { name: field.custom_id, multiple: (field.max_values ?? 1) > 1 });
    if ((field.max_values ?? 1) === 1) list.append(h("option", { value: "" }, field.placeholder ?? "Choose…"));
    for (const [value, label, chosen] of choicesFor(field)) list.append(h("option", { value, selected: chosen === true }, label));
    return list;
  }
  return h(field.style === LONG ? "textarea" : "input", {
    name: field.custom_id,
    type: field.style === LONG ? undefined : "text",
    rows: field.style === LONG ? 4 : undefined,
    required: field.required !== false,
    minlength: field.min_length,
    maxlength: field.max_length,
    placeholder: field.placeholder,
    value: field.value ?? "",
    autocomplete: "off",
    spellcheck: "false",
  });
}

function row(part, index) {
  if (part.type === 10) return h("div", { class: "text" }, markdown(part.content, names));
  const field = part.component ?? part.components[0];
  const label = part.label ?? field.label ?? "";
  const input = control(field);
  input.id = `field${index}`;
  if (part.description) input.setAttribute("aria-describedby", `about${index}`);
  return h(
    "div",
    { class: "field" },
    h("label", { for: input.id }, label, field.required === false && h("small", {}, " optional")),
    part.description && h("p", { class: "small", id: `about${index}` }, part.description),
    input,
    paste(field, label, input),
  );
}

function values(form) {
  const found = {};
  for (const each of form.elements) {
    if (!each.name) continue;
    found[each.name] = each.tagName === "SELECT" ? [...each.selectedOptions].map((one) => one.value).filter(Boolean) : each.value;
  }
  return found;
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const trouble = form.querySelector(".trouble");
  try {
    await post("submit", { as: state.me, interaction: opened, values: values(form) });
    $("form").close();
  } catch (error) {
    trouble.textContent = error.message;
  }
}

function open(event) {
  if (event.interaction.user_id !== state.me) return;
  const dialog = $("form");
  opened = event.interaction.id;
  returnTo = document.activeElement;
  const form = h(
    "form",
    { onsubmit: submit },
    h("h2", { id: "formtitle" }, event.modal.title),
    event.modal.components.map(row),
    h("p", { class: "trouble", role: "alert" }),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "submit", class: "button primary" }, "Submit")),
  );
  dialog.replaceChildren(form);
  if (dialog.open) dialog.close();
  dialog.showModal();
  form.querySelector("input, textarea, select")?.focus();
}

export function start() {
  on("form", (event) => event && open(event));
  $("form").addEventListener("close", () => {
    $("form").replaceChildren();
    if (returnTo?.isConnected) returnTo.focus();
    else $("say").focus();
  });
  on("line-up", (up) => up === false && $("form").open && notice("The sandbox does not answer; is it still running?", true));
}
