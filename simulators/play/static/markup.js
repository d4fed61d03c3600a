// The platforms' text markup as nodes: "mrkdwn" and "markdown" of Slack, "discord" of Discord.
import { h, link } from "./dom.js";
import { language, t } from "./words.js";

const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", tada: "🎉", heart: "❤️", eyes: "👀", wave: "👋", fire: "🔥", rocket: "🚀",
  white_check_mark: "✅", x: "❌", warning: "⚠️", hourglass: "⌛", hourglass_flowing_sand: "⏳", art: "🎨", bulb: "💡", bee: "🐝",
  arrows_counterclockwise: "🔄", speech_balloon: "💬", camera: "📷", musical_note: "🎵", clapper: "🎬", computer: "💻", smile: "😄",
};

/** An emoji by its name. */
export function emoji(name, unicode) {
  if (unicode) return String.fromCodePoint(...unicode.split("-").map((part) => parseInt(part, 16)));
  return EMOJI[name] || `:${name}:`;
}

/** A mention of somebody or something. */
export function mention(text, isMe) {
  return h("span", { class: isMe ? "mention me" : "mention" }, text);
}

const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

const CODE = [/(`+)([\s\S]+?)\1(?!`)/y, (m) => h("code", {}, m[2])];
const URL_RULE = [/https?:\/\/[^\s<>]+[^\s<>.,:;"')\]]/y, (m) => link(m[0], m[0])];
const LINK = [/\[([^\]]+)\]\(<?(https?:[^)\s>]+)>?\)/y, (m, inner) => link(m[2], ...inner(m[1]))];
const wrap = (tag) => (m, inner) => h(tag, {}, ...inner(m[1]));

const RULES = {
  mrkdwn: [
    [/`([^`\n]+)`/y, (m) => h("code", {}, unescape(m[1]))],
    [/<@([A-Z0-9]+)(?:\|[^>]*)?>/y, (m, inner, c) => mention(`@${c.name(m[1])}`, c.isMe(m[1]))],
    [/<#([A-Z0-9]+)(?:\|([^>]*))?>/y, (m, inner, c) => mention(`#${m[2] || c.place(m[1])}`)],
    [/<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>/y, (m, inner, c) => mention(`@${c.group(m[1])}`)],
    [/<!(here|channel|everyone)(?:\|[^>]*)?>/y, (m) => mention(`@${m[1]}`)],
    [/<!date\^\d+\^[^|>]*\|([^>]*)>/y, (m) => unescape(m[1])],
    [/<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>/y, (m) => link(unescape(m[1]), unescape(m[2] || m[1]))],
    [/\*(\S(?:[^*\n]*\S)?)\*(?!\w)/y, wrap("strong"), true],
    [/_(\S(?:[^_\n]*\S)?)_(?!\w)/y, wrap("em"), true],
    [/~(\S(?:[^~\n]*\S)?)~(?!\w)/y, wrap("s"), true],
    [/:([a-z0-9_+-]+):/y, (m) => emoji(m[1]), true],
  ],
  markdown: [
    [/\\([\\`*_{}[\]()#+\-.!~|<>])/y, (m) => m[1]],
    CODE,
    [/!?\[([^\]]*)\]\(<?(https?:[^)\s>]+)>?\)/y, (m, inner) => link(m[2], ...inner(m[1] || m[2]))],
    [/<(https?:[^>\s]+)>/y, (m) => link(m[1], m[1])],
    [/<@([A-Z0-9]+)>/y, (m, inner, c) => mention(`@${c.name(m[1])}`, c.isMe(m[1]))],
    [/\*\*(\S[\s\S]*?)\*\*/y, wrap("strong")],
    [/__(\S[\s\S]*?)__/y, wrap("strong"), true],
    [/\*(\S(?:[\s\S]*?\S)?)\*(?!\*)/y, wrap("em")],
    [/_(\S(?:[\s\S]*?\S)?)_(?!\w)/y, wrap("em"), true],
    [/~~(\S[\s\S]*?)~~/y, wrap("s")],
    [/:([a-z0-9_+-]+):/y, (m) => emoji(m[1]), true],
    URL_RULE,
  ],
  discord: [
    [/\\([\\`*_{}[\]()#+\-.!~|<>@])/y, (m) => m[1]],
    CODE,
    LINK,
    [/<(https?:[^>\s]+)>/y, (m) => link(m[1], m[1])],
    [/<@!?(\d+)>/y, (m, inner, c) => mention(`@${c.name(m[1])}`, c.isMe(m[1]))],
    [/<@&(\d+)>/y, (m, inner, c) => mention(`@${c.role(m[1])}`)],
    [/<#(\d+)>/y, (m, inner, c) => mention(`#${c.place(m[1])}`)],
    [/<t:(\d+)(?::(\w))?>/y, (m) => h("time", { class: "mention" }, moment(Number(m[1]), m[2]))],
    [/<\/([^:>]+):\d+>/y, (m) => mention(`/${m[1]}`)],
    [/<a?:(\w+):\d+>/y, (m) => `:${m[1]}:`],
    [/\|\|([\s\S]+?)\|\|/y, (m, inner) => spoiler(inner(m[1]))],
    [/\*\*(\S[\s\S]*?)\*\*/y, wrap("strong")],
    [/__(\S[\s\S]*?)__/y, wrap("u")],
    [/\*(\S(?:[\s\S]*?\S)?)\*(?!\*)/y, wrap("em")],
    [/_(\S(?:[\s\S]*?\S)?)_(?!\w)/y, wrap("em"), true],
    [/~~(\S[\s\S]*?)~~/y, wrap("s")],
    URL_RULE,
  ],
};

function moment(seconds, form) {
  const at = new Date(seconds * 1000);
  if (form !== "R") return at.toLocaleString(language);
  const minutes = Math.round((at - Date.now()) / 60000);
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(...(Math.abs(minutes) < 90 ? [minutes, "minute"] : [Math.round(minutes / 60), "hour"]));
}

/** A text that is hidden until it is chosen. */
export function spoiler(children) {
  const reveal = (event) => event.currentTarget.classList.add("shown");
  return h("button", { type: "button", class: "spoiler", "aria-label": t("Spoiler, press to show"), on: { click: reveal } }, h("span", {}, ...children));
}

/** The nodes of text within a line. */
export function inline(text, dialect, context) {
  const nodes = [];
  let plain = "";
  const push = () => { if (plain) nodes.push(dialect === "mrkdwn" ? unescape(plain) : plain); plain = ""; };
  const inner = (part) => inline(part, dialect, context);
  for (let at = 0; at < text.length;) {
    const start = at;
    for (const [rule, build, atWord] of RULES[dialect]) {
      rule.lastIndex = at;
      if (atWord && at && /\w/.test(text[at - 1])) continue;
      const match = rule.exec(text);
      if (!match) continue;
      push();
      nodes.push(build(match, inner, context));
      at += match[0].length;
      break;
    }
    if (at === start) {
      if (text[at] === "\n") { push(); nodes.push(h("br")); } else plain += text[at];
      at += 1;
    }
  }
  push();
  return nodes;
}

/** A block of code, with a button that copies it. */
export function codeBlock(text, language) {
  return h("div", { class: "code" }, language && h("span", { class: "language" }, language),
    h("pre", { tabindex: "0" }, h("code", {}, text)));
}

/** The nodes of a whole text. */
export function markup(text, dialect, context) {
  const nodes = [];
  const lines = String(text).split("\n");
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim(), dialect, context));
  let paragraph = [];
  const flush = () => {
    const joined = paragraph.join("\n").replace(/^\n+|\n+$/g, "");
    if (joined) nodes.push(h("p", {}, ...inline(joined, dialect, context)));
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    const fence = /^\s*(`{3,})\s*([\w+#.-]*)\s*$/.exec(line) || (dialect !== "markdown" && /^(`{3})(?:)(.*)$/.exec(line));
    if (fence) {
      flush();
      const held = [];
      let language = fence[2];
      if (dialect === "mrkdwn" && language) { held.push(language); language = ""; }
      for (at += 1; at < lines.length && !lines[at].trimEnd().endsWith(fence[1]); at += 1) held.push(lines[at]);
      if (at < lines.length && lines[at].trim() !== fence[1]) held.push(lines[at].trimEnd().slice(0, -fence[1].length));
      const content = held.join("\n");
      nodes.push(codeBlock(dialect === "mrkdwn" ? unescape(content) : content, language));
      continue;
    }
    const quote = dialect === "mrkdwn" ? /^(?:>|&gt;)\s?(.*)$/ : /^>\s?(.*)$/;
    if (quote.test(line)) {
      flush();
      const held = [];
      for (; at < lines.length && quote.test(lines[at]); at += 1) held.push(quote.exec(lines[at])[1]);
      at -= 1;
      nodes.push(h("blockquote", {}, ...markup(held.join("\n"), dialect, context)));
      continue;
    }
    if (dialect !== "mrkdwn") {
      const heading = /^(#{1,6})\s+(.*)$/.exec(line);
      if (heading) {
        flush();
        nodes.push(h("p", { class: `heading h${heading[1].length}` }, ...inline(heading[2], dialect, context)));
        continue;
      }
      if (dialect === "discord" && line.startsWith("-# ")) {
        flush();
        nodes.push(h("p", { class: "subtext" }, ...inline(line.slice(3), dialect, context)));
        continue;
      }
      if (dialect === "markdown" && /^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) { flush(); nodes.push(h("hr")); continue; }
      if (dialect === "markdown" && line.includes("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[at + 1] || "")) {
        flush();
        const rows = [];
        for (at += 2; at < lines.length && lines[at].includes("|"); at += 1) rows.push(cells(lines[at]));
        nodes.push(table(cells(line), rows));
        at -= 1;
        continue;
      }
      if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) {
        flush();
        const held = [];
        for (; at < lines.length && /^(\s*([-*+]|\d+[.)])\s+|\s{2,}\S)/.test(lines[at]); at += 1) held.push(lines[at]);
        at -= 1;
        nodes.push(list(held, dialect, context));
        continue;
      }
    }
    if (!line.trim() && paragraph.length) flush();
    else paragraph.push(line);
  }
  flush();
  return nodes;
}

/** A table; the first row has the titles. */
export function table(head, rows) {
  const row = (cells, tag) => h("tr", {}, ...cells.map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, ...[cell].flat())));
  return h("div", { class: "table", tabindex: "0" }, h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, ...rows.map((cells) => row(cells, "td")))));
}

function list(lines, dialect, context) {
  const first = /^\s*(?:([-*+])|(\d+)[.)])\s+/.exec(lines[0]);
  const top = h(first[1] ? "ul" : "ol", first[2] && first[2] !== "1" ? { start: first[2] } : {});
  const depth = (line) => /^\s*/.exec(line)[0].length;
  const base = depth(lines[0]);
  for (let at = 0; at < lines.length; at += 1) {
    const item = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/.exec(lines[at]);
    const inner = [];
    while (at + 1 < lines.length && depth(lines[at + 1]) > base) inner.push(lines[at += 1]);
    const element = h("li", {}, ...inline(item ? item[1] : lines[at].trim(), dialect, context));
    const nested = inner.findIndex((line) => /^\s*([-*+]|\d+[.)])\s+/.test(line));
    const words = nested < 0 ? inner : inner.slice(0, nested);
    if (words.length) element.append(h("br"), ...inline(words.map((line) => line.trim()).join("\n"), dialect, context));
    if (nested >= 0) element.append(list(inner.slice(nested), dialect, context));
    top.append(element);
  }
  return top;
}
