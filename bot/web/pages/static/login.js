"use strict";

// Where this does not run the page's forms are sent by themselves. Where it does, nothing is loaded anew, and
// the token stays in the fragment: no server ever gets it as part of an address. Nor does it stay in the
// address for the browser's history, a screenshot or whoever looks over a shoulder.
const pasted = document.querySelector("#paste [name=token]").value; // of a link that came by the form
const token = location.hash.slice(1) || pasted;
history.replaceState(null, "", location.pathname);

const byId = (id) => document.getElementById(id);
const note = byId("note");
const forms = ["paste", "password", "code", "again"].map(byId);
const tabs = [byId("tab-paste"), byId("tab-password")];
let before = byId("paste");
let busy = false;

function tell(text, kind) {
  note.textContent = text;
  note.className = `note ${kind} lines`;
  note.hidden = false;
}

function show(form) {
  for (const one of forms) one.hidden = one !== form;
  const choosing = form === byId("paste") || form === byId("password");
  document.querySelector("[role=tablist]").hidden = !choosing;
  byId("leave").hidden = choosing;
  if (choosing) before = form;
  form.querySelector("input:not([type=hidden]), button")?.focus();
}

function choose(tab) {
  for (const one of tabs) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
  }
  note.hidden = true;
  show(byId(tab.getAttribute("aria-controls")));
}

function over() {
  for (const input of document.querySelectorAll("input")) input.value = "";
  byId("work").hidden = true;
}

function waiting(on) {
  busy = on;
  for (const button of byId("work").querySelectorAll("button[type=submit]")) button.disabled = on;
  if (on) tell("Asking TradingView… this can take a moment.", "");
}

async function press(name, fields) {
  if (busy) return;
  waiting(true);
  let answer = null;
  let said = {};
  try {
    answer = await fetch(name, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, ...fields }),
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    said = await answer.json();
  } catch {
    said = { errorMessage: "Your bot could not be reached. Check your connection and press again." };
  } finally {
    waiting(false);
  }
  if (answer?.ok) {
    tell(`${said.message}\nYou can close this page.`, "done");
    over();
  } else {
    refused(said);
  }
  note.scrollIntoView({ block: "nearest" });
  if (!["yes", "again", "code"].includes(said.next)) note.focus();
}

function refused(said) {
  const asks = said.next === "yes" || said.next === "code";
  tell(said.errorMessage ?? "Something went wrong. Please press again.", asks ? "look" : "stop");
  byId("secret").value = "";
  byId("digits").value = "";
  if (said.next === "over") over();
  if (said.next === "code") show(byId("code"));
  if (said.next === "yes" || said.next === "again") {
    const yes = said.next === "yes";
    byId("yes").textContent = yes ? "Yes, change the account" : "Try again";
    byId("yes").className = `${yes ? "danger" : "go"} wide`;
    byId("agreed").value = yes ? "1" : "";
    show(byId("again"));
  }
}

const actions = {
  paste: (form) => ({
    sessionid: byId("sessionid").value,
    sessionid_sign: byId("sessionid_sign").value,
    spare: form.elements.spare.checked,
  }),
  password: (form) => ({
    name: byId("name").value,
    password: byId("secret").value,
    spare: form.elements.spare.checked,
  }),
  code: () => ({ code: byId("digits").value }),
  again: () => ({ yes: byId("agreed").value === "1" }),
};

for (const form of forms) {
  form.noValidate = true; // what is missing is said in the note
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const empty = [...form.querySelectorAll("input[required]")].find((input) => !input.value.trim());
    if (empty) {
      tell(`Please fill in: ${empty.labels[0].textContent.trim()}.`, "stop");
      empty.focus();
    } else {
      press(form.id, actions[form.id](form));
    }
  });
}
for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = tabs[1 - tabs.indexOf(tab)];
    choose(other);
    other.focus();
  });
}
byId("leave").addEventListener("submit", (event) => {
  event.preventDefault();
  note.hidden = true;
  show(before);
});

for (const tab of tabs) {
  const panel = byId(tab.getAttribute("aria-controls"));
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  panel.querySelector(".of-tab").hidden = true; // the tab says it
}
if (token) {
  byId("open").hidden = true;
  byId("work").hidden = false;
  if (!byId("paste").hidden) show(byId("paste"));
} else if (note.hidden) {
  tell("This page is opened from Discord: run /session link there and press its button, or paste its link here.", "look");
}
