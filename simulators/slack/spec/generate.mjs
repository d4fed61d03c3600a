// Writes requests.json from the types that Slack publishes; see README.md.
import { createGenerator } from "ts-json-schema-generator";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const DOCS = "https://docs.slack.dev/reference";
// The methods of the simulator, by their type of arguments.
const METHODS = {
  "agents.sessions.rename": "AgentsSessionsRename", "agents.sessions.setStatus": "AgentsSessionsSetStatus",
  "apps.connections.open": "AppsConnectionsOpen", "apps.manifest.export": "AppsManifestExport", "apps.uninstall": "AppsUninstall",
  "assistant.threads.setStatus": "AssistantThreadsSetStatus", "assistant.threads.setSuggestedPrompts": "AssistantThreadsSetSuggestedPrompts",
  "assistant.threads.setTitle": "AssistantThreadsSetTitle", "auth.revoke": "AuthRevoke", "auth.test": "AuthTest", "bots.info": "BotsInfo",
  "chat.appendStream": "ChatAppendStream", "chat.delete": "ChatDelete", "chat.getPermalink": "ChatGetPermalink",
  "chat.postEphemeral": "ChatPostEphemeral", "chat.postMessage": "ChatPostMessage", "chat.startStream": "ChatStartStream",
  "chat.stopStream": "ChatStopStream", "chat.update": "ChatUpdate", "conversations.history": "ConversationsHistory",
  "conversations.info": "ConversationsInfo", "conversations.members": "ConversationsMembers", "conversations.open": "ConversationsOpen",
  "conversations.replies": "ConversationsReplies", "files.completeUploadExternal": "FilesCompleteUploadExternal", "files.delete": "FilesDelete",
  "files.getUploadURLExternal": "FilesGetUploadURLExternal", "files.info": "FilesInfo", "oauth.v2.access": "OAuthV2Access",
  "reactions.add": "ReactionsAdd", "reactions.remove": "ReactionsRemove", "team.info": "TeamInfo", "usergroups.list": "UsergroupsList",
  "users.conversations": "UsersConversations", "users.info": "UsersInfo",
  "views.open": "ViewsOpen", "views.publish": "ViewsPublish", "views.push": "ViewsPush", "views.update": "ViewsUpdate",
};
const ROOTS = ["KnownBlock", "ModalView", "HomeView", "AnyChunk", ...Object.values(METHODS).map((name) => `${name}Arguments`)];

const generator = createGenerator({ path: "roots.ts", tsconfig: "tsconfig.json", skipTypeCheck: true, expose: "export",
  jsDoc: "extended", topRef: false, additionalProperties: false, encodeRefs: false });
const found = {};
for (const root of ROOTS) { const { definitions, $schema, ...schema } = generator.createSchema(root); Object.assign(found, definitions, { [root]: schema }); }

// Where a type is documented: the page of the reference that its comment names, else the page of the type itself.
const sources = {};
const folder = "node_modules/@slack/types/dist";
for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
  const text = readFileSync(`${folder}/${file}`, "utf8");
  for (const [, name] of text.matchAll(/export interface (\w+)/g)) sources[name] = `https://docs.slack.dev/tools/node-slack-sdk/reference/types/interfaces/${name}`;
  for (const [, comment, name] of text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export (?:interface|type) (\w+)/g)) {
    const link = comment.match(/@see \{?(?:@link )?(https:\/\/docs\.slack\.dev\/reference\/block-kit\/[^\s}]+)/);
    if (link) sources[name] = link[1];
  }
}

const number = (text) => Number(text.replace(/,/g, ""));
const isText = (schema) => /^(PlainTextElement|MrkdwnElement|TextObject)$/.test(schema.$ref ?? "") || (schema.anyOf ?? []).every(isText) && !!schema.anyOf;
// The limits that a field's comment states.
function limits(schema, comment) {
  const text = comment.replace(/\{@link \S+\s*([^}]*)\}/g, "$1").replace(/\s+/g, " ");
  const longest = text.match(/(?:max(?:imum)? length[^.]*? (?:is|of)|[Ll]imit(?:ed to| this field to)?) ([\d,]+) characters/i);
  const under = text.match(/must be less than ([\d,]+) characters/i);
  const most = text.match(/(?:max(?:imum)? (?:number of [\w ]+ is|of)?|up to|a max(?:imum)? of) ?([\d,]+)(?! char)/i);
  const end = longest ? number(longest[1]) : under ? number(under[1]) - 1 : 0;
  if (schema.type === "array") { if (most) schema.maxItems ??= number(most[1]); }
  else if (end && schema.type === "string") { schema.maxLength = end; if (/minimum length is 1/i.test(text)) schema.minLength = 1; }
  else if (end && isText(schema)) schema.maxTextLength = end;
  if (schema.type === "number") {
    const range = text.match(/Min `?([\d]+)`?,? Max `?(\d+)`?/) ?? text.match(/between (\d+) and (\d+)/);
    if (range) [schema.minimum, schema.maximum] = range.slice(1).map(number);
  }
}

// One object of alternatives: every field that one of them has; required is what all of them require.
function merged(schema) {
  const parts = schema.anyOf ?? [schema];
  const properties = {};
  for (const part of parts.flatMap((one) => one.anyOf ?? [one]))
    for (const [name, field] of Object.entries(part.properties ?? {})) if (!field.not) (properties[name] ??= []).push(field);
  const same = (fields) => fields.filter((one, at) => fields.findIndex((two) => JSON.stringify(one) === JSON.stringify(two)) === at);
  const required = parts.map((part) => part.required ?? []).reduce((all, some) => all.filter((name) => some.includes(name)));
  return { type: "object", required, additionalProperties: false, properties: Object.fromEntries(
    Object.entries(properties).map(([name, fields]) => [name, same(fields).length > 1 ? { anyOf: same(fields) } : fields[0]])) };
}

function cleaned(schema) {
  if (Array.isArray(schema)) return schema.map(cleaned);
  if (typeof schema !== "object" || schema === null) return schema;
  const { description, deprecated, examples, default: _, ...rest } = schema;
  if (rest.properties) rest.properties = Object.fromEntries(Object.entries(rest.properties).map(([name, field]) => {
    const comment = field.description ?? "";
    field = cleaned(field);
    limits(field, comment);
    return [name, field];
  }));
  for (const [name, value] of Object.entries(rest)) {
    if (name === "$ref") rest.$ref = value.replace("#/definitions/", "");
    else if (name !== "properties" && name !== "enum" && name !== "required") rest[name] = cleaned(value);
  }
  // The types end their unions of blocks with any block at all; and repeat members.
  if (rest.anyOf) {
    rest.anyOf = rest.anyOf.filter((one, at) => one.$ref !== "Block" && rest.anyOf.findIndex((two) => JSON.stringify(one) === JSON.stringify(two)) === at);
    if (rest.anyOf.length === 1 && Object.keys(rest).length === 1) return rest.anyOf[0];
  }
  return rest;
}

const all = Object.fromEntries(Object.entries(found).map(([name, schema]) => [name, cleaned(schema)]));
for (const [method, type] of Object.entries(METHODS)) {
  all[method] = merged(cleaned(found[`${type}Arguments`]));
  sources[method] = `${DOCS}/methods/${method}`;
}

// Where the documentation says otherwise than the types.
function correct(name, change, source) { change(all[name].properties, all[name]); (all[name].corrected ??= []).push(source); }
for (const name of ["PlainTextOption", "MrkdwnOption"])
  correct(name, (fields) => { fields.value.maxLength = 150; }, `${DOCS}/block-kit/composition-objects/option-object`);
correct("RichTextPreformatted", (fields) => { fields.language = { type: "string" }; }, `${DOCS}/block-kit/block-elements/rich-text-preformatted-element`);
correct("TaskCardBlock", (_, schema) => { schema.required = schema.required.filter((name) => name !== "status"); }, `${DOCS}/block-kit/blocks/task-card-block`);
// Their types are conditional, which the generator leaves empty.
for (const [name, fields] of Object.entries({ "bots.info": ["bot"], "team.info": ["team", "domain"], "auth.revoke": ["test"], "auth.test": [], "apps.connections.open": [] }))
  correct(name, (known) => { for (const field of ["token", ...fields]) known[field] = { type: field === "test" ? "boolean" : "string" }; }, `${DOCS}/methods/${name}`);
// Left out: the entities of work objects, which need fifty types more.
correct("chat.postMessage", (fields) => { delete fields.metadata.properties.entities; }, `${DOCS}/methods/chat.postMessage`);
for (const name of ["views.open", "views.push", "views.update", "views.publish"])
  correct(name, (fields) => { fields.view = { $ref: name === "views.publish" ? "HomeView" : "ModalView" }; }, `${DOCS}/methods/${name}`);
correct("PlanBlock", (fields) => { fields.tasks.items = { $ref: "TaskCardBlock" }; }, `${DOCS}/block-kit/blocks/plan-block`);
correct("files.getUploadURLExternal", (fields) => { fields.alt_txt = { type: "string" }; delete fields.alt_text; }, `${DOCS}/methods/files.getUploadURLExternal`);
correct("assistant.threads.setStatus", (fields) => { fields.loading_messages.maxItems = 10; }, `${DOCS}/methods/assistant.threads.setStatus`);

// Blocks that the documentation has and the types do not.
const TEXT = (maxLength) => ({ type: "string", minLength: 1, maxLength });
const OBJECT = (properties, required) => ({ type: "object", properties, required, additionalProperties: false });
const POINT = OBJECT({ label: TEXT(20), value: { type: "number" } }, ["label", "value"]);
const SERIES = OBJECT({ name: TEXT(20), data: { type: "array", items: POINT, minItems: 1, maxItems: 20 } }, ["data", "name"]);
const AXIS = OBJECT({ categories: { type: "array", items: TEXT(20) }, x_label: TEXT(50), y_label: TEXT(50) }, ["categories"]);
Object.assign(all, {
  DataVisualizationBlock: OBJECT({
    type: { type: "string", const: "data_visualization" }, block_id: { type: "string", maxLength: 255 }, title: TEXT(50),
    chart: { anyOf: [{ $ref: "PieChart" }, { $ref: "SeriesChart" }] } }, ["chart", "title", "type"]),
  PieChart: OBJECT({ type: { type: "string", const: "pie" }, segments: { type: "array", items: POINT, minItems: 1, maxItems: 6 } }, ["segments", "type"]),
  SeriesChart: OBJECT({
    type: { type: "string", enum: ["bar", "area", "line"] }, series: { type: "array", items: SERIES, minItems: 1, maxItems: 6 }, axis_config: AXIS },
    ["axis_config", "series", "type"]),
});
for (const name of ["DataVisualizationBlock", "PieChart", "SeriesChart"]) sources[name] = `${DOCS}/block-kit/blocks/data-visualization-block`;
correct("KnownBlock", (_, schema) => { schema.anyOf.push({ $ref: "DataVisualizationBlock" }); }, sources.DataVisualizationBlock);

const out = {};
const todo = ["KnownBlock", "ModalView", "HomeView", "AnyChunk", ...Object.keys(METHODS)];
while (todo.length) {
  const name = todo.pop();
  if (out[name]) continue;
  if (!all[name]) throw new Error(name);
  out[name] = sources[name] ? { source: sources[name], ...all[name] } : all[name];
  JSON.stringify(out[name], (key, value) => { if (key === "$ref") todo.push(value); return value; });
}
writeFileSync("requests.json", JSON.stringify(Object.fromEntries(Object.keys(out).sort().map((name) => [name, out[name]])), null, 1) + "\n");
console.log(Object.keys(out).length, "schemas");
