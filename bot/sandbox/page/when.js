// Moments in words.

const LANGUAGE = "en-GB";
// Each unit with its seconds, and from how many seconds on Discord counts in it: a month sold is "in a month".
const UNITS = [["year", 31536000, 27648000], ["month", 2629800, 2246400], ["day", 86400, 79200], ["hour", 3600, 2700], ["minute", 60, 45]];
const STYLES = {
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  d: { day: "2-digit", month: "2-digit", year: "numeric" },
  D: { day: "numeric", month: "long", year: "numeric" },
  f: { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  F: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  short: { day: "numeric", month: "short", year: "numeric" },
};

// "in a month", as Discord says it; "next month" could be any day of it.
function away(count, unit, ahead) {
  const one = unit === "hour" ? "an" : "a";
  const words = count === 1 ? `${one} ${unit}` : `${count} ${unit}s`;
  return ahead ? `in ${words}` : `${words} ago`;
}

export function fromNow(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  for (const [unit, size, least] of UNITS) {
    if (Math.abs(seconds) >= least) return away(Math.max(1, Math.round(Math.abs(seconds) / size)), unit, seconds > 0);
  }
  return Math.abs(seconds) < 5 ? "just now" : away(Math.round(Math.abs(seconds)), "second", seconds > 0);
}

export function inWords(date, style = "f") {
  return style === "R" ? fromNow(date) : date.toLocaleString(LANGUAGE, STYLES[style] ?? STYLES.f);
}

export const day = (date) => inWords(date, "short");

// A day of this year goes without it.
export const shortDay = (date) => (date.getFullYear() === new Date().getFullYear() ? date.toLocaleString(LANGUAGE, { day: "numeric", month: "short" }) : day(date));
export const clock = (date) => inWords(date, "t");

// A moment that stays right while the page is open.
export function stamp(seconds, style = "f") {
  const element = document.createElement("time");
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode("an unknown time");
  element.dateTime = date.toISOString();
  element.dataset.style = style;
  element.title = inWords(date, "F");
  element.textContent = inWords(date, style);
  return element;
}

export function keepRight() {
  for (const element of document.querySelectorAll('time[data-style="R"]')) {
    element.textContent = fromNow(new Date(element.dateTime));
  }
}

// The moment in a Discord id.
export const ofId = (id) => new Date(Number(BigInt(id) >> 22n) + 1420070400000);

export const isLater = (one, other) => BigInt(one) > BigInt(other);
