'use strict';

/** Streamed chat answers, over real sockets. */

const assert = require('node:assert/strict');
const { mock, test } = require('node:test');
const { setImmediate } = require('node:timers/promises');

const AIModels = require('..');
const { EventParser } = require('../lib/sse');
const { HELLO, answer, chat, events, failure, half, hangUp, piece, silence, startApi } = require('./support/api');

mock.method(Math, 'random', () => 0.01);

const USED = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const stream = (client, options) =>
  client.chat.completions.create({ model: 'm', messages: HELLO, stream: true }, options);

async function collect(client, into = [], options) {
  for await (const chunk of await stream(client, options)) into.push(chunk);
  return into;
}

const textOf = (chunks) => chunks.map(({ text }) => text).join('');

test('the pieces come in order, then why the answer ended and what it used', async (t) => {
  const api = await startApi(t);
  api.play(
    events([piece('你'), ': keep-alive\n\n', piece('好'), piece(undefined, { finish: 'stop', usage: USED })], {
      headers: { 'X-RateLimit-Limit': '60' },
    }),
  );
  const answered = await stream(api.client());
  assert.equal(answered.status, 200);
  assert.equal(answered.rateLimit.limit, 60);
  const chunks = [];
  for await (const chunk of answered) chunks.push(chunk);
  assert.deepEqual(
    chunks.map(({ text }) => text),
    ['你', '好', ''],
  );
  assert.deepEqual(
    chunks.map(({ choices }) => choices[0].delta.content),
    ['你', '好', ''],
  );
  assert.equal(chunks[2].finish_reason, 'stop');
  assert.deepEqual(chunks[2].usage, USED);
  assert.deepEqual(api.requests[0].json, { model: 'm', messages: HELLO, stream: true });
});

test('a plain answer to a streamed request is one piece', async (t) => {
  const api = await startApi(t);
  api.play(chat('all at once'));
  const [chunk, ...rest] = await collect(api.client());
  assert.deepEqual([chunk.text, chunk.finish_reason, rest], ['all at once', 'stop', []]);
  assert.equal(chunk.choices[0].delta.content, 'all at once');
});

test('an answer without any piece is an empty stream', async (t) => {
  const api = await startApi(t);
  api.play(events([]));
  const answered = await stream(api.client());
  assert.equal(answered.status, 200);
  assert.deepEqual(await answered.next(), { done: true, value: undefined });
});

test('a piece is given out as soon as it is there', async (t) => {
  const api = await startApi(t);
  let release;
  const rest = new Promise((resolve) => (release = resolve));
  api.play(events([piece('first'), rest, piece('second', { finish: 'stop' })]));
  const got = [];
  for await (const { text } of await stream(api.client())) {
    got.push(text);
    release();
  }
  assert.deepEqual(got, ['first', 'second']);
});

const EARLY = [failure(500), hangUp, half, events([], { abort: true }), events([], { end: false })];
test('a failure before the first piece is survived', async (t) => {
  const api = await startApi(t);
  for (const fault of EARLY) {
    api.requests.length = 0;
    api.play(fault, events([piece('done', { finish: 'stop' })]));
    assert.equal(textOf(await collect(api.client())), 'done');
    assert.equal(api.requests.length, 2);
  }
});

const LATE = [
  [events([piece('begun')], { abort: true }), AIModels.APIConnectionError],
  [events([piece('begun')], { end: false }), AIModels.APIConnectionError],
  [events([piece('begun'), { error: { message: 'overloaded', type: 'server_error' } }]), AIModels.ServerError],
  [events([piece('begun'), { error: { message: 'slow down', type: 'rate_limit_error' } }]), AIModels.RateLimitError],
  [events([piece('begun'), 'data: {broken\n\n']), AIModels.UnexpectedResponseError],
  [events([piece('begun'), { no: 'choices' }]), AIModels.UnexpectedResponseError],
];
test('a failure after the first piece is thrown, and nothing is asked again', async (t) => {
  const api = await startApi(t);
  for (const [step, kind] of LATE) {
    api.requests.length = 0;
    api.play(step);
    const got = [];
    await assert.rejects(collect(api.client(), got), kind);
    assert.equal(textOf(got), 'begun');
    assert.equal(api.requests.length, 1);
  }
});

test('a refusal is thrown by the call itself', async (t) => {
  const api = await startApi(t);
  api.play(failure(401, 'invalid_api_key'));
  await assert.rejects(stream(api.client()), AIModels.AuthenticationError);
  api.play(answer({ success: false, error: { message: 'no', type: 'invalid_request_error' } }));
  await assert.rejects(stream(api.client()), AIModels.BadRequestError);
  assert.equal(api.requests.length, 2);
});

test('an answer that stops coming costs no more than the timeout', async (t) => {
  const api = await startApi(t);
  api.play(events([piece('begun')], { hang: true }));
  await assert.rejects(collect(api.client({ timeout: 200 })), AIModels.APITimeoutError);
});

test('an aborted signal ends the stream, before and after its first piece', async (t) => {
  for (const step of [silence, events([piece('begun')], { hang: true })]) {
    const api = await startApi(t);
    const controller = new AbortController();
    api.play((response) => {
      setTimeout(() => controller.abort(), 100);
      return step(response);
    });
    await assert.rejects(collect(api.client(), [], { signal: controller.signal }), { name: 'AbortError' });
    await api.hungUp;
  }
});

test('leaving early closes the connection', async (t) => {
  const looping = await startApi(t);
  looping.play(events([piece('begun')], { hang: true }));
  for await (const chunk of await stream(looping.client())) {
    assert.equal(chunk.text, 'begun');
    break;
  }
  await looping.hungUp;
  const unread = await startApi(t);
  unread.play(events([piece('begun')], { hang: true }));
  await (await stream(unread.client())).return();
  await unread.hungUp;
});

test('after a finished stream the next call needs no new connection', async (t) => {
  const api = await startApi(t);
  api.play(events([piece('a', { finish: 'stop' })]));
  const client = api.client();
  await collect(client);
  await setImmediate();
  await collect(client);
  assert.equal(new Set(api.requests.map(({ peer }) => peer)).size, 1);
});

test('however the bytes are cut, the events are the same', () => {
  const bytes = new TextEncoder().encode(
    'event: x\r\ndata: 你好\r\n\r\n: note\n\ndata:a\ndata: b\n\nid: 3\ndata: {"x": 1}\n\ndata: last',
  );
  for (const size of [1, 2, 3, 7, 1000]) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...parser.feed(bytes.subarray(at, at + size)));
    assert.deepEqual([...found, ...parser.end()], ['你好', 'a\nb', '{"x": 1}', 'last']);
  }
});

test('an event without end is an error, not memory', () => {
  const parser = new EventParser();
  const chunk = new Uint8Array(1_000_000).fill(120);
  for (let count = 0; count < 16; count += 1) parser.feed(chunk);
  assert.throws(() => parser.feed(chunk), AIModels.UnexpectedResponseError);
});
