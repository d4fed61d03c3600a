'use strict';

/** HTTP requests to the API: what is sent, and what becomes of answers and failures. */

const { setTimeout: sleep } = require('node:timers/promises');

const { version } = require('../package.json');
const { Aborted, Attempts } = require('./call');
const { patience } = require('./dispatcher');
const { APITimeoutError, APIConnectionError, connectionError, readWith, refusalError } = require('./errors');
const { readRateLimit } = require('./headers');
const { RateLimiter } = require('./rate_limiter');
const { EventParser } = require('./sse');
const wire = require('./wire');

const DRAIN = 250; // milliseconds
const NODE_TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/**
 * @typedef {object} Request
 * @property {string} endpoint such as "/chat/completions"
 * @property {string} [id] a job under the endpoint
 * @property {object} [body] to post; without: a GET
 * @property {number} maxRetries
 * @property {(milliseconds: number, reason: string) => void} [onWait]
 */

/**
 * @typedef {object} Meta
 * @property {number} status
 * @property {Headers} headers
 * @property {import('./headers').RateLimit} rateLimit
 */

/** Sends the requests of one client: one key, one rate limit. */
class Requester {
  #key;
  #baseURL;
  #fetch;
  limiter = new RateLimiter();

  /** @param {{apiKey: string, baseURL: string, fetch?: typeof fetch}} options */
  constructor({ apiKey, baseURL, fetch }) {
    this.#key = apiKey;
    this.#baseURL = baseURL.replace(/\/+$/, '');
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, { ...init, ...patience() }));
  }

  /**
   * Send until there is a successful answer.
   *
   * @param {Request} request
   * @param {import('./call').CallScope} scope
   * @returns {Promise<{envelope: object, meta: Meta}>}
   */
  async send(request, scope) {
    const attempts = new Attempts(this.limiter, scope, request);
    for (;;) {
      try {
        const { response, meta } = await this.#open(request, scope, await attempts.acquire());
        return { envelope: await this.#readEnvelope(response, meta, scope), meta };
      } catch (error) {
        await attempts.recover(error);
      }
    }
  }

  /**
   * Send a request for a streamed chat answer. A failure is retried only as long as no piece was given out.
   *
   * @param {Request} request
   * @param {import('./call').CallScope} scope
   * @returns {AsyncGenerator<{chunk: object, meta: Meta}, {meta: Meta}>}
   */
  async *stream(request, scope) {
    const attempts = new Attempts(this.limiter, scope, request);
    for (;;) {
      try {
        return yield* this.#pieces(request, scope, attempts);
      } catch (error) {
        if (attempts.isAnswered) {
          scope.check(null);
          throw error;
        }
        await attempts.recover(error);
      }
    }
  }

  async *#pieces(request, scope, attempts) {
    const { response, meta } = await this.#open(request, scope, await attempts.acquire());
    attempts.answerBegan();
    if (!(response.headers.get('content-type') ?? '').includes('event-stream')) {
      const envelope = await this.#readEnvelope(response, meta, scope);
      const data = readWith(meta, () => wire.readChat(wire.openEnvelope(envelope)));
      attempts.isAnswered = true;
      yield { chunk: wire.toChunk(data), meta };
      return { meta };
    }
    const reader = response.body.getReader();
    const parser = new EventParser();
    let reason = '';
    try {
      for (;;) {
        const { done, value } = await this.#guard(reader.read(), scope);
        for (const event of readWith(meta, () => (done ? parser.end() : parser.feed(value)))) {
          if (event.trim() === '[DONE]') {
            await drain(reader);
            return { meta };
          }
          const { chunk, error } = readWith(meta, () => wire.readChunk(event));
          if (error) throw refusalError(error, { ...meta, key: this.#key });
          if (!chunk) continue;
          reason ||= chunk.finish_reason;
          attempts.isAnswered = true;
          yield { chunk, meta };
        }
        if (done && !reason) throw new APIConnectionError("the API's streamed answer broke off", meta);
        if (done) return { meta };
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  /** The successful answer to one attempt, its body unread. */
  async #open(request, scope, permit) {
    let response;
    try {
      response = await this.#guard(this.#fetch(this.#url(request), this.#init(request, scope)), scope);
    } catch (error) {
      this.limiter.abandon(permit);
      throw error;
    }
    const { status, headers } = response;
    const reported = readRateLimit(headers);
    this.limiter.answered(permit, status, reported);
    const meta = { status, headers, rateLimit: reported.rateLimit };
    if (response.ok) return { response, meta };
    const body = wire.parseAnything(await this.#guard(response.text(), scope));
    throw refusalError(body, { ...meta, key: this.#key, retryAfter: this.limiter.opensIn() / 1000 });
  }

  async #readEnvelope(response, meta, scope) {
    const text = await this.#guard(response.text(), scope);
    const envelope = readWith(meta, () => wire.parseObject(text));
    // An error envelope counts, whatever status it comes with.
    if (envelope.success === false) throw refusalError(envelope, { ...meta, key: this.#key });
    return envelope;
  }

  #url({ endpoint, id }) {
    return this.#baseURL + endpoint + (id === undefined ? '' : `/${encodeURIComponent(id)}`);
  }

  #init({ body }, scope) {
    return {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Accept: 'application/json, text/event-stream',
        Authorization: `Bearer ${this.#key}`,
        'Content-Type': 'application/json',
        'User-Agent': `aimodels-sdk-node/${version}`,
      },
      body: body === undefined ? undefined : JSON.stringify(body, wellFormed),
      redirect: 'manual',
      signal: scope.signal,
    };
  }

  /** Turn what `fetch` throws into the SDK's errors. */
  async #guard(promise, scope) {
    try {
      return await promise;
    } catch (cause) {
      if (scope.signal.aborted) throw new Aborted();
      if (NODE_TIMEOUTS.has(cause?.cause?.code)) {
        throw new APITimeoutError("the API gave no answer within Node's own time limit", { cause });
      }
      throw connectionError(cause, this.#key);
    }
  }
}

/** Replace half an emoji cut off somewhere, which has no UTF-8, rather than lose the request. */
function wellFormed(_name, value) {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

/** Read the end of a finished answer, so that its connection can serve the next; a moment, not for ever. */
async function drain(reader) {
  const stop = new AbortController();
  const late = sleep(DRAIN, { done: true }, { signal: stop.signal }).catch(() => ({ done: true }));
  try {
    while (!(await Promise.race([reader.read(), late])).done);
  } catch {
    // The answer is complete all the same.
  } finally {
    stop.abort();
  }
}

module.exports = { Requester };
