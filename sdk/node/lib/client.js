'use strict';

const errors = require('./errors');
const { Requester } = require('./request');
const { Audio, ChatCompletions, CodeCompletions, Images, Video } = require('./resources');

const BASE_URL = 'https://api.aimodels.com/v1';
const CHAT_MODEL = 'gpt-4-turbo';
const VERIFY_TIMEOUT = 30_000; // milliseconds
const OPTIONS = ['apiKey', 'baseURL', 'timeout', 'mediaTimeout', 'maxRetries', 'fetch'];
const UNKNOWN_MODEL = ['model_not_found', 'invalid_model', 'unknown_model', 'unsupported_model'];

/** The client of the AI Models API. Every call ends within its timeout, and closes its connection when cancelled. */
class AIModels {
  #requester;
  #timeout;

  /** See `ClientOptions` in index.d.ts. Throws `AIModelsError` for options that can't be used. */
  constructor(options = {}) {
    const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
    if (unknown) fail(`unknown option ${unknown}; there are ${OPTIONS.join(', ')}`);
    const { timeout = 120_000, mediaTimeout = 900_000, maxRetries = 4, fetch } = options;
    if (!(timeout > 0 && mediaTimeout > 0)) fail('timeout and mediaTimeout must be milliseconds, more than 0');
    if (!(maxRetries >= 0)) fail('maxRetries must be a number, at least 0');
    const apiKey = checkKey(options.apiKey ?? process.env.AIMODELS_API_KEY);
    const baseURL = checkURL(options.baseURL ?? (process.env.AIMODELS_BASE_URL || BASE_URL));
    this.#requester = new Requester({ apiKey, baseURL, fetch });
    this.#timeout = timeout;
    const context = { requester: this.#requester, timeout, mediaTimeout, maxRetries };
    this.chat = { completions: new ChatCompletions(context) };
    this.code = { completions: new CodeCompletions(context) };
    this.images = new Images(context);
    this.audio = new Audio(context);
    this.video = new Video(context);
  }

  /** The rate limit as last reported by the API, shared by all calls of this client. */
  get rateLimit() {
    const { limit, left, resetAt, queue } = this.#requester.limiter;
    return { limit, remaining: left, resetAt: resetAt === null ? null : new Date(resetAt), waiting: queue.length };
  }

  /**
   * Check the key without spending: send a request without messages, which is refused only after the key was accepted.
   *
   * Throws `AuthenticationError` or `PermissionDeniedError` for a bad key, `BadRequestError` for an address without chat
   * or an unknown model, else another `APIError`.
   */
  async verify(model = CHAT_MODEL, options = {}) {
    const timeout = options.timeout ?? Math.min(this.#timeout, VERIFY_TIMEOUT);
    try {
      await this.chat.completions.probe(model, { ...options, timeout });
    } catch (error) {
      if (!(error instanceof errors.BadRequestError) || isAbout(error)) throw error;
      if (!error.isEnveloped) {
        throw new errors.UnexpectedResponseError('the API answers without an envelope: is baseURL right?', {
          cause: error,
        });
      }
    }
  }
}

/** True for a refusal of the address or of the model. */
function isAbout({ status, code, type }) {
  const marks = `${code} ${type}`.toLowerCase();
  return status === 404 || status === 405 || UNKNOWN_MODEL.some((mark) => marks.includes(mark));
}

function checkKey(given) {
  const key = typeof given === 'string' ? given.trim() : '';
  if (!key) fail('the API key is missing: give the option apiKey, or set AIMODELS_API_KEY');
  if (!/^[\x20-\x7e]+$/.test(key)) fail('the API key has characters that no key has');
  return key;
}

function checkURL(given) {
  let url;
  try {
    url = new URL(given);
  } catch {
    fail('baseURL is not a URL');
  }
  if (!['http:', 'https:'].includes(url.protocol)) fail('baseURL must begin with https:// or http://');
  if (url.username || url.password) fail('baseURL must not contain a user name or password');
  if (url.search || url.hash) fail('baseURL must not contain a query or a fragment');
  return url.href;
}

function fail(message) {
  throw new errors.AIModelsError(message);
}

module.exports = { AIModels };
