'use strict';

/** Code, images, audio and video: liberal reading, and jobs. */

const assert = require('node:assert/strict');
const { mock, test } = require('node:test');

const AIModels = require('..');
const { answer, data, failure, startApi } = require('./support/api');

mock.method(Math, 'random', () => 0.01);

const URL = 'https://cdn.example/1';
const ASKED = { model: 'm', prompt: 'p' };
const NOTHING = { url: null, b64_json: null, width: null, height: null, duration: null, format: null };

test('each accepted shape of a code answer gives the code', async (t) => {
  const api = await startApi(t);
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
  const bodies = [
    { choices: [{ text: 'pass' }] },
    { choices: [{ message: { content: 'pass' } }] },
    { code: 'pass' },
    { code: '```python\npass\n```\n' },
  ];
  for (const body of bodies) {
    api.play(data({ ...body, usage }));
    const response = await api.client().code.completions.create(ASKED);
    assert.deepEqual(response.data, { ...body, usage, code: 'pass' });
  }
  api.play(data({ choices: [{}] }));
  await assert.rejects(api.client().code.completions.create(ASKED), /choices\[0\]\.text/);
});

test('each accepted shape of a media answer gives its items', async (t) => {
  const api = await startApi(t);
  const bodies = [
    { video: { url: URL } },
    { videos: [{ url: URL }] },
    { audio: [{ url: URL }] },
    { audios: { url: URL } },
    { images: [{ url: URL }] },
    { video: URL },
    { url: URL },
  ];
  for (const body of bodies) {
    api.play(data({ ...body, usage: { cost: 0.5 } }));
    const response = await api.client().video.create(ASKED);
    assert.deepEqual(response.data.items, [{ ...NOTHING, url: URL }]);
    assert.equal(response.data.usage.cost, 0.5);
  }
});

test('details of an item are kept, and a wrong detail does not cost the item', async (t) => {
  const api = await startApi(t);
  api.play(data({ video: { b64_json: 'AAAA', width: 640, height: 'tall', duration: 2.5, format: 'mp4' } }));
  const [first] = (await api.client().video.create(ASKED)).data.items;
  assert.deepEqual(first, { ...NOTHING, b64_json: 'AAAA', width: 640, duration: 2.5, format: 'mp4' });
  api.play(data({ url: 'data:audio/mpeg;base64,BBBB' }));
  const [second] = (await api.client().audio.create(ASKED)).data.items;
  assert.deepEqual(second, { ...NOTHING, b64_json: 'BBBB' });
});

test('the documented image answer is read in full', async (t) => {
  const api = await startApi(t);
  const content = { images: [{ url: URL, width: 1024, height: 1024 }], usage: { images: 1, cost: 0.0008 } };
  api.play(answer({ success: true, data: content, message: '操作成功', timestamp: '2024-01-15T10:30:00Z' }));
  const response = await api.client().images.create(ASKED);
  assert.deepEqual(response.data.images, [{ ...NOTHING, ...content.images[0] }]);
  assert.deepEqual(response.data.usage, content.usage);
  assert.equal(response.message, '操作成功');
});

test('an unexpected media answer names the field', async (t) => {
  const api = await startApi(t);
  const cases = [
    [{}, /images, audio, video or url/],
    [{ images: [] }, /images, audio, video or url/],
    [{ images: [{ url: URL }, {}] }, /images\[1\]\.url/],
    [{ video: { link: URL } }, /video\.url/],
    [{ id: '1', status: 'dancing' }, /status 'dancing'/],
    [{ id: '1', status: 'succeeded' }, /images, audio, video or url/],
  ];
  for (const [body, message] of cases) {
    api.play(data(body));
    await assert.rejects(api.client().video.create(ASKED), (error) => {
      assert.ok(error instanceof AIModels.UnexpectedResponseError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test('a job is polled until it is done, through failures, and its progress is reported', async (t) => {
  const api = await startApi(t);
  api.play(
    data({ id: 'job 1', status: 'queued' }),
    data({ id: 'job 1', status: 'processing', progress: 0.5 }),
    failure(503),
    data({ status: 'processing', progress: 75 }),
    data({ id: 'job 1', status: 'succeeded', video: { url: URL } }),
  );
  const seen = [];
  const onProgress = ({ id, progress, status }) => seen.push([id, progress, status]);
  const response = await api.client({ maxRetries: 0 }).video.create(ASKED, { onProgress, maxRetries: 0 });
  assert.equal(response.data.items[0].url, URL);
  assert.deepEqual(seen, [
    ['job 1', null, 'queued'],
    ['job 1', 0.5, 'processing'],
    ['job 1', 0.75, 'processing'],
  ]);
  const polls = api.requests.slice(1).map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual(polls, Array(4).fill('GET /v1/video/generations/job%201'));
});

test('a job that fails says why', async (t) => {
  const api = await startApi(t);
  const error = { message: 'no cat', code: 'generation_failed', type: 'server_error' };
  api.play(data({ id: 7, status: 'queued' }), data({ id: 7, status: 'failed', error }));
  await assert.rejects(api.client().audio.create(ASKED), (thrown) => {
    assert.ok(thrown instanceof AIModels.JobFailedError);
    assert.deepEqual([thrown.message, thrown.code, thrown.type], ['no cat', 'generation_failed', 'server_error']);
    return true;
  });
  assert.equal(api.requests[1].url, '/v1/audio/generations/7');
});

test('a job that never ends costs no more than mediaTimeout, and can be cancelled', async (t) => {
  const api = await startApi(t);
  api.play(data({ id: '1', status: 'processing' }));
  await assert.rejects(api.client({ mediaTimeout: 200 }).video.create(ASKED), AIModels.APITimeoutError);
  const controller = new AbortController();
  const options = { signal: controller.signal, onProgress: () => controller.abort() };
  await assert.rejects(api.client().video.create(ASKED, options), { name: 'AbortError' });
});
