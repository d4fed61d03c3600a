'use strict';

/** A scripted API on a real socket: it plays the given steps in order and records the requests. */

const http = require('node:http');
const { once } = require('node:events');

const AIModels = require('../..');

/**
 * Start an API that is closed at the end of the test. The last step is repeated.
 *
 * @returns {Promise<{url: string, requests: object[], hungUp: Promise<void>, play: (...steps: Function[]) => void,
 *   client: (options?: object) => AIModels}>}
 */
async function startApi(t) {
  const api = { requests: [], steps: [] };
  const hungUp = Promise.withResolvers?.() ?? deferred();
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks).toString();
    const { method, url, headers, socket } = request;
    api.requests.push({ method, url, headers, peer: socket.remotePort, json: raw ? JSON.parse(raw) : undefined });
    response.on('close', () => response.writableFinished || hungUp.resolve());
    const step = api.steps.length > 1 ? api.steps.shift() : api.steps[0];
    await step(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  api.url = `http://127.0.0.1:${server.address().port}/v1`;
  api.hungUp = hungUp.promise;
  api.play = (...steps) => (api.steps = steps);
  api.client = (options) => new AIModels({ apiKey: 'key', baseURL: api.url, ...options });
  return api;
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}

// ---------------------------------------------------------------- steps

/** JSON. */
function answer(body, status = 200, headers = {}) {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A success envelope. */
const data = (content, headers) => answer({ success: true, data: content }, 200, headers);

/** An error envelope. */
function failure(status, code = '', message = 'no', headers = {}, type = 'some_error') {
  return answer({ success: false, error: { code, message, type } }, status, headers);
}

/** A chat answer. */
const chat = (content = 'hello', headers = {}) => data(chatData(content), headers);

function chatData(content) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1677652288,
    model: 'gpt-4-turbo',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  };
}

/** Bytes as they are. */
function raw(body, type = 'text/html', status = 200) {
  return (response) => {
    response.writeHead(status, { 'Content-Type': type });
    response.end(body);
  };
}

/** Server-sent events; objects become JSON. `end`: with [DONE]. `abort`: break the connection. `hang`: never end. */
function events(pieces, { end = true, abort = false, hang = false, headers = {} } = {}) {
  return async (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
    response.flushHeaders();
    for (const piece of pieces) {
      if (piece instanceof Promise) await piece;
      else response.write(typeof piece === 'string' ? piece : `data: ${JSON.stringify(piece)}\n\n`);
    }
    if (abort) setTimeout(() => response.destroy(), 30);
    else if (!hang) response.end(end ? 'data: [DONE]\n\n' : '');
  };
}

/** One piece of a streamed chat answer. */
function piece(content, { finish = null, usage } = {}) {
  const choices = [{ index: 0, delta: content === undefined ? {} : { content }, finish_reason: finish }];
  return { object: 'chat.completion.chunk', model: 'gpt-4-turbo', choices, ...(usage && { usage }) };
}

/** No answer at all. */
const silence = () => {};

/** The connection is closed without an answer. */
const hangUp = (response) => response.destroy();

/** The server ends its side of the connection, and no answer comes. */
const halfClose = (response) => response.socket.end();

/** An answer that breaks off. */
const half = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
  response.write('{"success": tr');
  setTimeout(() => response.destroy(), 10);
};

/** No HTTP. */
const gibberish = (response) => response.socket.end('gibberish\r\n\r\n');

const HELLO = [{ role: 'user', content: 'hello' }];

/** The text of a chat answer. */
async function ask(client, options) {
  const response = await client.chat.completions.create({ model: 'm', messages: HELLO }, options);
  return response.data.choices[0].message.content;
}

module.exports = {
  HELLO,
  answer,
  ask,
  chat,
  chatData,
  data,
  events,
  failure,
  gibberish,
  half,
  halfClose,
  hangUp,
  piece,
  raw,
  silence,
  startApi,
};
