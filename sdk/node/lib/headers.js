'use strict';

/** Reading of an answer's rate-limit headers: liberal, and believed only where they make sense. */

const COUNT = /^\s*([0-9]{1,15})(?:\.0*)?\s*(?:[,;].*)?$/;
const DATE = /^\s*[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} (?:GMT|UTC|[+-][0-9]{4})\s*$/;
const SECONDS = /^\s*([0-9]{1,20}(?:\.[0-9]{0,9})?)\s*(?:[,;].*)?$/;

/**
 * @typedef {object} RateLimit
 * @property {number | null} limit calls per window
 * @property {number | null} remaining calls left in this window
 * @property {Date | null} resetAt start of the next window
 * @property {number | null} retryAfter seconds to wait, more than 0
 */

/**
 * Read `X-RateLimit-*` and `Retry-After`. Missing and nonsensical values are null. Never throws.
 *
 * @param {Headers} headers
 * @param {number} [now] Unix milliseconds
 * @returns {{rateLimit: RateLimit, resetIn: number | null}} `resetIn`: milliseconds until the next window, more than 0
 */
function readRateLimit(headers, now = Date.now()) {
  // The API's own clock turns its moments into spans, so that a skew between the two clocks does not matter.
  const serverNow = parseDate(headers.get('date')) ?? now;
  const reset = readMoment(headers.get('x-ratelimit-reset'), serverNow);
  const after = readMoment(headers.get('retry-after'), serverNow);
  const rateLimit = {
    limit: readCount(headers.get('x-ratelimit-limit')) || null,
    remaining: readCount(headers.get('x-ratelimit-remaining')),
    resetAt: reset && toDate(reset.moment ?? now + reset.span),
    retryAfter: after && after.span > 0 ? after.span / 1000 : null,
  };
  return { rateLimit, resetIn: reset && reset.span > 0 ? reset.span : null };
}

function readCount(text) {
  const match = text && COUNT.exec(text);
  return match ? Number(match[1]) : null;
}

/** Takes Unix time (also in milli-, micro- and nanoseconds), a number of seconds, an HTTP date; gives milliseconds. */
function readMoment(text, serverNow) {
  if (text === null) return null;
  const match = SECONDS.exec(text);
  let moment = match ? Number(match[1]) : parseDate(text);
  if (moment === null) return null;
  if (!match) return { moment, span: moment - serverNow };
  while (moment >= 1e11) moment /= 1000; // no Unix time in seconds until the year 5138
  if (moment < 1e8) return { moment: null, span: moment * 1000 };
  return { moment: moment * 1000, span: moment * 1000 - serverNow };
}

function parseDate(text) {
  const parsed = text !== null && DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

function toDate(milliseconds) {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date;
}

module.exports = { readRateLimit };
