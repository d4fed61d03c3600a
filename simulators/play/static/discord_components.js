// Components of messages and modals as nodes: https://docs.discord.com/developers/components/reference
import { h, link } from "./dom.js";
import { choiceGroup, fileView } from "./slack_blocks.js";
import { markup, spoiler } from "./markup.js";
import { t } from "./words.js";

const [ROW, BUTTON, SELECT, INPUT, USER_SELECT, ROLE_SELECT, MENTIONABLE, CHANNEL_SELECT] = [1, 2, 3, 4, 5, 6, 7, 8];
const [SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD] = [9, 10, 11, 12, 13, 14, 17, 18, 19];
const [RADIOS, CHECKBOXES, CHECKBOX] = [21, 22, 23];
const STYLES = { 1: "primary", 2: "", 3: "good", 4: "danger", 5: "link" };

/** A picture, sound, video or file; `isHidden`: until it is chosen. */
export function media(url, name, type, size, alt, isHidden) {
  const shown = fileView({ url, name, type: type || "application/octet-stream", size: size || 0, alt });
  return isHidden ? spoiler([shown]) : shown;
}

const KINDS = {
  [ROW]: (one, c) => h("div", { class: "actions" }, ...components(one.components, c)),
  [BUTTON]: (one, c) => {
    const words = [one.emoji?.name, one.label].filter(Boolean).join(" ");
    if (one.url) return link(one.url, words);
    return h("button", {
      type: "button", class: `button ${STYLES[one.style] || ""}`, disabled: one.disabled, "aria-label": one.label ? undefined : NAMES[one.emoji?.name] || one.emoji?.name, data: { focus: one.custom_id }, on: { click: () => c.press(one.custom_id) },
    }, words);
  },
  [SECTION]: (one, c) => h("div", { class: "section" }, h("div", {}, ...components(one.components, c)), ...components([one.accessory].filter(Boolean), c)),
  [TEXT]: (one, c) => h("div", {}, ...markup(one.content, "discord", c)),
  [THUMBNAIL]: (one) => media(one.media.url, one.description || t("Picture"), one.media.content_type, 0, one.description, one.spoiler),
  [GALLERY]: (one) => h("div", { class: "gallery" }, ...one.items.map((item) => media(item.media.url, item.description || t("Media"), item.media.content_type || "image/png", 0, item.description, item.spoiler))),
  [FILE]: (one) => media(one.file.url, one.name || t("file"), one.file.content_type, one.size, one.name, one.spoiler),
  [SEPARATOR]: (one) => (one.divider === false ? h("div", { class: "gap" }) : h("hr")),
  [CONTAINER]: (one, c) => h("div", { class: "container" }, ...components(one.components, c)),
  [LABEL]: (one, c) => field(one, c),
};
const NAMES = { "👍": t("Good answer"), "👎": t("Bad answer") };

/** The nodes of components. */
export function components(list, context) {
  return (list || []).map((one) => {
    if (KINDS[one.type]) return KINDS[one.type](one, context);
    if ([SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE, CHANNEL_SELECT].includes(one.type)) {
      const select = selectOf(one, context, { data: { focus: one.custom_id }, "aria-label": one.placeholder || t("Choose") });
      select.addEventListener("change", () => context.press(one.custom_id, [...select.selectedOptions].map((option) => option.value).filter(Boolean)));
      return select;
    }
    return h("p", { class: "subtext" }, t("(a component of type {type})", { type: one.type }));
  });
}

function choices(one, c) {
  if (one.type === SELECT) return one.options.map((option) => [option.value, option.label, option.default]);
  if (one.type === CHANNEL_SELECT) return c.places().map((place) => [place.id, `#${place.name}`]);
  const named = { [USER_SELECT]: c.people, [ROLE_SELECT]: c.roles, [MENTIONABLE]: () => [...c.people(), ...c.roles()] }[one.type];
  const chosen = new Set((one.default_values || []).map((value) => value.id));
  return named().map(([id, name]) => [id, `@${name}`, chosen.has(id)]);
}

function selectOf(one, c, props) {
  return h("select", { ...props, multiple: (one.max_values || 1) > 1 },
    (one.max_values || 1) === 1 && !choices(one, c).some(([, , chosen]) => chosen) && h("option", { value: "" }, one.placeholder || t("Choose")),
    ...choices(one, c).map(([value, name, chosen]) => h("option", { value, selected: chosen }, name)));
}

function groupOf(one, id) {
  if (one.type !== CHECKBOX) return choiceGroup(id, one.type === CHECKBOXES, one.options.map((option) => [option.value, option.label, option.default]));
  const box = choiceGroup(id, true, [["yes", t("Yes"), one.default]]);
  const read = box.read;
  box.read = () => read().length > 0;
  return box;
}

function field(one, c) {
  const inner = one.component;
  const id = `field-${inner.custom_id}`;
  const props = { id, data: { block: inner.custom_id }, "aria-describedby": `${id}-hint` };
  let control;
  if (inner.type === INPUT && inner.style === 2) control = h("textarea", { ...props, rows: 4, maxlength: inner.max_length, placeholder: inner.placeholder }, inner.value || "");
  else if (inner.type === INPUT) control = h("input", { ...props, type: "text", maxlength: inner.max_length, placeholder: inner.placeholder, value: inner.value });
  else if (inner.type === UPLOAD) control = h("input", { ...props, type: "file", multiple: (inner.max_values || 1) > 1 });
  else if ([RADIOS, CHECKBOXES, CHECKBOX].includes(inner.type)) {
    control = groupOf(inner, id);
    control.dataset.block = inner.custom_id;
    control.setAttribute("aria-labelledby", `${id}-label`);
  } else control = selectOf(inner, c, props);
  if (inner.required !== false) control.required = true;
  return h("div", { class: "field" }, h(control.read ? "span" : "label", { id: `${id}-label`, for: control.read ? undefined : id }, one.label, inner.required === false && h("span", { class: "subtext" }, ` ${t("(optional)")}`)), control, h("span", { id: `${id}-hint`, class: "subtext" }, one.description || ""));
}
