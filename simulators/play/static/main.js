// The shell that both pages share.
import { listen } from "./api.js";
import { fill, h } from "./dom.js";
import { slack } from "./slack.js";
import { discord } from "./discord.js";
import { wire } from "./wire.js";
import { chooseLanguage, language, LANGUAGES, t, translatePage } from "./words.js";

const element = (id) => document.getElementById(id);
const platform = location.pathname.startsWith("/discord") ? "discord" : "slack";
const seen = new Map();

const page = {
  platform,
  state: { places: [], messages: [], names: {}, groups: {}, commands: [], shortcuts: [], people: [] },
  query: Object.fromEntries(new URLSearchParams(location.search)),
  head: element("head"), scroll: element("scroll"), messages: element("messages"), hint: element("hint"), home: element("home"), status: element("status"),
  composer: element("composer"), thread: element("thread"), threadHead: element("thread-head"), threadScroll: element("thread-scroll"),
  threadMessages: element("thread-messages"), threadStatus: element("thread-status"), threadComposer: element("thread-composer"), wire: element("wire"),

  /** Try something; a failure is told. */
  async attempt(action) {
    try { return await action(); } catch (error) { page.toast(error.message); return undefined; }
  },
  toast(words) {
    const one = h("p", {}, words);
    element("toasts").append(one);
    setTimeout(() => one.remove(), 8000);
  },
  /** Go to another place, thread, tab or person. */
  go(change) {
    const moved = "place" in change || "person" in change;
    if (moved) Object.assign(page.query, { thread: "", tab: "" });
    Object.assign(page.query, change);
    const query = new URLSearchParams(Object.entries(page.query).filter(([, value]) => value));
    history.replaceState(null, "", `${location.pathname}?${query}`);
    if (moved) {
      document.body.classList.remove("menu-open");
      view.left?.();
    }
    connect(moved);
    if (change.thread) setTimeout(() => page.threadComposer.querySelector("textarea")?.focus(), 50);
  },
  /** Change what is in a scrolled box; its end stays in sight. */
  stick(box, change) {
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    change();
    if (!isAtEnd) return;
    box.scrollTop = box.scrollHeight;
    for (const picture of box.querySelectorAll("img:not([data-seen]), video:not([data-seen])")) {
      picture.dataset.seen = "1";
      picture.addEventListener(picture.tagName === "IMG" ? "load" : "loadedmetadata", () => { box.scrollTop = box.scrollHeight; }, { once: true });
    }
  },
  /** What to do in a place without messages. */
  advise(isDirect) {
    page.hint.hidden = page.messages.hidden || page.state.place.kind === "forum" || page.messages.children.length > 0;
    page.hint.textContent = isDirect ? t("Write a question, or / for the commands.") : t("Write @{name} and a question, or / for the commands.", { name: page.state.names[page.state.bot] });
  },
  avatar(id, name, isBot) {
    const hue = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 8, 7);
    return h("span", { class: `avatar hue${hue}`, "aria-hidden": "true" }, isBot ? "✦" : [...name][0] || "?");
  },
  /** The list of places. `groups`: [title, places]. */
  places(groups, title) {
    fill(element("places"), [groups, page.state.place?.id], () => groups.map(([name, list]) => [h("h2", {}, name), h("ul", {}, ...list.map((one) => {
      const isHere = one.id === page.state.place?.id;
      if (isHere || !seen.has(one.id)) seen.set(one.id, one.last);
      const isNew = one.last && seen.get(one.id) !== one.last;
      return h("li", { class: one.parent ? "inner" : "" }, h("button", {
        type: "button", "aria-current": isHere ? "page" : undefined, class: isNew ? "new" : "", data: { focus: `place${one.id}` }, on: { click: () => page.go({ place: one.id }) },
      }, title(one), isNew && h("span", { class: "visually-hidden" }, ` ${t("(new)")}`)));
    }))]));
  },
  /** Show a form in a dialog; `state` is what it shows, null: none. */
  modal(state, make) {
    const dialog = element("modal");
    if (dialog.state === state) return;
    dialog.state = state;
    if (!state) {
      if (!dialog.isAsking) shut(dialog);
      return;
    }
    const { body, close } = make();
    const id = state.split("/")[0];
    if (dialog.formId === id) keepValues(dialog, body);
    dialog.formId = id;
    dialog.isAsking = false;
    dialog.replaceChildren(body);
    dialog.oncancel = (event) => { event.preventDefault(); close(); };
    body.querySelector("[data-closes]")?.addEventListener("click", close);
    if (!dialog.open) dialog.showModal();
    body.querySelector("input, textarea, select")?.focus();
  },
  /** Ask for a text. */
  ask(title, value, done) {
    const dialog = element("modal");
    const field = h("textarea", { rows: 4, "aria-labelledby": "modal-title" }, value);
    const close = () => { dialog.isAsking = false; shut(dialog); };
    dialog.isAsking = true;
    dialog.oncancel = close;
    dialog.replaceChildren(h("form", { on: { submit: (event) => { event.preventDefault(); close(); done(field.value); } } }, h("h2", { id: "modal-title" }, title), field,
      h("div", { class: "actions end" }, h("button", { type: "button", class: "button", on: { click: close } }, t("Cancel")), h("button", { class: "button primary" }, t("Save")))));
    dialog.showModal();
  },
  toggleWire() {
    page.wire.hidden = !page.wire.hidden;
    element("wire-button").setAttribute("aria-expanded", page.wire.hidden ? "false" : "true");
    if (!page.wire.hidden) panel.draw();
  },
};

/** Close a dialog. Chromium gives the focus back without a cursor, so that nothing could be typed: it is set anew. */
function shut(dialog) {
  dialog.close();
  const focused = document.activeElement;
  if (!focused || focused === document.body) return;
  focused.blur();
  focused.focus();
}

/** What was typed into a form stays when it is shown anew, as with errors. */
function keepValues(dialog, body) {
  for (const control of dialog.querySelectorAll("[data-block]")) {
    const same = [...body.querySelectorAll("[data-block]")].find((one) => one.dataset.block === control.dataset.block);
    if (same && control.type !== "file" && !control.read && same.tagName === control.tagName && !control.multiple) same.value = control.value;
  }
}

document.body.dataset.platform = platform;
translatePage();
const languages = element("language");
languages.append(...Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag, selected: tag === language }, name)));
languages.addEventListener("change", () => chooseLanguage(languages.value));
document.title = `${t(platform === "slack" ? "Slack-like" : "Discord-like")} · ${t("Play")}`;
for (const one of document.querySelectorAll(".platforms a")) if (one.dataset.platform === platform) one.setAttribute("aria-current", "page");
const panel = wire(page);
const view = (platform === "slack" ? slack : discord)(page);
let close = () => {};

function connect(moved) {
  close();
  let isFirst = true;
  close = listen(platform, { person: page.query.person || "", place: page.query.place || "", thread: page.query.thread || "" }, (news) => {
    if ("service" in news) showService(news.service);
    if (news.wire) panel.add(news.wire);
    const { wire: ignored, service, ...changed } = news;
    if (!Object.keys(changed).length) return;
    Object.assign(page.state, changed);
    if (changed.people || changed.person) showPeople();
    view.show(changed);
    if (isFirst && moved) view.opened?.();
    isFirst = false;
  });
}

function showPeople() {
  const select = element("person");
  fill(select, [page.state.people, page.state.person], () => page.state.people.map((one) => h("option", { value: one.id, selected: one.id === page.state.person }, one.is_admin ? t("{name} (administrator)", { name: one.name }) : one.name)));
}

function showService(service) {
  const line = element("service");
  if (!service) { line.textContent = t("The page's server is away."); line.className = "service wrong"; return; }
  panel.state(service);
  const isReady = service.connected[platform];
  line.textContent = t(!service.is_alive ? "The service is not running" : isReady ? "Service connected" : "Service starting…");
  line.className = `service ${isReady && service.is_alive ? "ready" : "wrong"}`;
}

element("person").addEventListener("change", (event) => page.go({ person: event.target.value, place: page.state.place.kind === "im" || page.state.place.kind === "direct" ? "" : page.query.place }));
element("wire-button").addEventListener("click", () => page.toggleWire());
element("menu-button").addEventListener("click", () => {
  const isOpen = document.body.classList.toggle("menu-open");
  element("menu-button").setAttribute("aria-expanded", isOpen ? "true" : "false");
});
document.addEventListener("failed", (event) => page.toast(event.detail.message));
if (matchMedia("(min-width: 1100px)").matches) page.toggleWire();
connect(true);
