// Serves a Slack workspace from emulate until the input ends; prints its address first. Arguments: port, seed as JSON.
import { createEmulator } from "emulate";

const [port, seed] = process.argv.slice(2);
const emulator = await createEmulator({ service: "slack", port: Number(port), seed: { slack: JSON.parse(seed) } });
console.log(emulator.url);
process.stdin.resume().on("end", () => process.exit(0));
