// An option of a command that takes a file: chosen on this computer, or one that the sandbox has ready.

import { h } from "./dom.js";
import { get } from "./store.js";

const LARGEST = 10 * 1024 * 1024;

// `trouble` shows what went wrong (nothing: ""), `ready` goes on where the file is there.
export function makeFileField(option, value, { command, trouble, ready }) {
  const id = `option-${option.name}`;
  const input = h("input", { id, type: "file", "aria-required": option.required === true ? "true" : undefined });
  const offered = h("span", { class: "examples", hidden: true });
  const box = h("div", { class: option.required ? "option filed" : "option filed extra" }, h("label", { for: id }, option.name), input, offered);
  const field = { option, input, box, value: null };
  const done = () => {
    box.classList.remove("wrong");
    ready();
  };
  input.addEventListener("change", async () => {
    trouble("");
    try {
      field.value = await read(input);
      if (field.value) done();
    } catch (error) {
      field.value = null;
      input.value = "";
      trouble(error.message);
    }
  });
  const use = (example) => {
    put(field, example);
    trouble("");
    done();
  };
  if (value) put(field, value);
  offerExamples(command, offered, use);
  return field;
}

async function offerExamples(command, place, use) {
  const { examples } = await get(`examples?command=${encodeURIComponent(command)}`).catch(() => ({ examples: [] }));
  place.append("or take ", ...examples.map((each) => h("button", { type: "button", class: "chip", onclick: () => use(each) }, each.label)));
  place.hidden = examples.length === 0;
}

// A file that the page itself has at hand, shown as if it had been chosen.
function put(field, value) {
  const bytes = Uint8Array.from(atob(value.base64), (sign) => sign.charCodeAt(0));
  const held = new DataTransfer();
  held.items.add(new File([bytes], value.name));
  field.input.files = held.files;
  field.value = { name: value.name, base64: value.base64 };
}

async function read(input) {
  const file = input.files[0];
  if (!file) return null;
  if (file.size > LARGEST) throw new Error("Discord takes files of up to 10 MB.");
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error("Your browser could not read that file."));
    reader.readAsDataURL(file);
  });
  return { name: file.name, base64: address.slice(address.indexOf(",") + 1) };
}
