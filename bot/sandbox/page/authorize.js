// What Discord's own page behind an invite link does: it says which rights are asked for, and gives them.

import { $, fill, h, notice } from "./dom.js";
import { post, state } from "./store.js";

const PAGE = /^https:\/\/discord\.com\/(?:api\/)?oauth2\/authorize\?/;
const RIGHTS = [
  [3, "Administrator"],
  [4, "Manage Channels"],
  [10, "View Channels"],
  [11, "Send Messages"],
  [14, "Embed Links"],
  [15, "Attach Files"],
  [16, "Read Message History"],
  [28, "Manage Roles"],
  [31, "Use Application Commands"],
];
// What the invite link of the bot's own page asks for.
export const FIRST_RIGHTS = String((1n << 10n) | (1n << 11n) | (1n << 14n));

export const isAuthorize = (address) => PAGE.test(address ?? "");

export function rightsOf(bits) {
  const asked = BigInt(bits);
  const named = RIGHTS.filter(([bit]) => asked & (1n << BigInt(bit))).map(([, name]) => name);
  const others = [...asked.toString(2)].filter((each) => each === "1").length - named.length;
  return others > 0 ? [...named, others === 1 ? "one right more" : `${others} rights more`] : named;
}

export const rightsList = (bits) => h("ul", { class: "rights" }, rightsOf(bits).map((name) => h("li", {}, name)));

export async function authorize(bits) {
  try {
    await post("server", { do: "authorize", permissions: bits });
    return true;
  } catch (error) {
    notice(error.message, true);
    return false;
  }
}

export function openAuthorize(address) {
  const bits = new URL(address).searchParams.get("permissions") ?? "0";
  const returnTo = document.activeElement;
  const dialog = $("authorize");
  const agree = async (event) => {
    event.preventDefault();
    if (!(await authorize(bits))) return;
    dialog.close();
    notice(`Done. In Discord: come back, and press what ${state.guild.name} was waiting for.`);
  };
  fill(
    dialog,
    h(
      "form",
      { onsubmit: agree },
      h("h2", { id: "authorizetitle" }, "Usher would like to have more rights"),
      h("p", { class: "quiet" }, `This stands for Discord's own page. In ${state.guild.name}, Usher is to have these:`),
      rightsList(bits),
      h("div", { class: "buttons" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { type: "submit", class: "button primary" }, "Authorize")),
    ),
  );
  dialog.onclose = () => returnTo?.isConnected && returnTo.focus();
  dialog.showModal();
  dialog.querySelector("[type=submit]").focus();
}
