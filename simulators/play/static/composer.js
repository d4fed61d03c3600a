// The message field: completion of mentions and commands, files, sending.
import { h } from "./dom.js";
import { t } from "./words.js";

/**
 * Build a message field in `form`.
 * `sources(kind)`: what is offered after "@", "#" or, at the beginning, "/": [{value, label, hint, also, choose}]; `also`: another name to find it by.
 * `send(text, files, isSpoken)`: returns a promise; the field is cleared once it is kept.
 */
export function composer(form, { label, sources, send, hasFiles = true }) {
  const id = form.id;
  const field = h("textarea", { id: `${id}-text`, rows: 1, "aria-label": label, placeholder: label, "aria-autocomplete": "list", "aria-controls": `${id}-list`, autocomplete: "off" });
  const list = h("div", { id: `${id}-list`, role: "listbox", class: "completions", "aria-label": t("Suggestions"), hidden: true });
  const picker = h("input", { type: "file", multiple: true, class: "visually-hidden", id: `${id}-files`, tabindex: "-1", "aria-label": t("Attach files") });
  const chips = h("div", { class: "chips" });
  const extra = h("div", { class: "extra" });
  let files = [];
  let found = [];
  let at = 0;
  let token = null;

  const showFiles = () => chips.replaceChildren(...files.map((file, number) => h("button", {
    type: "button", class: "chip", "aria-label": t("Remove {name}", { name: file.name }), on: { click: () => { files = files.filter((one, n) => n !== number); showFiles(); } },
  }, `📎 ${file.name} ✕`)));
  const add = (more) => { files = [...files, ...more]; showFiles(); field.focus(); };
  const close = () => { found = []; list.hidden = true; field.removeAttribute("aria-activedescendant"); };
  const mark = () => {
    [...list.children].forEach((child, number) => child.setAttribute("aria-selected", number === at ? "true" : "false"));
    field.setAttribute("aria-activedescendant", `${id}-option-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const choose = (one) => {
    const before = field.value.slice(0, token.start);
    const after = field.value.slice(field.selectionStart);
    close();
    if (one.choose) {
      field.value = "";
      one.choose();
      return;
    }
    field.value = `${before}${one.value} ${after}`;
    field.selectionStart = field.selectionEnd = before.length + one.value.length + 1;
    field.focus();
  };
  const complete = () => {
    const before = field.value.slice(0, field.selectionStart);
    const match = /(^\/|(?:^|\s)([@#]))([^\s]*)$/.exec(before);
    if (!match) { close(); return; }
    const kind = match[2] || "/";
    token = { start: before.length - match[3].length - 1 };
    const typed = match[3].toLowerCase();
    const all = sources(kind).filter((one) => [one.value.slice(1), one.also || ""].some((name) => name.toLowerCase().includes(typed)));
    found = all.sort((a, b) => b.value.slice(1).toLowerCase().startsWith(typed) - a.value.slice(1).toLowerCase().startsWith(typed)).slice(0, 50);
    at = 0;
    list.hidden = !found.length;
    list.replaceChildren(...found.map((one, number) => h("div", {
      role: "option", id: `${id}-option-${number}`, "aria-selected": "false", on: { mousedown: (event) => { event.preventDefault(); choose(one); } },
    }, h("strong", {}, one.label || one.value), " ", h("span", { class: "subtext" }, one.hint || ""))));
    if (found.length) mark(); else close();
  };
  const grow = () => { field.rows = Math.min(10, field.value.split("\n").length); };
  const submit = async (isSpoken = false) => {
    if (!field.value.trim() && (isSpoken || !files.length)) { field.focus(); return; }
    const [text, sent] = [field.value, files];
    field.value = "";
    files = [];
    showFiles();
    grow();
    try { await send(text, sent, isSpoken); } catch (error) {
      if (!field.value) field.value = text;
      files = sent;
      showFiles();
      throw error;
    }
  };
  field.addEventListener("input", () => { complete(); grow(); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      mark();
    } else if (found.length && (event.key === "Tab" || event.key === "Enter")) choose(found[at]);
    else if (found.length && event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) form.requestSubmit();
    else return;
    event.preventDefault();
  });
  field.addEventListener("paste", (event) => { if (event.clipboardData.files.length) { event.preventDefault(); add([...event.clipboardData.files]); } });
  picker.addEventListener("change", () => { add([...picker.files]); picker.value = ""; });
  const attempt = (isSpoken) => submit(isSpoken).catch((error) => form.dispatchEvent(new CustomEvent("failed", { bubbles: true, detail: error })));
  form.addEventListener("submit", (event) => { event.preventDefault(); attempt(false); });
  form.replaceChildren(extra, list, chips, h("div", { class: "row" },
    hasFiles && h("button", { type: "button", class: "icon-button", "aria-label": t("Attach files"), title: t("Attach files"), on: { click: () => picker.click() } }, "＋"), picker,
    field, h("button", { type: "button", class: "icon-button", "aria-label": t("Say it: a voice message"), title: t("Say it: a voice message"), on: { click: () => attempt(true) } }, "🎤"), h("button", { class: "button primary send" }, t("Send"))));
  return {
    field,
    extra,
    /** Offer anew what is typed now, as something was added. */
    refresh: () => { if (document.activeElement === field) complete(); },
  };
}
