import * as z from "zod";
import * as spec from "discord-api-spec/zod";
import { readFileSync, writeFileSync } from "node:fs";
const ROOTS = ["MessageCreateRequest","MessageEditRequestPartial","IncomingWebhookInteractionRequest","IncomingWebhookUpdateRequestPartial",
 "ApplicationCommandAutocompleteCallbackRequest","CreateMessageInteractionCallbackRequest","ModalInteractionCallbackRequest","UpdateMessageInteractionCallbackRequest",
 "CreateTextThreadWithMessageRequest","CreateForumThreadRequest","CreateTextThreadWithoutMessageRequest","UpdateThreadRequestPartial",
 "ApplicationCommandUpdateRequest","ApplicationCommandCreateRequest","CreatePrivateChannelRequest"];
const registry = z.registry();
for (const [name, schema] of Object.entries(spec)) if (name.endsWith("Schema")) registry.add(schema, { id: name.slice(0, -6) });
const { schemas } = z.toJSONSchema(registry, { uri: (id) => id, io: "input", unrepresentable: "any", reused: "inline" });
const out = {}; const todo = [...ROOTS];
while (todo.length) { const name = todo.pop(); if (out[name]) continue; const s = schemas[name]; if (!s) throw new Error(name);
  delete s.$schema; delete s.$id; delete s.id; out[name] = s;
  JSON.stringify(s, (k, v) => { if (k === "$ref") todo.push(v.replace(/#.*$/,"")); return v; }); }
const sorted = Object.fromEntries(Object.keys(out).sort().map((k) => [k, out[k]]));
writeFileSync("requests.json", JSON.stringify(sorted));
console.log(Object.keys(sorted).length, JSON.stringify(sorted).length);
