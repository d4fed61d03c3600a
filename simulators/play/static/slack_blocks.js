// Block Kit as nodes: https://docs.slack.dev/reference/block-kit
import { h, link, menu, size } from "./dom.js";
import { codeBlock, emoji, inline, markup, mention, table } from "./markup.js";
import { t } from "./words.js";

/** Text objects. */
function text(object, context) {
  if (!object) return [];
  if (typeof object === "string") return [object];
  return object.type === "mrkdwn" ? markup(object.text, "mrkdwn", context) : [object.text];
}

function styled(node, style = {}) {
  let result = node;
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) {
    if (style[name]) result = h(tag, {}, result);
  }
  return result;
}

const INLINE = {
  text: (part) => part.text.split("\n").flatMap((line, at) => (at ? [h("br"), line] : [line])).map((one) => (one instanceof Node ? one : styled(one, part.style))),
  link: (part) => styled(link(part.url, part.text || part.url), part.style),
  user: (part, c) => mention(`@${c.name(part.user_id)}`, c.isMe(part.user_id)),
  usergroup: (part, c) => mention(`@${c.group(part.usergroup_id)}`),
  channel: (part, c) => mention(`#${c.place(part.channel_id)}`),
  broadcast: (part) => mention(`@${part.range}`),
  emoji: (part) => emoji(part.name, part.unicode),
  date: (part) => new Date(part.timestamp * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }),
  color: (part) => h("code", {}, part.value),
};

const inlines = (parts, context) => parts.flatMap((part) => (INLINE[part.type] ? INLINE[part.type](part, context) : [part.text || ""]));
const plain = (parts) => parts.map((part) => part.text || part.url || "").join("");

function richText(elements, context) {
  const nodes = [];
  for (let at = 0; at < elements.length; at += 1) {
    const element = elements[at];
    if (element.type === "rich_text_section") nodes.push(h("p", {}, ...inlines(element.elements, context)));
    else if (element.type === "rich_text_preformatted") nodes.push(codeBlock(plain(element.elements), element.language));
    else if (element.type === "rich_text_quote") nodes.push(h("blockquote", {}, ...inlines(element.elements, context)));
    else if (element.type === "rich_text_list") {
      const group = [];
      for (; at < elements.length && elements[at].type === "rich_text_list"; at += 1) group.push(elements[at]);
      at -= 1;
      nodes.push(lists(group, context));
    }
  }
  return nodes;
}

/** Lists that follow one another, each with its indent, as nested lists. */
function lists(group, context) {
  const top = h("div", { class: "lists" });
  const open = [];
  for (const one of group) {
    const depth = one.indent || 0;
    while (open.length && (open[open.length - 1].depth > depth || (open[open.length - 1].depth === depth && open[open.length - 1].style !== one.style))) open.pop();
    if (!open.length || open[open.length - 1].depth < depth) {
      const element = h(one.style === "ordered" ? "ol" : "ul", one.offset ? { start: one.offset + 1 } : {});
      const parent = open.length ? open[open.length - 1].element.lastElementChild || top : top;
      parent.append(element);
      open.push({ depth, style: one.style, element });
    }
    for (const item of one.elements) {
      open[open.length - 1].element.append(h("li", {}, ...(item.type === "rich_text_section" ? inlines(item.elements, context) : richText([item], context))));
    }
  }
  return top;
}

function picture(source, alt, title) {
  const shown = source.startsWith("/") ? h("img", { src: source, alt: alt || "", loading: "lazy" }) : link(source, alt || source);
  return h("figure", {}, title && h("figcaption", {}, title), shown);
}

const fileUrl = (file) => (file?.id ? `/api/slack/files/${file.id}` : file?.url || "");


function rows(block, c) {
  const cell = (one) => (one.type === "rich_text" ? richText(one.elements, c) : [String(one.text)]);
  const [head, ...below] = block.rows.map((row) => row.map(cell));
  return table(head, below);
}

const BLOCKS = {
  header: (block) => h("p", { class: "heading h2" }, block.text.text),
  divider: () => h("hr"),
  markdown: (block, c) => h("div", {}, ...markup(block.text, "markdown", c)),
  rich_text: (block, c) => h("div", {}, ...richText(block.elements, c)),
  section: (block, c) => h("div", { class: "section" },
    h("div", {}, ...text(block.text, c), block.fields && h("div", { class: "fields" }, ...block.fields.map((field) => h("div", {}, ...text(field, c))))),
    block.accessory && element(block.accessory, block, c)),
  context: (block, c) => h("div", { class: "context" }, ...block.elements.map((one) => (one.type === "image" ? picture(one.image_url || fileUrl(one.slack_file), one.alt_text) : h("div", {}, ...text(one, c))))),
  actions: (block, c) => h("div", { class: "actions" }, ...block.elements.map((one) => element(one, block, c))),
  context_actions: (block, c) => h("div", { class: "actions" }, ...block.elements.map((one) => element(one, block, c))),
  image: (block, c) => picture(block.image_url || fileUrl(block.slack_file), block.alt_text, block.title?.text),
  video: (block, c) => h("p", {}, link(block.title_url || block.video_url, block.title?.text || block.alt_text), ...text(block.description, c)),
  table: (block, c) => rows(block, c),
  data_table: (block, c) => rows(block, c),
  data_visualization: (block) => {
    const points = (block.chart.segments || block.chart.series.flatMap((series) => series.data)).map((point) => [point.label, point.value]);
    const most = Math.max(...points.map(([, value]) => value), 0) || 1;
    const bar = ([label, value]) => [[label], [h("meter", { min: "0", max: `${most}`, value: `${value}`, "aria-label": label }), ` ${value}`]];
    return h("div", {}, h("p", { class: "heading h3" }, block.title), table([block.chart.axis_config?.x_label || "", block.chart.series?.[0].name || ""], points.map(bar)));
  },
  task_card: (block, c) => task({ ...block, details: block.details && richText([block.details].flat(), c) }, c),
  plan: (block, c) => h("div", {}, h("strong", {}, block.title || ""), ...(block.tasks || []).map((one) => task(one, c))),
  alert: (block, c) => h("div", { class: "alert", role: "note" }, ...text(block.text, c)),
  file: (block) => h("p", {}, block.external_id || t("file")),
  input: (block, c) => field(block, c),
};

/** The nodes of blocks. */
export function blocks(list, context) {
  return (list || []).map((block) => {
    const build = BLOCKS[block.type];
    return h("div", { class: `block ${block.type}` }, build ? build(block, context) : h("p", { class: "subtext" }, t("(a block of type {type})", { type: block.type })));
  });
}

/** A step of a streamed answer. */
export function task(one) {
  const marks = { pending: "○", in_progress: "◔", complete: "✓", error: "✗" };
  return h("div", { class: `task ${one.status || ""}` }, h("span", { "aria-hidden": "true" }, marks[one.status] || "•"), " ",
    h("span", { class: "visually-hidden" }, `${one.status ? t(one.status) : ""}: `), one.title || "", one.output && h("div", { class: "subtext" }, typeof one.output === "string" ? one.output : ""));
}

/** The player or name of a file. */
export function fileView(file) {
  const [kind] = file.type.split("/");
  const name = `${file.name} (${size(file.size)})`;
  if (kind === "image" && file.type !== "image/svg+xml") {
    return h("figure", { class: "file" }, h("figcaption", {}, name), h("a", { href: file.url, target: "_blank" }, h("img", { src: file.url, alt: file.alt || file.name, loading: "lazy" })));
  }
  if (kind === "video" || kind === "audio") {
    return h("figure", { class: "file" }, h("figcaption", {}, name), h(kind, { src: file.url, controls: true, preload: "metadata", "aria-label": file.alt || file.name }));
  }
  return h("p", { class: "file" }, h("a", { href: file.url, download: file.name }, `📄 ${name}`));
}

// ---- what can be pressed, chosen and filled in

const options = (one) => (one.option_groups ? one.option_groups.flatMap((group) => group.options) : one.options || []);
const label = (option) => option.text.text;

/** The choices of a select menu, by its type. */
function choices(one, context) {
  if (one.type.includes("users_select")) return context.people().map(([id, name]) => [id, `@${name}`]);
  if (one.type.includes("conversations_select") || one.type.includes("channels_select")) return context.places().map(([id, name]) => [id, name]);
  return options(one).map((option) => [option.value, label(option)]);
}

function initial(one) {
  return one.initial_option?.value || one.initial_user || one.initial_conversation || one.initial_channel || "";
}

/** An element of a message, a modal's section or the home tab; using it tells the app. */
function element(one, block, c) {
  const focus = `${block.block_id}/${one.action_id || one.type}`;
  const use = async (chosen = {}) => {
    if (one.confirm && !window.confirm(`${one.confirm.title?.text || ""}\n${one.confirm.text?.text || ""}`)) return;
    await c.press(one.action_id, chosen);
  };
  switch (one.type) {
    case "button": {
      const button = h("button", { type: "button", class: `button ${one.style || ""}`, "aria-label": one.accessibility_label, data: { focus }, on: { click: () => use() } }, emojied(label(one)));
      return one.url ? h("span", {}, button, " ", link(one.url, "↗")) : button;
    }
    case "icon_button":
      return h("button", { type: "button", class: "button", title: label(one), data: { focus }, on: { click: () => use() } }, one.icon === "trash" ? "🗑" : "", " ", label(one));
    case "feedback_buttons":
      return h("span", { class: "feedback" }, ...[["positive_button", "👍", true], ["negative_button", "👎", false]].map(([name, mark, good]) => h("button", {
        type: "button", class: "button", title: label(one[name]), "aria-label": one[name].accessibility_label || label(one[name]), data: { focus: `${focus}/${name}` }, on: { click: () => use({ good }) },
      }, mark)));
    case "overflow":
      return menu(t("More"), options(one).map((option) => ({ label: label(option), act: () => use({ value: option.value }) })), { class: "button" });
    case "image":
      return picture(one.image_url || fileUrl(one.slack_file), one.alt_text);
    case "checkboxes":
    case "radio_buttons":
      return group(one, focus, (value) => use({ value }));
    case "number_input":
    case "plain_text_input":
      return input(one, { data: { focus, block: block.block_id } }, block);
    default: {
      const select = selectOf(one, c, { data: { focus, block: block.block_id }, "aria-label": one.placeholder?.text || block.text?.text || one.action_id });
      select.addEventListener("change", () => use({ value: one.type.startsWith("multi_") ? [...select.selectedOptions].map((o) => o.value) : select.value }));
      return select;
    }
  }
}

const emojied = (words) => inline(words, "mrkdwn", { name: (id) => id }).map((node) => node);

function selectOf(one, c, props) {
  const isMany = one.type.startsWith("multi_");
  const chosen = new Set(isMany ? one.initial_users || (one.initial_options || []).map((option) => option.value) : [initial(one)]);
  return h("select", { ...props, multiple: isMany },
    !isMany && !initial(one) && h("option", { value: "" }, one.placeholder?.text || t("Choose")),
    ...choices(one, c).map(([value, name]) => h("option", { value, selected: chosen.has(value) }, name)));
}

function group(one, focus, change) {
  const chosen = new Set([...(one.initial_options || []), one.initial_option].filter(Boolean).map((option) => option.value));
  const holder = choiceGroup(focus, one.type === "checkboxes", options(one).map((option) => [option.value, label(option), chosen.has(option.value)]));
  if (change) holder.addEventListener("change", () => change(holder.read()));
  return holder;
}

/** Radio buttons or, if `isMany`, checkboxes for `[value, label, is chosen]`; `read` returns what is chosen. */
export function choiceGroup(name, isMany, list) {
  const holder = h("div", { class: "choices", role: isMany ? "group" : "radiogroup" }, ...list.map(([value, words, isChosen], at) => h("label", {},
    h("input", { type: isMany ? "checkbox" : "radio", name, value, checked: isChosen, data: { focus: `${name}/${at}` } }), " ", words)));
  holder.read = () => {
    const chosen = [...holder.querySelectorAll("input:checked")].map((box) => box.value);
    return isMany ? chosen : chosen[0];
  };
  return holder;
}

function input(one, props, block) {
  const shared = { ...props, placeholder: one.placeholder?.text, maxlength: one.max_length, minlength: one.min_length, "aria-label": props["aria-labelledby"] ? undefined : (block.label?.text || one.placeholder?.text || one.action_id) };
  if (one.type === "number_input") return h("input", { ...shared, type: "number", step: one.is_decimal_allowed ? "any" : "1", min: one.min_value, max: one.max_value, value: one.initial_value });
  if (one.multiline) return h("textarea", { ...shared, rows: 4 }, one.initial_value || "");
  return h("input", { ...shared, type: one.type === "datepicker" ? "date" : "text", value: one.initial_value || one.initial_date });
}

/** A field of a form. */
function field(block, c) {
  const one = block.element;
  const id = `field-${block.block_id}`;
  const error = c.errors?.[block.block_id];
  const props = { id, required: !block.optional, data: { block: block.block_id }, "aria-describedby": `${id}-hint`, "aria-invalid": error ? "true" : undefined, "aria-labelledby": `${id}-label` };
  let control;
  if (one.type === "file_input") control = h("input", { ...props, type: "file", multiple: (one.max_files || 10) > 1, accept: (one.filetypes || []).map((name) => `.${name}`).join(",") || undefined });
  else if (one.type === "checkboxes" || one.type === "radio_buttons") {
    control = group(one, id);
    control.dataset.block = block.block_id;
    control.setAttribute("aria-labelledby", `${id}-label`);
  } else if (one.type.includes("select")) control = selectOf(one, c, props);
  else control = input(one, props, block);
  const dispatch = block.dispatch_action && (() => c.press(one.action_id, { value: control.read ? control.read() : control.value }));
  if (dispatch) control.addEventListener("change", dispatch);
  return h("div", { class: "field" }, h(control.read ? "span" : "label", { id: `${id}-label`, for: control.read ? undefined : id }, block.label.text, block.optional && h("span", { class: "subtext" }, ` ${t("(optional)")}`)), control,
    h("span", { id: `${id}-hint`, class: error ? "error" : "subtext" }, error || block.hint?.text || ""));
}

/** The values of a form, by block; `files`: uploads by block. */
export function readForm(form) {
  const values = {};
  const files = {};
  for (const control of form.querySelectorAll("[data-block]")) {
    const name = control.dataset.block;
    if (control.type === "file") files[name] = [...control.files];
    else if (control.read) { if (control.read() !== undefined) values[name] = control.read(); } else if (control.multiple) values[name] = [...control.selectedOptions].map((option) => option.value);
    else if (control.tagName !== "SELECT" || control.value) values[name] = control.value;
  }
  return { values, files };
}
