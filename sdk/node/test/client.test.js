'use strict';

/** Options, what goes over the wire, how answers are read, and the error classes. */

const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const { test } = require('node:test');

const AIModels = require('..');
const { HELLO, answer, ask, chat, chatData, data, failure, raw, startApi } = require('./support/api');
const { BODIES } = require('./support/reference');

const CALLS = {
  '/chat/completions': (client) => client.chat.completions,
  '/code/completions': (client) => client.code.completions,
  '/images/generations': (client) => client.images,
  '/audio/generations': (client) => client.audio,
  '/video/generations': (client) => client.video,
};
const ANSWERS = {
  '/chat/completions': chat(),
  '/code/completions': data({ code: 'pass' }),
  '/images/generations': data({ images: [{ url: 'https://x/1.png' }] }),
  '/audio/generations': data({ audio: { url: 'https://x/1.mp3' } }),
  '/video/generations': data({ video: { url: 'https://x/1.mp4' } }),
};

for (const [endpoint, body] of Object.entries(BODIES)) {
  test(`POST ${endpoint} sends the reference's sample`, async (t) => {
    const api = await startApi(t);
    api.play(ANSWERS[endpoint]);
    await CALLS[endpoint](api.client({ apiKey: 'YOUR_API_KEY' })).create(body);
    const [{ method, url, headers, json }] = api.requests;
    assert.deepEqual([method, url, json], ['POST', `/v1${endpoint}`, body]);
    assert.equal(headers.authorization, 'Bearer YOUR_API_KEY');
    assert.equal(headers['content-type'], 'application/json');
    assert.match(headers['user-agent'], /^aimodels-sdk-node\/\d/);
  });

  test(`POST ${endpoint} sends extra parameters, and none that were not given`, async (t) => {
    const api = await startApi(t);
    api.play(ANSWERS[endpoint]);
    const { model, prompt, messages } = body;
    const given = { ...(prompt ? { model, prompt } : { model, messages }), seed: 7, user: { name: 'ann' } };
    await CALLS[endpoint](api.client()).create({ ...given, temperature: undefined });
    assert.deepEqual(api.requests[0].json, given);
  });
}

test('half an emoji is sent', async (t) => {
  const api = await startApi(t);
  api.play(chat());
  await api.client().chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'a\ud83d' }] });
  assert.equal(api.requests[0].json.messages[0].content, 'a\ufffd');
});

test('the documented chat answer is read in full', async (t) => {
  const api = await startApi(t);
  const envelope = {
    success: true,
    data: chatData('人工智能'),
    message: '操作成功',
    timestamp: '2024-01-15T10:30:00Z',
  };
  api.play(answer(envelope, 200, { 'X-Request-Id': 'abc' }));
  const response = await api.client().chat.completions.create({ model: 'm', messages: HELLO });
  assert.deepEqual(JSON.parse(JSON.stringify(response)), envelope);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-request-id'), 'abc');
});

test('a message may have no content, or parts', async (t) => {
  const api = await startApi(t);
  api.play(
    chat(null),
    chat([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]),
  );
  const client = api.client();
  assert.deepEqual([await ask(client), await ask(client)], ['', 'ab']);
});

test('an unexpected chat answer names the field, and is not retried', async (t) => {
  const api = await startApi(t);
  const cases = [
    ['not json', /not JSON/],
    ['[]', /not a JSON object/],
    ['{"success": true}', /no data/],
    ['{"success": true, "data": {}}', /data\.choices/],
    ['{"success": true, "data": {"choices": []}}', /data\.choices/],
    ['{"success": true, "data": {"choices": [{"message": {}}]}}', /data\.choices\[0\]\.message\.content/],
  ];
  for (const [body, message] of cases) {
    api.play(raw(body));
    await assert.rejects(ask(api.client()), (error) => {
      assert.ok(error instanceof AIModels.UnexpectedResponseError);
      assert.match(error.message, message);
      assert.equal(error.status, 200);
      return true;
    });
  }
  assert.equal(api.requests.length, cases.length);
});

const REFUSALS = [
  [400, '', AIModels.BadRequestError],
  [404, '', AIModels.BadRequestError],
  [401, 'invalid_api_key', AIModels.AuthenticationError],
  [403, '', AIModels.PermissionDeniedError],
  [429, 'insufficient_quota', AIModels.PermissionDeniedError],
  [302, '', AIModels.UnexpectedResponseError],
];
for (const [status, code, kind] of REFUSALS) {
  test(`status ${status} ${code} is ${kind.name}, at once`, async (t) => {
    const api = await startApi(t);
    api.play(failure(status, code, 'API密鑰無效或已過期', { Location: '/elsewhere' }, 'authentication_error'));
    await assert.rejects(ask(api.client()), (error) => {
      assert.equal(error.constructor, kind);
      assert.equal(error.name, kind.prototype.name);
      assert.ok(
        error instanceof AIModels.APIError && error instanceof AIModels.AIModelsError && error instanceof Error,
      );
      assert.deepEqual([error.status, error.code, error.type], [status, code, 'authentication_error']);
      if (status >= 400) assert.equal(error.message, 'API密鑰無效或已過期');
      assert.equal(error.isRetryable, false);
      return true;
    });
    assert.equal(api.requests.length, 1);
  });
}

test('an error envelope counts, whatever status it comes with', async (t) => {
  const api = await startApi(t);
  api.play(failure(200, 'invalid_api_key'));
  await assert.rejects(ask(api.client()), AIModels.AuthenticationError);
});

test('the key is in no error and no printed client', async (t) => {
  const api = await startApi(t);
  const apiKey = 'sk-very-secret';
  const client = api.client({ apiKey, maxRetries: 0 });
  api.play(failure(401, 'invalid_api_key', `Incorrect API key provided: ${apiKey}`));
  await assert.rejects(ask(client), /provided: \[key\]/);
  api.play((response) => response.destroy());
  const broken = await ask(client).catch((error) => error);
  const options = { depth: 20, showHidden: true };
  assert.ok(broken instanceof AIModels.APIConnectionError);
  assert.ok(!`${inspect(client, options)} ${inspect(broken, options)}`.includes(apiKey));
});

test('options are checked', () => {
  for (const apiKey of ['', '  ', 'sk\nx', 'schlüssel', 7]) {
    assert.throws(() => new AIModels({ apiKey }), AIModels.AIModelsError);
  }
  for (const baseURL of ['', 'api.example', 'ftp://x/v1', 'https://ann:pw@x/v1', 'https://x/v1?key=1']) {
    assert.throws(() => new AIModels({ apiKey: 'k', baseURL }), /baseURL/);
  }
  assert.throws(() => new AIModels({ apiKey: 'k', baseUrl: 'https://x' }), /unknown option baseUrl/);
  assert.throws(() => new AIModels({ apiKey: 'k', timeout: 0 }), /timeout/);
  assert.throws(() => new AIModels({ apiKey: 'k', maxRetries: -1 }), /maxRetries/);
});

test('wrong options and parameters of a call are rejected before anything is sent', async (t) => {
  const api = await startApi(t);
  await assert.rejects(ask(api.client(), { timeout: -1 }), TypeError);
  await assert.rejects(api.client().images.create(), TypeError);
  assert.equal(api.requests.length, 0);
});

test('key and address come from the environment', async (t) => {
  const api = await startApi(t);
  const before = { ...process.env };
  t.after(() => (process.env = before));
  process.env.AIMODELS_API_KEY = ' from-environment ';
  process.env.AIMODELS_BASE_URL = `${api.url}/`;
  api.play(chat());
  await ask(new AIModels());
  assert.equal(api.requests[0].url, '/v1/chat/completions');
  assert.equal(api.requests[0].headers.authorization, 'Bearer from-environment');
});

test('a fetch of one’s own is used', async () => {
  const urls = [];
  const fetch = async (url) => {
    urls.push(url);
    return Response.json({ success: true, data: chatData('mine') });
  };
  assert.equal(await ask(new AIModels({ apiKey: 'k', fetch })), 'mine');
  assert.deepEqual(urls, ['https://api.aimodels.com/v1/chat/completions']);
});

test('CommonJS and ES modules share one class and its errors', async () => {
  const module = await import('../index.mjs');
  assert.equal(module.default, AIModels);
  assert.equal(module.AIModels, AIModels);
  assert.equal(AIModels.default, AIModels);
  const names = Object.keys(AIModels).filter((name) => name !== 'default');
  assert.deepEqual(
    Object.keys(module)
      .filter((name) => name !== 'default')
      .sort(),
    names.sort(),
  );
  for (const name of names) assert.equal(module[name], AIModels[name], name);
});

test('verify spends nothing', async (t) => {
  const api = await startApi(t);
  api.play(failure(400, 'invalid_messages'));
  await api.client().verify();
  assert.deepEqual(api.requests[0].json, { model: 'gpt-4-turbo', messages: [] });
});

test('verify refuses a bad key, address or model', async (t) => {
  const api = await startApi(t);
  const cases = [
    [failure(401, 'invalid_api_key'), AIModels.AuthenticationError],
    [failure(403), AIModels.PermissionDeniedError],
    [failure(404, 'not_found'), AIModels.BadRequestError],
    [failure(400, 'unknown_model'), AIModels.BadRequestError],
    [raw('<html>', 'text/html', 404), AIModels.BadRequestError],
    [raw('<html>'), AIModels.UnexpectedResponseError],
    [answer({ error: { code: 'invalid_messages', message: 'no', type: 'x' } }, 400), AIModels.UnexpectedResponseError],
  ];
  for (const [step, kind] of cases) {
    api.play(step);
    await assert.rejects(api.client().verify('m'), kind);
  }
});
