// Small tools for building the page; text always goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// Drawn here, as Discord does: not every computer has a font with these signs.
export function emoji(name, sign) {
  const svg = icon(name);
  svg.setAttribute("class", "emoji");
  svg.querySelector("use").setAttribute("href", `#e-${name}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", sign);
  svg.removeAttribute("aria-hidden");
  return svg;
}

export const $ = (id) => document.getElementById(id);

// Replace what stands in a container; whoever had the focus there keeps it, by data-key.
export function fill(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const top = container.scrollTop;
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
  container.scrollTop = top;
  if (focused) container.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

// Bring a container's children into this order, touching only what differs.
export function arrange(container, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...container.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  });
}

export function avatar(name, { bot = false } = {}) {
  if (bot) return h("img", { class: "avatar", src: "icon.svg", alt: "", width: 32, height: 32 });
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + sign.codePointAt(0)) % 997;
  return h("span", { class: `avatar hue${sum % 8}`, "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? "?");
}

let fading;

export function notice(text, bad = false) {
  const place = $("notice");
  place.textContent = text;
  place.className = bad ? "bad shown" : "shown";
  clearTimeout(fading);
  fading = setTimeout(() => place.classList.remove("shown"), 5000);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    notice(`Copied: ${what}`);
  } catch {
    notice("Your browser does not let the page copy; select the text and copy it.", true);
  }
}
