// Building of the page. Texts only ever become text nodes, so nothing that somebody wrote is read as HTML.
import { language } from "./words.js";

/** Make an element. `props`: attributes; `on`: listeners by event; `data`: data attributes. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "href" || name === "src") element.setAttribute(name, safeUrl(value));
    else if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error(`no attribute ${name}`);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** An address that can be followed; "#" for scripts and the like. */
export function safeUrl(value) {
  return /^(https?:|mailto:|\/(?!\/)|#)/i.test(String(value)) ? String(value) : "#";
}

/** A link to somewhere else. */
export function link(url, ...children) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Show `items` in `container`, each in an element of its own; only what changed is made anew. An open menu stays open. */
export function sync(container, items, key, render) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const focused = container.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
  let previous = null;
  for (const item of items) {
    const name = String(key(item));
    const state = JSON.stringify(item);
    let element = known.get(name);
    known.delete(name);
    if (!element || element.state !== state) {
      const made = render(item);
      made.dataset.key = name;
      made.state = state;
      const open = element?.querySelector(".menu:not([hidden])");
      const at = open ? [...open.children].indexOf(document.activeElement) : 0;
      if (element) element.replaceWith(made);
      const again = open && made.querySelector(".menu-holder");
      if (again) {
        again.querySelector("button").click();
        again.querySelector(".menu").children[at]?.focus();
      }
      element = made;
    }
    const place = previous ? previous.nextSibling : container.firstChild;
    if (place !== element) container.insertBefore(element, place);
    previous = element;
  }
  for (const element of known.values()) element.remove();
  if (focused && !container.contains(document.activeElement)) {
    [...container.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focused)?.focus();
  }
}

/** Replace the content of an element where it differs from what was shown last. */
export function fill(element, state, make) {
  const text = JSON.stringify(state);
  if (element.state === text) return;
  element.state = text;
  element.replaceChildren(...[make()].flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
}

/** A time of day. */
export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

/** A size in words. */
export function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A button that opens a menu. `entries`: {label, act} or null for a line. */
export function menu(label, entries, props = {}) {
  const list = h("div", { role: "menu", class: "menu", hidden: true });
  const button = h("button", {
    ...props, type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false",
  }, props.text || "⋯");
  button.removeAttribute("text");
  const close = (back) => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  };
  for (const entry of entries.filter(Boolean)) {
    list.append(h("button", {
      type: "button", role: "menuitem", tabindex: "-1", on: { click: () => { close(true); entry.act(); } },
    }, entry.label));
  }
  button.addEventListener("click", () => {
    if (!list.hidden) return close(true);
    list.hidden = false;
    const at = button.getBoundingClientRect();
    list.style.right = `${Math.max(8, innerWidth - at.right)}px`;
    list.style.top = `${Math.max(8, Math.min(at.bottom, innerHeight - list.offsetHeight - 8))}px`;
    button.setAttribute("aria-expanded", "true");
    list.firstElementChild?.focus();
    return undefined;
  });
  list.addEventListener("keydown", (event) => {
    const items = [...list.children];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") close(true);
    else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at + items.length - 1) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const holder = h("span", { class: "menu-holder" }, button, list);
  holder.addEventListener("focusout", (event) => { if (!holder.contains(event.relatedTarget)) close(false); });
  return holder;
}
