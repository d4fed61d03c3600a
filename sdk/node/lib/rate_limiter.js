'use strict';

/**
 * The rate limit as the API reports it: one budget for all calls of a client.
 *
 * Nothing is assumed about the limit. Each answer's `X-RateLimit-*` headers say how many calls may still be started and
 * when the count begins anew; when none is left, new calls wait here instead of earning a 429. No header can close the
 * budget for longer than `MAX_WAIT`: after that one call probes.
 */

const MAX_WAIT = 120_000; // milliseconds; the longest the budget stays closed because of one answer
const BLIND_WAIT = 1_000; // milliseconds; when nothing is left and the API does not say, or not credibly, until when

class RateLimiter {
  constructor() {
    this.limit = null; // calls per window as last reported
    this.left = null; // calls that may be started now; null: no limit is known
    this.opens = 0; // when `left` is renewed, in `performance.now()` milliseconds
    this.renewal = 1; // what `left` is renewed to
    this.learning = false; // renewed, and no answer yet to a call started since
    this.last = 0; // newest permit
    this.newestAnswered = 0; // older answers know less
    this.first = 0; // first permit since the renewal
    this.refused = 0; // newest permit when the last 429 came
    this.strikes = 0; // rounds of 429 in a row
    this.open = new Set(); // permits without an answer
    this.queue = []; // calls that wait, in order
    this.timer = null;
    this.timerAt = 0; // the `opens` that the timer is set to
  }

  /** Unix milliseconds at which `left` is renewed; null: no limit is known. */
  get resetAt() {
    return this.left === null ? null : Date.now() + Math.max(0, this.opens - performance.now());
  }

  /** Milliseconds until calls can be expected to start again; 0: now. */
  opensIn() {
    if (this.#isOpen()) return 0;
    if (this.learning) return BLIND_WAIT; // the answer to a call in progress will tell
    return Math.max(0, this.opens - performance.now());
  }

  /** A permit, if a call may start at once and no other waits; else null. */
  start() {
    return this.queue.length === 0 && this.#isOpen() ? this.#grant() : null;
  }

  /**
   * Wait in turn for a permit. End each permit with `answered`, `abandon` or `giveBack`.
   *
   * @param {AbortSignal} signal gives up the place in the queue
   * @param {(milliseconds: number) => void} [onWait] called with the expected wait, and again when it gets longer
   * @returns {Promise<number>}
   */
  wait(signal, onWait) {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, onWait, reportedUntil: -Infinity, release: () => {} };
      const leave = (reason) => {
        const place = this.queue.indexOf(waiter);
        if (place < 0) return;
        this.queue.splice(place, 1);
        waiter.release();
        this.#setTimer();
        reject(reason);
      };
      const onAbort = () => leave(signal.reason);
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      waiter.release = () => signal.removeEventListener('abort', onAbort);
      waiter.leave = leave;
      this.queue.push(waiter);
      this.#pump();
      if (this.queue.includes(waiter)) this.#report(waiter);
    });
  }

  /**
   * Learn from an answer.
   *
   * @param {number} permit
   * @param {number} status
   * @param {{rateLimit: import('./headers').RateLimit, resetIn: number | null}} reported
   */
  answered(permit, status, { rateLimit, resetIn }) {
    this.open.delete(permit);
    this.limit = rateLimit.limit ?? this.limit;
    if (status === 429) {
      this.#close(permit, rateLimit.retryAfter === null ? resetIn : rateLimit.retryAfter * 1000);
    } else if (rateLimit.remaining !== null) {
      this.strikes = 0;
      if (permit > this.newestAnswered) {
        this.newestAnswered = permit;
        this.learning = false;
        // Calls started after this one are not in its count, as far as can be known.
        this.left = Math.max(0, rateLimit.remaining - (this.last - permit));
        this.#renewIn(resetIn);
      }
    } else if (status < 500) {
      this.strikes = 0;
      this.#answeredWithoutHeaders();
    } else {
      this.#probeAgain();
    }
    this.#pump();
  }

  /** End a permit whose call got no answer. */
  abandon(permit) {
    this.open.delete(permit);
    this.#probeAgain();
    this.#pump();
  }

  /** End a permit whose call was never sent. */
  giveBack(permit) {
    if (this.left !== null) this.left += 1;
    this.abandon(permit);
  }

  #isOpen() {
    if (this.left === null) return true;
    const now = performance.now();
    if (now >= this.opens) {
      this.left = Math.max(this.left, this.renewal);
      [this.opens, this.renewal] = [now + MAX_WAIT, 1];
      [this.learning, this.first] = [true, this.last + 1];
    }
    return this.left > 0;
  }

  #grant() {
    this.last += 1;
    this.open.add(this.last);
    if (this.left !== null) this.left -= 1;
    return this.last;
  }

  /** Renew to the limit where the API said when, else with one call that probes. */
  #renewIn(wait) {
    const isCredible = wait !== null && wait <= MAX_WAIT;
    this.opens = performance.now() + (wait === null ? BLIND_WAIT : Math.min(wait, MAX_WAIT));
    this.renewal = isCredible ? (this.limit ?? 1) : 1;
  }

  #close(permit, wait) {
    if (permit > this.refused) {
      // The other calls in progress are refused for the same reason.
      this.refused = this.last;
      this.strikes += 1;
    }
    // Spread the load of many clients.
    const guess = (0.5 + Math.random() / 2) * Math.min(60_000, 500 * 2 ** this.strikes);
    this.newestAnswered = Math.max(this.newestAnswered, permit);
    [this.left, this.learning] = [0, false];
    this.#renewIn(wait ?? guess);
  }

  /** The API has no limits, or does not report them: double with each success. */
  #answeredWithoutHeaders() {
    if (!this.learning || this.left === null) return;
    this.left += 2;
    if (this.queue.length === 0) [this.left, this.learning] = [null, false];
  }

  #probeAgain() {
    if (!this.learning || this.left !== 0) return;
    for (const permit of this.open) if (permit >= this.first) return;
    this.left = 1;
  }

  /** Start the calls that may start; come back when the budget opens. */
  #pump() {
    while (this.queue.length > 0 && this.#isOpen()) {
      const waiter = this.queue.shift();
      waiter.release();
      waiter.resolve(this.#grant());
    }
    if (this.#setTimer()) for (const waiter of [...this.queue]) this.#report(waiter);
  }

  /** True when the timer was set anew. */
  #setTimer() {
    if (this.timer !== null && (this.queue.length === 0 || this.timerAt !== this.opens)) {
      clearTimeout(this.timer);
      this.timer = null;
    }
    if (this.queue.length === 0 || this.timer !== null) return false;
    this.timerAt = this.opens;
    const ring = () => {
      this.timer = null;
      this.#pump();
    };
    this.timer = setTimeout(ring, Math.ceil(Math.max(0, this.opens - performance.now())));
    return true;
  }

  #report(waiter) {
    if (!waiter.onWait) return;
    const wait = this.opensIn();
    const until = performance.now() + wait;
    if (until > waiter.reportedUntil + 1000) {
      waiter.reportedUntil = until;
      try {
        waiter.onWait(wait);
      } catch (error) {
        waiter.leave(error); // a callback that throws ends its own call
      }
    }
  }
}

module.exports = { RateLimiter };
