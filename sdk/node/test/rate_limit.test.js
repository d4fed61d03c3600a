'use strict';

/** The rate limit: headers, waits, and one budget for all calls of a client. */

const assert = require('node:assert/strict');
const { mock, test } = require('node:test');

const AIModels = require('..');
const { readRateLimit } = require('../lib/headers');
const { answer, ask, chat, data, failure, silence, startApi } = require('./support/api');

mock.method(Math, 'random', () => 0.01);

const RESET = 1705312800; // 2024-01-15T10:00:00Z

test('the headers are readable on answers and errors', async (t) => {
  const api = await startApi(t);
  const headers = { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '59', 'X-RateLimit-Reset': String(RESET) };
  const expected = { limit: 60, remaining: 59, resetAt: new Date(RESET * 1000), retryAfter: null };
  api.play(chat('hi', headers));
  const messages = [{ role: 'user', content: 'hello' }];
  assert.deepEqual((await api.client().chat.completions.create({ model: 'm', messages })).rateLimit, expected);
  api.play(data({ url: 'https://x/1' }, headers));
  assert.deepEqual((await api.client().video.create({ model: 'm', prompt: 'p' })).rateLimit, expected);
  api.play(failure(400, '', 'no', headers));
  await assert.rejects(ask(api.client()), (error) => {
    assert.deepEqual(error.rateLimit, expected);
    assert.equal(error.headers.get('x-ratelimit-limit'), '60');
    return true;
  });
  api.play(answer({ success: true, data: {} }, 200, headers));
  await assert.rejects(ask(api.client()), (error) => {
    assert.ok(error instanceof AIModels.UnexpectedResponseError);
    assert.deepEqual(error.rateLimit, expected);
    return true;
  });
});

test('headers are read liberally, and nonsense is nothing', () => {
  const now = RESET * 1000;
  const read = (given) => readRateLimit(new Headers(given), now);
  const reset = (text, more) => read({ 'x-ratelimit-reset': text, ...more });
  for (const text of [`${RESET + 30}`, `${RESET + 30}000`, `${RESET + 30}000000`, '30', '30.0', '30, 60;w=60']) {
    assert.equal(Math.round(reset(text).resetIn), 30_000, text);
    assert.equal(Math.round(reset(text).rateLimit.resetAt.getTime() / 1000), RESET + 30, text);
  }
  assert.equal(reset('Mon, 15 Jan 2024 10:00:30 GMT').resetIn, 30_000);
  // The two clocks differ by ten minutes: the API's own counts.
  assert.equal(reset(`${RESET + 630}`, { date: 'Mon, 15 Jan 2024 10:10:00 GMT' }).resetIn, 30_000);
  assert.equal(read({ 'retry-after': '2' }).rateLimit.retryAfter, 2);
  assert.equal(read({ 'retry-after': 'Mon, 15 Jan 2024 10:00:02 GMT' }).rateLimit.retryAfter, 2);
  assert.equal(read({ 'x-ratelimit-limit': '60, 60;w=60' }).rateLimit.limit, 60);
  const nothing = { limit: null, remaining: null, resetAt: null, retryAfter: null };
  assert.deepEqual(read({}).rateLimit, nothing);
  const names = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after'];
  for (const nonsense of ['', 'soon', '-1', 'NaN', '1e9']) {
    assert.deepEqual(read(Object.fromEntries(names.map((name) => [name, nonsense]))).rateLimit, nothing, nonsense);
  }
  assert.equal(reset(String(RESET - 5)).resetIn, null);
});

test('a 429 is waited for as long as it says', async (t) => {
  const api = await startApi(t);
  const reset = () => String((Date.now() + 400) / 1000);
  const waits = [];
  const onWait = (milliseconds, reason) => waits.push([reason, milliseconds > 0 && milliseconds <= 400]);
  const cases = [() => ({ 'Retry-After': '0.4' }), () => ({ 'X-RateLimit-Reset': '0.4' })];
  for (const headers of cases) {
    api.play(failure(429, 'rate_limit_exceeded', 'slow down', headers()), chat('done'));
    const started = performance.now();
    assert.equal(await ask(api.client(), { onWait }), 'done');
    assert.ok(performance.now() - started >= 395);
  }
  assert.deepEqual(waits, [
    ['rate_limit', true],
    ['rate_limit', true],
  ]);
  // Unix time, of a server without a Date header.
  api.play((response) => {
    response.sendDate = false;
    failure(429, '', 'slow down', { 'X-RateLimit-Reset': reset() })(response);
  }, chat('done'));
  assert.equal(await ask(api.client(), { onWait }), 'done');
});

test('a 429 without a time is waited for, too', async (t) => {
  const api = await startApi(t);
  api.play(failure(429), chat('done'));
  assert.equal(await ask(api.client()), 'done');
});

test('a wait beyond the deadline is RateLimitError at once, and the next call does not even ask', async (t) => {
  const api = await startApi(t);
  const client = api.client({ timeout: 30_000 });
  api.play(failure(429, 'rate_limit_exceeded', '請求頻率超出限制', { 'Retry-After': '60' }));
  for (const message of [/請求頻率超出限制/, /rate limit is used up/]) {
    await assert.rejects(ask(client), (error) => {
      assert.ok(error instanceof AIModels.RateLimitError);
      assert.match(error.message, message);
      assert.ok(error.retryAfter > 55 && error.retryAfter <= 60);
      return true;
    });
    assert.equal(api.requests.length, 1);
  }
});

test('maxRetries 0 throws a 429 at once', async (t) => {
  const api = await startApi(t);
  api.play(failure(429, '', 'no', { 'Retry-After': '1' }));
  await assert.rejects(ask(api.client({ maxRetries: 0 })), AIModels.RateLimitError);
  assert.equal(api.requests.length, 1);
});

test('when nothing remains, calls wait for the reset instead of earning a 429', async (t) => {
  const api = await startApi(t);
  const client = api.client({ timeout: 5_000 });
  api.play(
    chat('first', { 'X-RateLimit-Limit': '2', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '0.4' }),
    chat(),
  );
  assert.equal(await ask(client), 'first');
  const { resetAt, ...known } = client.rateLimit;
  assert.deepEqual(known, { limit: 2, remaining: 0, waiting: 0 });
  assert.ok(resetAt - Date.now() <= 400);
  const started = performance.now();
  const calls = [ask(client), ask(client), ask(client)];
  assert.equal(client.rateLimit.waiting, 3);
  await Promise.all(calls);
  assert.ok(performance.now() - started >= 350);
  assert.equal(api.requests.length, 4);
});

test('many calls at once share what is left', async (t) => {
  const api = await startApi(t);
  let left = 3;
  let ends = Date.now() + 300;
  api.play((response) => {
    if (Date.now() >= ends) [left, ends] = [3, Date.now() + 300];
    const headers = {
      'X-RateLimit-Limit': '3',
      'X-RateLimit-Reset': String(Math.max(0.001, (ends - Date.now()) / 1000)),
    };
    if (left === 0) return failure(429, '', 'slow down', { ...headers, 'X-RateLimit-Remaining': '0' })(response);
    left -= 1;
    return chat('ok', { ...headers, 'X-RateLimit-Remaining': String(left) })(response);
  });
  const client = api.client();
  await ask(client);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(client)));
  assert.deepEqual(answers, Array(8).fill('ok'));
  assert.ok(api.requests.length <= 12, `${api.requests.length} requests for 9 calls`);
});

test('a waiting call can be cancelled, and its place is given up', async (t) => {
  const api = await startApi(t);
  const client = api.client();
  api.play(chat('first', { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '60' }), chat());
  await ask(client);
  const controller = new AbortController();
  const call = ask(client, { signal: controller.signal });
  assert.equal(client.rateLimit.waiting, 1);
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  assert.equal(client.rateLimit.waiting, 0);
  assert.equal(api.requests.length, 1);
});

test('a callback that throws ends its own call', async (t) => {
  const api = await startApi(t);
  const client = api.client();
  api.play(chat('first', { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '60' }));
  await ask(client);
  const onWait = () => {
    throw new Error('enough');
  };
  await assert.rejects(ask(client, { onWait }), /enough/);
  assert.equal(client.rateLimit.waiting, 0);
});

test('a call that waited its turn and got no answer is APITimeoutError', async (t) => {
  const api = await startApi(t);
  const client = api.client({ timeout: 600 });
  api.play(
    chat('first', { 'X-RateLimit-Limit': '9', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '0.1' }),
    silence,
  );
  await ask(client);
  await assert.rejects(ask(client), AIModels.APITimeoutError);
  assert.equal(api.requests.length, 2);
});
