// Serves the answers of a JSON file (kind, prompt, answer) until the input ends; prints its address first.
import { readFileSync } from "node:fs";
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
const register = { chat: "onMessage", image: "onImage", audio: "onSpeech", video: "onVideo" };
for (const [kind, prompt, answer] of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  mock[register[kind]](prompt, answer);
}
await mock.start();
console.log(mock.url);
process.stdin.resume().on("end", () => process.exit(0));
