"use strict";

// What a page can do without this it does without: moments stand there in UTC, forms are sent by themselves.

const formats = {
  day: { dateStyle: "long" },
  moment: { dateStyle: "long", timeStyle: "short" },
};
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

function relative(at) {
  const seconds = (at - Date.now()) / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

// Moments in the reader's own time zone; what they are in UTC stays to be looked at.
function localise(root) {
  for (const time of root.querySelectorAll("time[data-as]:not([title])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const wanted = time.dataset.as;
    const local = wanted === "relative" ? relative(at) : new Intl.DateTimeFormat(undefined, formats[wanted]).format(at);
    time.title = wanted === "relative" ? time.textContent : `${time.textContent}${wanted === "day" ? " UTC" : ""}`;
    time.textContent = local;
  }
}

// A one-time link: its token stands in the fragment, which no server gets. It stays in no history either.
function signIn() {
  const field = document.querySelector("form[data-takes-fragment] [name=token]");
  const token = location.hash.slice(1);
  if (!field || !token) return;
  history.replaceState(null, "", location.pathname);
  field.value = token;
  field.form.requestSubmit();
}

// Sent twice by an impatient hand, a form counts once anyway; the button says that it is on its way.
document.addEventListener("submit", (event) => {
  if (event.target.method === "get" || event.defaultPrevented) return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; button.setAttribute("aria-busy", "true"); });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});
document.addEventListener("htmx:afterSettle", (event) => localise(event.target));

localise(document);
signIn();
