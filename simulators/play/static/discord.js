// The Discord-like page.
import { post, speak, upload } from "./api.js";
import { components, media } from "./discord_components.js";
import { readForm } from "./slack_blocks.js";
import { composer } from "./composer.js";
import { clock, fill, h, menu, sync } from "./dom.js";
import { markup } from "./markup.js";
import { t } from "./words.js";

const EPHEMERAL = 64;
const LOADING = 128;
const [BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT] = [5, 6, 7, 8, 9, 11];
const SIGNS = { channel: "#", thread: "🧵", forum: "🗂", direct: "" };

/** Build the page in `page`, the parts of the shell that both platforms share. */
export function discord(page) {
  const { state } = page;
  let answering = null;
  const strict = (action, body = {}) => post(`/api/discord/do/${action}`, { person: state.person, channel: state.place.id, ...body });
  const act = (action, body) => page.attempt(() => strict(action, body));
  const names = {
    name: (id) => state.names[id] || id,
    isMe: (id) => id === state.person,
    role: (id) => state.roles[id] || id,
    roles: () => Object.entries(state.roles),
    place: (id) => state.places.find((one) => one.id === id)?.name || t("unknown"),
    people: () => Object.entries(state.names).filter(([id]) => id !== state.bot),
    places: () => state.places.filter((one) => one.kind === "channel"),
  };
  const local = (one, name) => one[`${name}_localizations`]?.[state.locale] || one[name];
  const sources = (kind) => {
    if (kind === "#") return names.places().map((one) => ({ value: `#${one.name}` }));
    if (kind === "@") return Object.entries(state.names).map(([id, name]) => ({ value: `@${name}`, hint: id === state.bot ? t("app") : "" }));
    return state.commands.map((one) => ({ value: `/${local(one, "name")}`, also: one.name, hint: local(one, "description"), choose: () => showCommand(one) }));
  };
  const main = composer(page.composer, {
    label: t("Message"), sources, send: async (text, files, isSpoken) => {
      const answers = answering;
      const sent = isSpoken ? { text: "", files: [await speak("discord", state.person, text)] } : { text, files: await upload("discord", state.person, files) };
      await strict("say", { ...sent, answers });
      answer(null);
    },
  });

  function answer(message) {
    answering = message?.id || null;
    main.extra.replaceChildren(...(message ? [h("p", { class: "subtext" }, t("Replying to {name}", { name: names.name(message.author) }), " ", h("button", { type: "button", class: "icon-button", "aria-label": t("Do not reply"), on: { click: () => answer(null) } }, "✕"))] : []));
    if (message) main.field.focus();
  }

  // ---- slash commands, each with a form of its typed options

  function showCommand(command) {
    const close = () => { main.extra.replaceChildren(); main.field.focus(); };
    const read = () => {
      const values = {};
      for (const control of box.querySelectorAll("[data-option]")) if (control.type !== "file" && control.value !== "") values[control.dataset.option] = control.value;
      return values;
    };
    const send = () => page.attempt(async () => {
      const files = {};
      for (const control of box.querySelectorAll("input[type=file]")) if (control.files.length) [files[control.dataset.option]] = await upload("discord", state.person, control.files);
      const missing = (command.options || []).find((one) => one.required && one.type !== ATTACHMENT && !read()[one.name]);
      if (missing) throw new Error(t("Fill in {field}.", { field: local(missing, "name") }));
      const values = read();
      close();
      await strict("command", { command: command.name, values, files });
    });
    const box = h("div", { class: "command", role: "group", "aria-label": t("Command {name}", { name: command.name }) },
      h("p", {}, h("strong", {}, `/${local(command, "name")}`), " ", h("span", { class: "subtext" }, local(command, "description"))),
      h("div", { class: "options" }, ...(command.options || []).map((one) => optionField(command, one, read))),
      h("div", { class: "actions end" }, h("button", { type: "button", class: "button", on: { click: close } }, t("Cancel")), h("button", { type: "button", class: "button primary", on: { click: send } }, t("Use"))));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("input, textarea")) { event.preventDefault(); send(); }
      if (event.key === "Escape") { event.preventDefault(); close(); }
    });
    main.extra.replaceChildren(box);
    box.querySelector(command.options?.length ? "[data-option]" : ".primary").focus();
  }

  const offered = (type) => ({
    [BOOLEAN]: [["true", t("True")], ["false", t("False")]], [USER]: names.people(), [ROLE]: names.roles(),
    [MENTIONABLE]: [...names.people(), ...names.roles()].map(([id, name]) => [id, `@${name}`]), [CHANNEL]: names.places().map((place) => [place.id, `#${place.name}`]),
  }[type]);

  function optionField(command, one, read) {
    const id = `option-${one.name}`;
    const props = { id, data: { option: one.name }, "aria-describedby": `${id}-hint` };
    let control;
    let more = null;
    if (one.type === ATTACHMENT) control = h("input", { ...props, type: "file" });
    else if (one.choices || [BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE].includes(one.type)) {
      const choices = one.choices?.map((choice) => [choice.value, local(choice, "name")]) || offered(one.type);
      control = h("select", props, h("option", { value: "" }, ""), ...choices.map(([value, name]) => h("option", { value }, name)));
    } else {
      const isNumber = one.type === 4 || one.type === 10;
      control = h("input", { ...props, type: isNumber ? "number" : "text", step: one.type === 10 ? "any" : undefined, min: one.min_value, max: one.max_value, maxlength: one.max_length, autocomplete: "off", list: one.autocomplete ? `${id}-list` : undefined });
      if (one.autocomplete) {
        more = h("datalist", { id: `${id}-list` });
        const ask = async () => {
          const typed = control.value;
          const answer = await page.attempt(() => strict("complete", { command: command.name, option: one.name, text: typed, values: read() }));
          if (answer && control.value === typed) more.replaceChildren(...answer.choices.map((choice) => h("option", { value: choice.value }, choice.name)));
        };
        control.addEventListener("input", ask);
        control.addEventListener("focus", ask);
      }
    }
    return h("div", { class: "option" }, h("label", { for: id }, local(one, "name"), one.required ? " *" : ""), control, more, h("span", { id: `${id}-hint`, class: "subtext" }, local(one, "description")));
  }

  // ---- messages

  const nameOf = (one) => (one.title ? one.title + one.filename.replace(/^.*(?=\.)/, "") : one.filename);
  const file = (one) => media(one.url, nameOf(one), one.content_type, one.size, one.description || nameOf(one), one.filename.startsWith("SPOILER_"));

  function embed(one, context) {
    return h("div", { class: "container" }, one.title && h("p", { class: "heading" }, one.title), ...markup(one.description || "", "discord", context),
      one.fields && h("div", { class: "fields" }, ...one.fields.map((each) => h("div", {}, h("strong", {}, each.name), ...markup(each.value, "discord", context)))), one.footer && h("p", { class: "subtext" }, one.footer.text));
  }

  function render(message) {
    const context = { ...names, press: (control, values) => act("press", { message: message.id, control, values }) };
    const isOwn = message.author === state.person;
    const isPrivate = Boolean(message.flags & EPHEMERAL);
    const isThinking = Boolean(message.flags & LOADING);
    if (message.type === 21) return h("li", { class: "message" }, h("p", { class: "subtext" }, t("The thread begins here.")));
    const entries = isPrivate ? [{ label: t("Dismiss"), act: () => act("dismiss", { message: message.id }) }] : [
      { label: t("Reply"), act: () => answer(message) },
      isOwn && { label: t("Edit"), act: () => page.ask(t("Edit your message"), message.content.replace(/<@(\d+)>/g, (whole, id) => `@${names.name(id)}`), (text) => act("edit", { message: message.id, text })) },
      isOwn && { label: t("Delete"), act: () => act("delete", { message: message.id }) },
      ...state.shortcuts.filter((one) => one.type === 3).map((one) => ({ label: `⚡ ${local(one, "name")}`, act: () => act("message_command", { message: message.id, command: one.name }) })),
      ...state.shortcuts.filter((one) => one.type === 2).map((one) => ({ label: `👤 ${local(one, "name")}`, act: () => act("user_command", { user: message.author, command: one.name }) })),
    ].filter(Boolean);
    return h("li", { class: `message${isPrivate ? " ephemeral" : ""}${message.is_bot ? " bot" : ""}` },
      page.avatar(message.author, names.name(message.author), message.is_bot),
      h("div", { class: "body" },
        message.used && h("p", { class: "subtext" }, "↱ ", t("{name} used", { name: names.name(message.used.by) }), " ", h("strong", {}, message.used.what)),
        message.answers && h("p", { class: "subtext" }, `↱ ${names.name(message.answers.author)}: `, ...markup(message.answers.content.split("\n")[0], "discord", names).flatMap((node) => [...node.childNodes])),
        h("p", { class: "by" }, h("strong", {}, names.name(message.author)), message.is_bot && h("span", { class: "badge" }, t("app")), " ", h("time", {}, clock(Date.parse(message.timestamp))), message.edited && !message.is_bot && h("span", { class: "subtext" }, ` ${t("(edited)")}`)),
        isThinking ? h("p", { class: "streaming" }, h("span", { class: "dots", "aria-hidden": "true" }, "●●●"), ` ${t("{name} is thinking…", { name: names.name(message.author) })}`)
          : h("div", { class: "content" }, ...markup(message.content, "discord", context)),
        ...message.embeds.map((one) => embed(one, context)),
        h("div", { class: "files" }, ...message.attachments.map(file)),
        ...components(message.components, context),
        message.reactions.length > 0 && h("p", { class: "reactions" }, ...message.reactions.map((one) => h("span", { class: "reaction" }, `${decodeURIComponent(one)} 1`))),
        message.thread && h("button", { type: "button", class: "replies", data: { focus: `open${message.id}` }, on: { click: () => page.go({ place: message.id }) } }, `🧵 ${message.thread}`),
        isPrivate && h("p", { class: "subtext" }, `👁 ${t("Only you can see this")}`),
      ),
      h("div", { class: "tools" }, menu(t("More actions"), entries, { class: "icon-button", data: { focus: `menu${message.id}` } })));
  }

  function showModal() {
    const view = state.modal;
    page.modal(view && `${view.id}/`, () => {
      const submit = async (event) => {
        event.preventDefault();
        const form = event.currentTarget;
        await page.attempt(async () => {
          const { values, files } = readForm(form);
          for (const [name, list] of Object.entries(files)) if (list.length) values[name] = { files: await upload("discord", state.person, list) };
          await strict("submit", { values });
        });
      };
      return {
        close: () => act("close"),
        body: h("form", { on: { submit } }, h("h2", { id: "modal-title" }, view.title), ...components(view.components, { ...names, press: () => {} }),
          h("div", { class: "actions end" }, h("button", { type: "button", class: "button", data: { closes: "1" } }, t("Cancel")), h("button", { class: "button primary" }, t("Submit")))),
      };
    });
  }

  return {
    /** Show what changed. */
    show(changed) {
      if (changed.places || changed.place) {
        const inner = (parent) => state.places.filter((one) => one.parent === parent && (!one.is_archived || one.id === state.place.id));
        const channels = state.places.filter((one) => ["channel", "forum"].includes(one.kind)).flatMap((one) => [one, ...inner(one.id)]);
        page.places([[t("Channels"), channels], [t("Direct messages"), state.places.filter((one) => one.kind === "direct")]], (one) => `${SIGNS[one.kind]} ${one.name}`);
      }
      const parent = state.places.find((one) => one.id === state.place.parent);
      fill(page.head, [state.place, parent], () => [
        parent && h("button", { type: "button", class: "plain", on: { click: () => page.go({ place: parent.id }) } }, `← #${parent.name}`),
        h("h1", {}, `${SIGNS[state.place.kind]} ${state.place.name}`.trim()),
      ]);
      page.stick(page.scroll, () => sync(page.messages, state.messages, (one) => one.id, render));
      page.advise(state.place.kind === "direct");
      page.status.textContent = state.typing ? t("{name} is typing…", { name: state.names[state.bot] }) : "";
      page.composer.querySelector(".row").hidden = state.place.kind === "forum";
      if (changed.commands) main.refresh();
      showModal();
    },
    /** A place is left: what is being answered or asked there is no more. */
    left() { answer(null); },
  };
}
