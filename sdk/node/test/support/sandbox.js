'use strict';

/** The project's offline API, as a process of its own. */

const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { createInterface } = require('node:readline');

const ROOT = resolve(__dirname, '../../../..');
const VENV = join(ROOT, '.venv', 'bin', 'python');

/**
 * Start it on a free port. The environment variable TEST_PYTHON names the interpreter; TEST_SANDBOX_URL names one
 * that runs with that key, which is used instead.
 *
 * @param {string} apiKey
 * @returns {Promise<{baseURL: string, stop: () => Promise<void>}>}
 */
async function startSandbox(apiKey) {
  const running = process.env.TEST_SANDBOX_URL;
  if (running) return { baseURL: running, stop: async () => {} };
  const python = process.env.TEST_PYTHON || (existsSync(VENV) ? VENV : 'python3');
  const child = spawn(python, ['-m', 'bot', 'sandbox', '--port', '0', '--api-key', apiKey], {
    cwd: ROOT,
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /https?:\/\/\S+\/v1/.exec(line);
    if (match) {
      child.stdout.resume();
      return { baseURL: match[0], stop };
    }
  }
  throw new Error(`the sandbox ended with status ${await ended}`);
}

module.exports = { startSandbox };
