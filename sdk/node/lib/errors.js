'use strict';

/**
 * The error classes.
 *
 * AIModelsError               the root; raised by itself for a wrong option
 * └── APIError                the API did not give an answer that can be used
 *     ├── BadRequestError            400 and other 4xx: the parameters were refused
 *     ├── AuthenticationError        401: the key is wrong or expired
 *     ├── PermissionDeniedError      402, 403: the key may not do this
 *     ├── RateLimitError             429: too many requests
 *     ├── ServerError                5xx
 *     ├── APIConnectionError         no connection, or it broke
 *     ├── APITimeoutError            no answer within the timeout
 *     ├── JobFailedError             a polled job ended in failure
 *     └── UnexpectedResponseError    an answer of an undocumented shape
 */

class AIModelsError extends Error {}

class APIError extends AIModelsError {
  /**
   * @param {string} message
   * @param {{status?: number | null, code?: string, type?: string, headers?: Headers | null, rateLimit?: object | null,
   *   isEnveloped?: boolean, cause?: unknown}} [details]
   */
  constructor(message, details = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.status = details.status ?? null; // HTTP status; null: no answer
    this.code = details.code ?? ''; // `error.code` of the envelope
    this.type = details.type ?? ''; // `error.type` of the envelope
    hide(this, {
      headers: details.headers ?? null,
      rateLimit: details.rateLimit ?? null,
      isEnveloped: details.isEnveloped ?? false, // true: it came in the reference's envelope
    });
  }

  /** True when the same request may succeed later. */
  get isRetryable() {
    return false;
  }
}

class BadRequestError extends APIError {}
class AuthenticationError extends APIError {}
class PermissionDeniedError extends APIError {}

class RateLimitError extends APIError {
  constructor(message, { retryAfter = null, ...details } = {}) {
    super(message, details);
    this.retryAfter = retryAfter; // seconds until a new call may succeed
  }

  get isRetryable() {
    return true;
  }
}

class ServerError extends APIError {
  get isRetryable() {
    return true;
  }
}

class APIConnectionError extends APIError {
  get isRetryable() {
    return true;
  }
}

class APITimeoutError extends APIError {}
class JobFailedError extends APIError {}
class UnexpectedResponseError extends APIError {}

const classes = {
  AIModelsError,
  APIError,
  BadRequestError,
  AuthenticationError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  APIConnectionError,
  APITimeoutError,
  JobFailedError,
  UnexpectedResponseError,
};
for (const [name, kind] of Object.entries(classes)) hide(kind.prototype, { name });

// An empty account is a 429 on some servers, but waiting does not help.
const BY_CODE = { invalid_api_key: AuthenticationError, insufficient_quota: PermissionDeniedError };
const BY_STATUS = { 401: AuthenticationError, 402: PermissionDeniedError, 403: PermissionDeniedError };
// For error envelopes that come without an error's status.
const BY_TYPE = {
  authentication_error: AuthenticationError,
  permission_error: PermissionDeniedError,
  invalid_request_error: BadRequestError,
};

/**
 * Build the error for a refusal. The API key is removed from all texts.
 *
 * @param {unknown} body the parsed JSON, if it is JSON
 * @param {{status: number, headers?: Headers, rateLimit?: object, key: string, retryAfter?: number}} answer
 * @returns {APIError}
 */
function refusalError(body, { status, headers, rateLimit, key, retryAfter = 1 }) {
  const error = findError(body);
  const clean = (value) => (value == null ? '' : withoutKey(String(value), key));
  const [code, type] = [clean(error.code), clean(error.type)];
  const isEnveloped = isObject(body) && body.success === false;
  const details = { status, code, type, headers, rateLimit, isEnveloped };
  const message = clean(error.message) || `the API answered with status ${status}`;
  const special = lookUp(BY_CODE, code) ?? lookUp(BY_STATUS, status);
  if (special) return new special(message, details);
  if (status === 429 || type === 'rate_limit_error') return new RateLimitError(message, { ...details, retryAfter });
  if (status >= 500) return new ServerError(message, details);
  if (status >= 400) return new BadRequestError(message, details);
  if (status >= 300 || status === 0) {
    return new UnexpectedResponseError('the API redirects: baseURL must be the address it ends up at', details);
  }
  return new (lookUp(BY_TYPE, type) ?? ServerError)(message, details);
}

/** Build the error for a connection that could not be made or broke. The API key is removed from its text. */
function connectionError(cause, key) {
  const inner = cause?.cause;
  const reason = [cause?.message, inner?.message || inner?.code].filter(Boolean).join(': ') || String(cause);
  return new APIConnectionError(withoutKey(`no answer from the API: ${reason}`, key), { cause });
}

/** Run `read`; an error about the content of an answer gets the status and headers of that answer. */
function readWith({ status, headers, rateLimit }, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof APIError && error.status === null) Object.assign(error, { status, headers, rateLimit });
    throw error;
  }
}

/** The error's fields, however they are wrapped. */
function findError(body) {
  if (!isObject(body)) return {};
  const error = body.error ?? body;
  if (!isObject(error)) return { message: error };
  return 'message' in error ? error : { ...error, message: error.detail };
}

/** A shorter text is no secret, and may be part of a word. */
function withoutKey(text, key) {
  return key.length < 8 ? text : text.replaceAll(key, '[key]');
}

function lookUp(table, key) {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Add properties that `JSON.stringify`, spreading and `console.log` leave out. */
function hide(target, properties) {
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(target, name, { value, enumerable: false, writable: true, configurable: true });
  }
  return target;
}

module.exports = { ...classes, refusalError, connectionError, readWith, isObject, hide };
