'use strict';

/** One call, from the user's view: its deadline, its cancellation, and its retries within both. */

const { setTimeout: sleep } = require('node:timers/promises');

const { APIError, APITimeoutError, RateLimitError } = require('./errors');

const [BACKOFF, MAX_BACKOFF] = [500, 20_000]; // milliseconds; doubled with each retry
const MAX_TIMER = 2 ** 31 - 1; // milliseconds; longer timers fire at once

/** An attempt ended because the call's signal was aborted. Never leaves the SDK. */
class Aborted extends Error {}

/** The deadline and the caller's signal of one call, retries and waits included. */
class CallScope {
  #controller = new AbortController();
  #callerSignal;
  #onAbort = () => this.#controller.abort(new Aborted());
  #timer;
  #deadline;

  /**
   * @param {number} timeout milliseconds
   * @param {AbortSignal} [callerSignal]
   */
  constructor(timeout, callerSignal) {
    this.#deadline = performance.now() + timeout;
    this.#callerSignal = callerSignal;
    this.#timer = setTimeout(this.#onAbort, Math.min(timeout, MAX_TIMER));
    if (callerSignal?.aborted) this.#onAbort();
    else callerSignal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Aborted at the deadline, or with the caller's signal. */
  get signal() {
    return this.#controller.signal;
  }

  /** Milliseconds until the deadline. */
  timeLeft() {
    return this.#deadline - performance.now();
  }

  /**
   * Throw when the call is over: the caller's reason, or the error that kept the call from an answer.
   *
   * @param {APIError | null} last
   */
  check(last) {
    if (!this.signal.aborted) return;
    if (this.#callerSignal?.aborted) throw this.#callerSignal.reason;
    throw last ?? new APITimeoutError('the API gave no answer within the time allowed');
  }

  /** Sleep; a call that is over ends it at once. */
  async sleep(milliseconds, last) {
    try {
      await sleep(Math.min(milliseconds, MAX_TIMER), undefined, { signal: this.signal });
    } catch {
      this.check(last);
    }
  }

  /** End the deadline. Safe to repeat. */
  close() {
    clearTimeout(this.#timer);
    this.#callerSignal?.removeEventListener('abort', this.#onAbort);
  }
}

/** The attempts of one request: waits for the rate limit before each, and decides what follows a failure. */
class Attempts {
  #limiter;
  #scope;
  #options;
  #failures = 0;
  #last = null;
  /** True when a part of the answer was given out, so that no other attempt may begin. */
  isAnswered = false;

  /**
   * @param {import('./rate_limiter').RateLimiter} limiter
   * @param {CallScope} scope
   * @param {{maxRetries: number, onWait?: (milliseconds: number, reason: string) => void}} options
   */
  constructor(limiter, scope, options) {
    this.#limiter = limiter;
    this.#scope = scope;
    this.#options = options;
  }

  /** Wait until the call may start. Throws `RateLimitError` at once when that is after the deadline. */
  async acquire() {
    this.#scope.check(this.#last);
    const permit = this.#limiter.start();
    if (permit !== null) return permit;
    const wait = this.#limiter.opensIn();
    const before = this.#last;
    if (!(before instanceof RateLimitError)) {
      this.#last = new RateLimitError("the API's rate limit is used up", { retryAfter: wait / 1000 });
    }
    if (wait > this.#scope.timeLeft()) throw this.#last;
    const granted = await this.#wait();
    this.#last = before;
    return granted;
  }

  async #wait() {
    const { onWait } = this.#options;
    const report = onWait && ((milliseconds) => onWait(milliseconds, 'rate_limit'));
    let permit = null;
    try {
      permit = await this.#limiter.wait(this.#scope.signal, report);
      this.#scope.check(this.#last);
    } catch (error) {
      if (permit !== null) this.#limiter.giveBack(permit);
      this.#scope.check(this.#last);
      throw error;
    }
    return permit;
  }

  /** The API has begun to answer: earlier failures explain nothing any more. */
  answerBegan() {
    this.#last = null;
  }

  /** Wait until a new attempt makes sense; throws when none does. */
  async recover(error) {
    const isFailure = error instanceof APIError;
    if (isFailure && !error.isRetryable) throw error;
    if (isFailure) this.#last = error;
    this.#scope.check(this.#last);
    const { maxRetries, onWait } = this.#options;
    if (!isFailure || maxRetries === 0) throw error;
    if (error instanceof RateLimitError) {
      const opensIn = this.#limiter.opensIn();
      if (opensIn > this.#scope.timeLeft()) throw error;
      if (opensIn > 0) return; // `acquire` waits, in turn
    }
    this.#failures += 1;
    const ceiling = Math.min(MAX_BACKOFF, BACKOFF * 2 ** Math.min(this.#failures - 1, 10));
    const delay = Math.max(Math.random() * ceiling, (error.rateLimit?.retryAfter ?? 0) * 1000);
    if (this.#failures > maxRetries || delay > this.#scope.timeLeft()) throw error;
    onWait?.(delay, 'retry');
    await this.#scope.sleep(delay, error);
  }
}

module.exports = { Aborted, Attempts, CallScope };
