'use strict';

const { hide } = require('./errors');

/** A streamed chat answer: an async iterable of its pieces. Leaving the loop early closes the connection. */
class ChatStream {
  #pieces;
  #scope;
  #first;

  constructor(pieces, scope, first, meta) {
    this.#pieces = pieces;
    this.#scope = scope;
    this.#first = first;
    hide(this, meta);
  }

  /** Wait for the first piece, so that a refusal is thrown by the call and not by the loop. */
  static async open(pieces, scope) {
    try {
      const first = await pieces.next();
      return new ChatStream(pieces, scope, first, first.value.meta);
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  async next() {
    try {
      const { done, value } = this.#first ?? (await this.#pieces.next());
      this.#first = undefined;
      if (done) this.#scope.close();
      return done ? { done: true, value: undefined } : { done: false, value: value.chunk };
    } catch (error) {
      this.#scope.close();
      throw error;
    }
  }

  async return(value) {
    this.#first = undefined;
    this.#scope.close();
    await this.#pieces.return();
    return { done: true, value };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

module.exports = { ChatStream };
