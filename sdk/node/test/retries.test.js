'use strict';

/** Retries, the deadline, cancellation, and broken connections over real sockets. */

const assert = require('node:assert/strict');
const { mock, test } = require('node:test');
const { setImmediate } = require('node:timers/promises');

const AIModels = require('..');
const { dispatcherProperty } = require('../lib/dispatcher');
const { ask, chat, failure, gibberish, half, halfClose, hangUp, raw, silence, startApi } = require('./support/api');

// Back-off is random between 0 and a bound: keep it near 0.
mock.method(Math, 'random', () => 0.01);

const FAULTS = {
  'status 500': [failure(500), AIModels.ServerError],
  'status 503': [failure(503), AIModels.ServerError],
  'a page with status 502': [raw('<oops>', 'text/html', 502), AIModels.ServerError],
  'a closed connection': [hangUp, AIModels.APIConnectionError],
  'a half-closed connection': [halfClose, AIModels.APIConnectionError],
  'half an answer': [half, AIModels.APIConnectionError],
  gibberish: [gibberish, AIModels.APIConnectionError],
};
for (const [name, [fault, kind]] of Object.entries(FAULTS)) {
  test(`${name} is survived when it passes, and thrown when it lasts`, async (t) => {
    const api = await startApi(t);
    const waits = [];
    const onWait = (milliseconds, reason) => waits.push([milliseconds, reason]);
    api.play(fault, fault, chat('done'));
    assert.equal(await ask(api.client(), { onWait }), 'done');
    assert.deepEqual(waits, [
      [5, 'retry'],
      [10, 'retry'],
    ]);
    api.requests.length = 0;
    api.play(fault);
    await assert.rejects(ask(api.client()), (error) => error instanceof kind && error.isRetryable);
    assert.equal(api.requests.length, 5);
  });
}

test('an address where nothing listens is APIConnectionError', async (t) => {
  const api = await startApi(t);
  const client = api.client();
  t.mock.method(globalThis, 'fetch', async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(''), { code: 'ECONNREFUSED' }) });
  });
  await assert.rejects(ask(client), (error) => {
    assert.ok(error instanceof AIModels.APIConnectionError);
    assert.match(error.message, /fetch failed: ECONNREFUSED/);
    assert.equal(error.status, null);
    return true;
  });
});

test('maxRetries bounds the retries, of the client and of a call', async (t) => {
  const api = await startApi(t);
  api.play(failure(500));
  await assert.rejects(ask(api.client({ maxRetries: 1 })), AIModels.ServerError);
  assert.equal(api.requests.length, 2);
  await assert.rejects(ask(api.client(), { maxRetries: 0 }), AIModels.ServerError);
  assert.equal(api.requests.length, 3);
});

test('Retry-After of a 503 is kept', async (t) => {
  const api = await startApi(t);
  const waits = [];
  api.play(failure(503, '', 'busy', { 'Retry-After': '0.3' }), chat('done'));
  assert.equal(await ask(api.client(), { onWait: (milliseconds) => waits.push(milliseconds) }), 'done');
  assert.deepEqual(waits, [300]);
  api.play(failure(503, '', 'busy', { 'Retry-After': '60' }));
  await assert.rejects(ask(api.client({ timeout: 5000 })), AIModels.ServerError);
});

test('a silent API costs no more than the timeout', async (t) => {
  const api = await startApi(t);
  api.play(silence);
  const started = performance.now();
  await assert.rejects(ask(api.client({ timeout: 150 })), AIModels.APITimeoutError);
  await assert.rejects(ask(api.client(), { timeout: 150 }), AIModels.APITimeoutError);
  assert.ok(performance.now() - started < 2000);
  await api.hungUp;
});

test('when time is up after a failure, the failure is thrown', async (t) => {
  const api = await startApi(t);
  api.play(failure(500), silence);
  await assert.rejects(ask(api.client({ timeout: 300 })), AIModels.ServerError);
});

test('an aborted signal ends the call with its reason and closes the connection', async (t) => {
  const api = await startApi(t);
  const controller = new AbortController();
  api.play(() => controller.abort());
  await assert.rejects(ask(api.client(), { signal: controller.signal }), { name: 'AbortError' });
  await api.hungUp;
  await assert.rejects(ask(api.client(), { signal: controller.signal }), { name: 'AbortError' });
  assert.equal(api.requests.length, 1);
});

test('an aborted signal ends a pause between attempts', async (t) => {
  const api = await startApi(t);
  const controller = new AbortController();
  api.play(failure(503, '', 'busy', { 'Retry-After': '60' }));
  const onWait = () => controller.abort(new Error('enough'));
  await assert.rejects(ask(api.client(), { signal: controller.signal, onWait }), /enough/);
});

test('a signal keeps no listener after its call', async (t) => {
  const api = await startApi(t);
  const { signal } = new AbortController();
  const remove = t.mock.method(signal, 'removeEventListener');
  const add = t.mock.method(signal, 'addEventListener');
  api.play(chat());
  await ask(api.client(), { signal });
  assert.equal(add.mock.callCount(), 1);
  assert.equal(remove.mock.callCount(), 1);
});

test('the time limits of Node’s fetch do not apply', async (t) => {
  const api = await startApi(t);
  api.play((response) => setTimeout(() => chat('late')(response), 1500));
  const name = dispatcherProperty();
  const before = globalThis[name];
  const impatient = new before.constructor({ headersTimeout: 100, bodyTimeout: 100 });
  t.after(async () => {
    globalThis[name] = before;
    await impatient.destroy();
  });
  globalThis[name] = impatient;
  assert.equal(await ask(api.client({ maxRetries: 0 })), 'late');
});

test('connections are used again', async (t) => {
  const api = await startApi(t);
  api.play(chat());
  const client = api.client();
  for (let call = 0; call < 3; call += 1) {
    await ask(client);
    await setImmediate(); // fetch opens a second connection for a call in the same turn of the event loop
  }
  assert.equal(new Set(api.requests.map(({ peer }) => peer)).size, 1);
});
