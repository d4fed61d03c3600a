'use strict';

/** The packed and installed package against the project's offline API: the reference's sample and this README's. */

const assert = require('node:assert/strict');
const { execFile, spawnSync } = require('node:child_process');
const { cp, mkdtemp, mkdir, readFile, readdir, rm, symlink, writeFile } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { after, before, describe, test } = require('node:test');
const { promisify } = require('node:util');

const AIModels = require('..');
const { NODE_SAMPLE } = require('./support/reference');
const { startSandbox } = require('./support/sandbox');

const run = promisify(execFile);
const KEY = 'sandbox-key';
const PACKAGE = resolve(__dirname, '..');
const HAS_NPM = spawnSync('npm', ['--version']).status === 0;

/** Install the package in `root/example` with the README's commands; without npm, copy its files. */
async function install(root, readme) {
  const folder = join(root, 'example');
  if (!HAS_NPM) {
    const { files } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
    const target = join(folder, 'node_modules', 'aimodels-sdk');
    for (const name of ['package.json', ...files])
      await cp(join(PACKAGE, name), join(target, name), { recursive: true });
    return folder;
  }
  await mkdir(join(root, 'sdk'));
  await symlink(PACKAGE, join(root, 'sdk', 'node'), 'dir');
  const commands = /```console\n(npm pack [\s\S]*?)```/.exec(readme)[1];
  const quiet = { npm_config_offline: 'true', npm_config_audit: 'false', npm_config_update_notifier: 'false' };
  await run('sh', ['-ec', commands], { cwd: root, env: { ...process.env, ...quiet } });
  return folder;
}

describe('the offline API', { concurrency: 1 }, () => {
  let sandbox;
  let client;

  before(async () => {
    sandbox = await startSandbox(KEY);
    client = new AIModels({ apiKey: KEY, baseURL: sandbox.baseURL });
  });
  after(() => sandbox?.stop());

  describe('through the installed package', () => {
    let folder;
    let readme;

    /** Run a program in the folder where the package is installed. */
    async function runSample(name, sample) {
      await writeFile(join(folder, name), sample.replaceAll('YOUR_API_KEY', KEY));
      const env = { ...process.env, AIMODELS_BASE_URL: sandbox.baseURL };
      return (await run(process.execPath, [name], { cwd: folder, env })).stdout;
    }

    before(async () => {
      readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');
      folder = await install(await mkdtemp(join(tmpdir(), 'aimodels-sdk-')), readme);
    });
    after(() => folder && rm(resolve(folder, '..'), { recursive: true }));

    test('the package has what it needs and nothing else', { skip: !HAS_NPM && 'npm is not installed' }, async () => {
      const installed = join(folder, 'node_modules', 'aimodels-sdk');
      const top = ['LICENSE', 'README.md', 'index.d.mts', 'index.d.ts', 'index.js', 'index.mjs', 'lib', 'package.json'];
      assert.deepEqual((await readdir(installed)).sort(), top);
      assert.deepEqual(await readdir(join(installed, 'lib')), await readdir(join(PACKAGE, 'lib')));
    });

    test("the reference's sample runs verbatim", async () => {
      assert.match(await runSample('reference.js', NODE_SAMPLE), /\p{Script=Han}/u);
    });

    test("the reference's sample runs with import", async () => {
      const module = NODE_SAMPLE.replace(
        "const AIModels = require('aimodels-sdk')",
        "import AIModels from 'aimodels-sdk'",
      );
      assert.notEqual(module, NODE_SAMPLE);
      assert.match(await runSample('reference.mjs', module), /\p{Script=Han}/u);
    });

    test('the samples of the README run as they are', async () => {
      const samples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, sample]) => sample);
      const outputs = [];
      for (const [index, sample] of samples.entries()) {
        const type = sample.includes('require(') ? 'js' : 'mjs';
        outputs.push(await runSample(`readme-${index}.${type}`, sample));
      }
      const [first, calls, streamed, errors, ...rest] = outputs;
      assert.deepEqual(rest, []);
      assert.match(first, /\p{Script=Han}/u);
      assert.match(calls, /def fibonacci|return/);
      assert.deepEqual(calls.match(/http:\S+\.(png|jpe?g|mp3|mp4)$/gm).length, 3);
      assert.ok(streamed.trim().length > 10);
      assert.match(errors, /^The key is wrong: \w+/);
    });
  });

  test('rate-limit headers are on the answer, and known to the client', async () => {
    const messages = [{ role: 'user', content: 'What is 6 * 7?' }];
    const response = await client.chat.completions.create({ model: 'gpt-4-turbo', messages, temperature: 0.2 });
    assert.match(response.data.choices[0].message.content, /42/);
    assert.equal(response.success, true);
    const { limit, remaining, resetAt } = response.rateLimit;
    assert.ok(limit > 0 && remaining < limit && resetAt > new Date());
    assert.equal(client.rateLimit.limit, limit);
    assert.equal(client.rateLimit.remaining, remaining);
  });

  test('a streamed answer is the whole answer in pieces', async () => {
    const params = { model: 'gpt-4-turbo', messages: [{ role: 'user', content: 'hello' }] };
    const whole = (await client.chat.completions.create(params)).data.choices[0].message.content;
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ ...params, stream: true })) chunks.push(chunk);
    assert.ok(chunks.length > 1);
    assert.equal(chunks.map(({ text }) => text).join(''), whole);
    assert.ok(chunks.some(({ finish_reason: reason }) => reason === 'stop'));
  });

  test('several images of a size, and their files', async () => {
    const { data } = await client.images.create({
      model: 'seeddream-4.0',
      prompt: 'a fox',
      n: 2,
      size: '512x512',
      style: 'anime',
    });
    assert.equal(data.images.length, 2);
    assert.equal(data.usage.images, 2);
    assert.deepEqual([data.images[0].width, data.images[0].height], [512, 512]);
    const file = await fetch(data.images[0].url);
    assert.equal(file.status, 200);
    assert.ok((await file.arrayBuffer()).byteLength > 1000);
  });

  test('refusals have the classes of their status', async () => {
    const wrong = new AIModels({ apiKey: 'wrong', baseURL: sandbox.baseURL });
    await assert.rejects(wrong.verify(), (error) => {
      assert.ok(error instanceof AIModels.AuthenticationError);
      assert.deepEqual([error.status, error.code, error.type], [401, 'invalid_api_key', 'authentication_error']);
      return true;
    });
    await client.verify();
    await assert.rejects(client.images.create({ model: 'seeddream-4.0', prompt: 'x', n: 9 }), AIModels.BadRequestError);
  });
});
