// The side panel: what went over the wire, and faults to make.
import { h, sync } from "./dom.js";
import { post } from "./api.js";
import { t } from "./words.js";

const ARROWS = { event: "→", call: "←", api: "⇄", note: "•" };
const MEANINGS = { event: t("from the platform to the service"), call: t("from the service to the platform"), api: t("from the service to the AI API"), note: t("note") };

/** A name that may go on in the next line after its separators. */
const breakable = (text) => text.split(/(?<=[/._])/).flatMap((part) => [part, h("wbr")]);

/** Build the panel in `page.wire`. */
export function wire(page) {
  const entries = new Map();
  const list = h("ol", { class: "entries", tabindex: "0", "aria-label": t("Events and calls, newest last") });
  const shown = h("pre", { class: "detail", tabindex: "0", hidden: true });
  const other = h("input", { type: "checkbox", id: "wire-other" });
  const fault = (name) => page.attempt(() => post(`/api/faults/${name}`, { platform: page.platform }));
  const slow = h("button", { type: "button", class: "button", "aria-pressed": "false", on: { click: () => fault("slow") } }, t(page.platform === "slack" ? "Slack is slow" : "Discord is slow"));
  const limit = h("button", { type: "button", class: "button", on: { click: () => fault("limit") } }, t("API answers 429"));
  const detail = async (id) => page.attempt(async () => {
    const answer = await fetch(`/api/wire/${id}`);
    shown.textContent = await answer.text();
    shown.hidden = false;
    shown.focus();
  });
  const render = (one) => h("li", { class: `entry ${one.kind}${one.is_wrong ? " wrong" : ""}` }, h("button", { type: "button", data: { focus: `entry${one.id}` }, on: { click: () => detail(one.id) } },
    h("time", {}, new Date(one.at).toLocaleTimeString([], { hour12: false }), `.${String(one.at % 1000).padStart(3, "0")}`),
    h("span", { class: "arrow", title: MEANINGS[one.kind] }, ARROWS[one.kind], h("span", { class: "visually-hidden" }, ` ${MEANINGS[one.kind]}: `)),
    h("span", { class: "title" }, ...breakable(one.kind === "note" ? t(one.title, one.values) : one.title), (one.note || one.tries > 1) && h("span", { class: "subtext" }, ` ${one.note ? t(one.note) : t("try {number}", { number: one.tries })}`)),
    h("span", { class: "outcome" }, t(one.status), one.ms !== null && one.kind !== "note" ? ` ${one.ms} ms` : "")));
  const draw = () => {
    const wanted = [...entries.values()].filter((one) => other.checked || [page.platform, "api", "service"].includes(one.platform)).sort((a, b) => a.at - b.at || a.id - b.id).slice(-300);
    page.stick(list, () => sync(list, wanted, (one) => one.id, render));
  };
  other.addEventListener("change", draw);
  page.wire.append(
    h("div", { class: "head" }, h("h2", {}, t("Wire")), h("button", { type: "button", class: "icon-button", "aria-label": t("Close the wire"), on: { click: () => page.toggleWire() } }, "✕")),
    h("div", { class: "faults", role: "group", "aria-label": t("Faults") },
      h("button", { type: "button", class: "button danger", on: { click: () => fault("kill") } }, t("Kill the service now")),
      h("button", { type: "button", class: "button", on: { click: () => fault("twice") } }, t("Send the event twice")), slow, limit),
    h("label", { class: "subtext" }, other, ` ${t("with the other platform")}`), list, shown);
  return {
    add(news) { for (const one of news) entries.set(one.id, one); while (entries.size > 2000) entries.delete(entries.keys().next().value); if (!page.wire.hidden) draw(); },
    draw,
    state(service) {
      slow.setAttribute("aria-pressed", service.is_slow ? "true" : "false");
      limit.setAttribute("aria-pressed", service.refuses ? "true" : "false");
    },
  };
}
