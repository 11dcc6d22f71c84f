// Discord's markdown, as far as bots and people use it, into DOM nodes.

import { emoji, h } from "./dom.js";
import { stamp } from "./when.js";

const EMOJI = { "✅": "done", "⏳": "wait", "⌛": "wait", "⚠": "warn", "❌": "no", "✖": "no", "🎉": "party" };

// Each rule: what it looks like at the present place, and what becomes of it.
const INLINE = [
  [/^([✅⏳⌛⚠❌✖🎉])\ufe0f?/u, (m) => emoji(EMOJI[m[1]], m[0])],
  [/^\\([\\*_~`|<>[\]#()\-.!:@&+])/, (m) => m[1]],
  [/^``(.+?)``(?!`)/s, (m) => h("code", {}, m[1].trim())],
  [/^`([^`]+)`/, (m) => h("code", {}, m[1])],
  [/^<t:(-?\d{1,14})(?::([tTdDfFR]))?>/, (m) => stamp(Number(m[1]), m[2])],
  [/^<@!?(\d{1,20})>/, (m, names) => mention(`@${names.user(m[1])}`)],
  [/^<@&(\d{1,20})>/, (m, names) => mention(`@${names.role(m[1])}`)],
  [/^<#(\d{1,20})>/, (m, names) => mention(`#${names.channel(m[1])}`)],
  [/^<\/([\w -]{1,100}):\d{1,20}>/, (m) => mention(`/${m[1]}`)],
  [/^<a?:(\w{2,32}):\d{1,20}>/, (m) => `:${m[1]}:`],
  [/^<(https?:\/\/[^\s>]+)>/, (m) => link(m[1], m[1])],
  [/^\[((?:[^[\]\\]|\\.)+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (m, names) => link(m[2], inline(m[1], names))],
  [/^https?:\/\/[^\s<>]*[^\s<>.,:;!?"'\])]/, (m) => link(m[0], m[0])],
  [/^\*\*\*((?:\\.|[^\\])+?)\*\*\*/s, (m, names) => h("strong", {}, h("em", {}, inline(m[1], names)))],
  [/^\*\*((?:\\.|[^\\])+?)\*\*(?!\*)/s, (m, names) => h("strong", {}, inline(m[1], names))],
  [/^__((?:\\.|[^\\])+?)__(?!_)/s, (m, names) => h("u", {}, inline(m[1], names))],
  [/^~~((?:\\.|[^\\])+?)~~/s, (m, names) => h("s", {}, inline(m[1], names))],
  [/^\|\|((?:\\.|[^\\])+?)\|\|/s, (m, names) => h("span", { class: "spoiler" }, inline(m[1], names))],
  [/^\*(?!\s)((?:\\.|[^\\*])+?)\*/s, (m, names) => h("em", {}, inline(m[1], names))],
  [/^_((?:\\.|[^\\_])+?)_(?!\w)/s, (m, names) => h("em", {}, inline(m[1], names))],
];

const mention = (text) => h("span", { class: "mention" }, text);

function link(address, ...text) {
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...text);
}

export function inline(text, names) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const previous = text[at - 1] ?? " ";
    let hit = null;
    for (const [pattern, make] of INLINE) {
      // An underscore in the middle of a word, as in a name, means nothing.
      if (text[at] === "_" && /\w/.test(previous)) break;
      const match = pattern.exec(rest);
      if (match) {
        hit = [match[0].length, make(match, names)];
        break;
      }
    }
    if (hit) {
      if (typeof hit[1] === "string") plain += hit[1];
      else {
        if (plain) nodes.push(plain);
        plain = "";
        nodes.push(hit[1]);
      }
      at += hit[0];
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) nodes.push(plain);
  return nodes;
}

export function markdown(text, names) {
  const blocks = [];
  for (const [index, part] of text.split(/```(?:[\w+-]*\n)?/).entries()) {
    if (index % 2) blocks.push(h("pre", {}, h("code", {}, part.replace(/\n$/, ""))));
    else blocks.push(...lines(part, names));
  }
  return blocks;
}

function lines(text, names) {
  const blocks = [];
  let paragraph = [];
  let list = null;
  let quote = null;
  const close = () => {
    if (paragraph.length) blocks.push(h("p", {}, paragraph.flatMap((line, index) => (index ? [h("br"), ...line] : line))));
    if (list) blocks.push(list);
    if (quote) blocks.push(quote);
    paragraph = [];
    list = quote = null;
  };
  for (const line of text.split("\n")) {
    const item = /^\s*[-*] (.+)$/.exec(line);
    const quoted = /^> (.*)$/.exec(line);
    const small = /^-# (.+)$/.exec(line);
    const heading = /^(#{1,3}) (.+)$/.exec(line);
    if (item) {
      if (!list) close();
      list ??= h("ul");
      list.append(h("li", {}, inline(item[1], names)));
    } else if (quoted) {
      if (!quote) close();
      quote ??= h("blockquote");
      quote.append(h("p", {}, inline(quoted[1], names)));
    } else if (small) {
      close();
      blocks.push(h("p", { class: "subtext" }, inline(small[1], names)));
    } else if (heading) {
      close();
      blocks.push(h("p", { class: `heading${heading[1].length}` }, inline(heading[2], names)));
    } else if (!line.trim()) close();
    else {
      if (list || quote) close();
      paragraph.push(inline(line, names));
    }
  }
  close();
  return blocks;
}
