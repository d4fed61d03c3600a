// The Slack-like page.
import { post, speak, upload } from "./api.js";
import { blocks, fileView, readForm, task } from "./slack_blocks.js";
import { composer } from "./composer.js";
import { clock, fill, h, menu, sync } from "./dom.js";
import { inline, markup } from "./markup.js";
import { t } from "./words.js";

const SIGNS = { channel: "#", group: "🔒", im: "", mpim: "" };

/** Build the page in `page`, the parts of the shell that both platforms share. */
export function slack(page) {
  const { state } = page;
  const act = (action, body = {}) => page.attempt(() => post(`/api/slack/do/${action}`, { person: state.person, channel: state.place.id, ...body }));
  const strict = (action, body = {}) => post(`/api/slack/do/${action}`, { person: state.person, channel: state.place.id, ...body });
  const names = {
    name: (id) => state.names[id] || id,
    isMe: (id) => id === state.person,
    group: (id) => state.groups[id] || id,
    place: (id) => state.places.find((one) => one.id === id)?.name || id,
    people: () => Object.entries(state.names).filter(([id]) => id !== state.bot),
    places: () => state.places.map((one) => [one.id, `${SIGNS[one.kind]}${one.name}`]),
  };
  const isApp = () => state.place?.kind === "im";
  const sources = (isThread) => (kind) => {
    if (kind === "#") return state.places.filter((one) => one.kind !== "im").map((one) => ({ value: `#${one.name}` }));
    if (kind === "@") {
      return [[state.bot, state.names[state.bot]], ...names.people(), ...Object.entries(state.groups)].map(([id, name]) => ({ value: `@${name}`, hint: id === state.bot ? t("app") : id.startsWith("S") ? t("group") : "" }));
    }
    if (isThread) return [];
    return [
      ...state.commands.map((one) => ({ value: one.command, hint: `${one.description} ${one.usage_hint || ""}` })),
      ...state.shortcuts.filter((one) => one.type === "global").map((one) => ({ value: `/${one.name}`, label: `⚡ ${one.name}`, hint: one.description, choose: () => act("shortcut", { callback: one.callback_id }) })),
    ];
  };
  const sender = (thread) => async (text, files, isSpoken) => {
    const typed = !isSpoken && /^(\/[\w-]+)(?:\s+([\s\S]*))?$/.exec(text.trim());
    if (typed && !thread() && state.commands.some((one) => one.command === typed[1])) {
      await strict("command", { command: typed[1], text: typed[2] || "" });
      return;
    }
    if (typed && thread()) throw new Error(t("{command} is not supported in threads. Sorry!", { command: typed[1] }));
    const sent = isSpoken ? { text: "", files: [await speak("slack", state.person, text)] } : { text, files: await upload("slack", state.person, files) };
    const said = await strict("say", { ...sent, thread: thread() });
    if (isApp() && !thread()) page.go({ thread: said.ts });
  };
  const main = composer(page.composer, { label: t("Message"), sources: sources(false), send: sender(() => "") });
  composer(page.threadComposer, { label: t("Reply"), sources: sources(true), send: sender(() => page.query.thread) });

  function bodyOf(message, context) {
    const nodes = [];
    if (message.blocks?.length) {
      if (message.markdown) nodes.push(...markup(message.markdown, "markdown", names));
      nodes.push(...blocks(message.blocks, context));
    } else if (message.markdown) nodes.push(...markup(message.markdown, "markdown", names));
    else if (message.text) nodes.push(...markup(message.text, "mrkdwn", names));
    const tasks = new Map();
    for (const chunk of message.chunks || []) tasks.set(chunk.id || chunk.title, chunk);
    return [...[...tasks.values()].filter((one) => one.title).map((one) => task(one)), ...nodes];
  }

  function render(message, inThread) {
    const context = { ...names, press: (control, chosen) => act("press", { ts: message.ts, control, ...chosen }) };
    const isBot = message.user === state.bot;
    const isOwn = message.user === state.person;
    const root = message.thread_ts || message.ts;
    const entries = [
      !inThread && !message.viewer && { label: t("Reply in thread"), act: () => page.go({ thread: root }) },
      !message.viewer && { label: t("React with 👍"), act: () => act("react", { ts: message.ts, name: "+1" }) },
      isOwn && { label: t("Edit"), act: () => edit(message) },
      isOwn && { label: t("Delete"), act: () => act("delete", { ts: message.ts }) },
      ...(message.viewer ? [] : state.shortcuts.filter((one) => one.type === "message").map((one) => ({ label: `⚡ ${one.name}`, act: () => act("message_shortcut", { ts: message.ts, callback: one.callback_id }) }))),
    ].filter(Boolean);
    return h("li", { class: `message${message.viewer ? " ephemeral" : ""}${isBot ? " bot" : ""}`, data: { ts: message.ts } },
      page.avatar(message.user, message.username || names.name(message.user), isBot),
      h("div", { class: "body" },
        message.viewer && h("p", { class: "subtext" }, `👁 ${t("Only visible to you")}`),
        h("p", { class: "by" }, h("strong", {}, message.username || names.name(message.user)), isBot && h("span", { class: "badge" }, t("app")), " ", h("time", {}, clock(Number(message.ts) * 1000)), message.edited && !isBot && h("span", { class: "subtext" }, ` ${t("(edited)")}`)),
        h("div", { class: "content" }, ...bodyOf(message, context)),
        message.stream === "streaming" && h("p", { class: "streaming" }, h("span", { class: "dots", "aria-hidden": "true" }, "…"), h("span", { class: "visually-hidden" }, t("is being written"))),
        h("div", { class: "files" }, ...message.files.map(fileView)),
        message.reactions?.length > 0 && h("p", { class: "reactions" }, ...message.reactions.map((one) => h("button", { type: "button", class: one.users.includes(state.person) ? "reaction mine" : "reaction", "aria-pressed": one.users.includes(state.person) ? "true" : "false", on: { click: () => act("react", { ts: message.ts, name: one.name }) } }, ...inline(`:${one.name}:`, "mrkdwn", names), ` ${one.count}`))),
        !inThread && message.replies > 0 && h("button", { type: "button", class: "replies", data: { focus: `open${message.ts}` }, on: { click: () => page.go({ thread: message.ts }) } }, t(message.replies === 1 ? "1 reply" : "{count} replies", { count: message.replies }), h("span", { class: "subtext" }, ` ${t("last at {time}", { time: clock(Number(message.last_reply) * 1000) })}`)),
      ),
      entries.length > 0 && h("div", { class: "tools" }, !inThread && !message.viewer && h("button", { type: "button", class: "icon-button", title: t("Reply in thread"), "aria-label": t("Reply in thread"), data: { focus: `reply${message.ts}` }, on: { click: () => page.go({ thread: root }) } }, "💬"), menu(t("More actions"), entries, { class: "icon-button", data: { focus: `menu${message.ts}` } })));
  }

  function edit(message) {
    page.ask(t("Edit your message"), message.text.replace(/<@([A-Z0-9]+)>/g, (whole, id) => `@${names.name(id)}`).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&"), (text) => act("edit", { ts: message.ts, text }));
  }

  const statusText = (ts) => {
    const one = state.statuses?.[ts];
    return one ? `${state.names[state.bot]} ${one.status}` : "";
  };

  function showModal() {
    const view = state.modal;
    page.modal(view && `${view.id}/${view.hash}/${JSON.stringify(view.errors)}`, () => {
      const context = { ...names, errors: view.errors, press: (control, chosen) => act("press", { view: view.id, control, ...chosen }) };
      const submit = async (event) => {
        event.preventDefault();
        const form = event.currentTarget;
        await page.attempt(async () => {
          const { values, files } = readForm(form);
          for (const [name, list] of Object.entries(files)) if (list.length) values[name] = { files: await upload("slack", state.person, list) };
          await strict("submit", { view: view.id, values });
        });
      };
      return {
        close: () => act("close", { view: view.id }),
        body: h("form", { on: { submit }, novalidate: true }, h("h2", { id: "modal-title" }, view.title.text), ...blocks(view.blocks, context),
          h("div", { class: "actions end" }, h("button", { type: "button", class: "button", data: { closes: "1" } }, view.close?.text || t("Cancel")), view.submit && h("button", { class: "button primary" }, view.submit.text))),
      };
    });
  }

  return {
    /** Show what changed. */
    show(changed) {
      if (changed.places || changed.place) {
        page.places([[t("Channels"), state.places.filter((one) => one.kind !== "im")], [t("Direct messages and apps"), state.places.filter((one) => one.kind === "im")]], (one) => `${SIGNS[one.kind]} ${one.name}`);
      }
      const tab = isApp() && page.query.tab === "home" ? "home" : "messages";
      fill(page.head, [state.place, tab, state.person], () => [
        h("h1", {}, `${SIGNS[state.place.kind]}${state.place.kind === "im" ? "" : " "}${state.place.name}`.trim()),
        isApp() && h("div", { class: "tabs", role: "group", "aria-label": t("Tabs of the app") }, ...[["home", t("Home")], ["messages", t("Messages")]].map(([name, title]) => h("button", { type: "button", class: "tab", "aria-pressed": tab === name ? "true" : "false", on: { click: () => { page.go({ tab: name }); act("home", { tab: name }); } } }, title))),
      ]);
      const isHome = tab === "home";
      page.home.hidden = !isHome;
      page.messages.hidden = page.composer.hidden = isHome;
      if (isHome) {
        fill(page.home, state.home, () => (state.home ? blocks(state.home.blocks, { ...names, press: (control, chosen) => act("press", { home: true, control, ...chosen }) }) : h("p", { class: "subtext" }, t("The app has published nothing yet."))));
      } else {
        page.stick(page.scroll, () => sync(page.messages, state.messages, (one) => one.ts, (one) => render(one, false)));
      }
      page.advise(isApp());
      const prompts = isApp() && !isHome && !page.query.thread ? state.prompts : null;
      fill(main.extra, prompts || null, () => (prompts ? [h("p", { class: "subtext" }, prompts.title), h("div", { class: "actions" }, ...prompts.prompts.map((one) => h("button", { type: "button", class: "button", on: { click: () => sender(() => "")(one.message, []) } }, one.title)))] : []));
      page.thread.hidden = !state.thread;
      if (state.thread) {
        fill(page.threadHead, state.thread.title, () => [h("h2", {}, state.thread.title || t("Thread")), h("button", { type: "button", class: "icon-button", "aria-label": t("Close the thread"), on: { click: () => page.go({ thread: "" }) } }, "✕")]);
        page.stick(page.threadScroll, () => sync(page.threadMessages, state.thread.messages, (one) => one.ts, (one) => render(one, true)));
        const isWorking = Boolean(state.statuses[state.thread.ts]) || state.thread.messages.some((one) => one.stream === "streaming");
        fill(page.threadStatus, [statusText(state.thread.ts), isApp() && isWorking, state.thread.ts], () => [
          statusText(state.thread.ts), " ", isApp() && isWorking && h("button", { type: "button", class: "button", title: t("Slack's own Stop"), on: { click: () => act("stop", { thread: state.thread.ts }) } }, `■ ${t("Stop the app")}`),
        ]);
      }
      const working = Object.keys(state.statuses || {}).filter((ts) => ts !== state.thread?.ts);
      page.status.textContent = working.length ? statusText(working[working.length - 1]) : "";
      if (changed.commands) main.refresh();
      showModal();
    },
    /** A place was opened. */
    opened() { if (isApp()) act("home", { tab: page.query.tab === "home" ? "home" : "messages" }); },
  };
}
