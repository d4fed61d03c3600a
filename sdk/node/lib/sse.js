'use strict';

const { UnexpectedResponseError } = require('./errors');

const MAX_EVENT = 16_000_000; // characters; a piece of an answer is never near it

/** Turns bytes, cut anywhere, into the data of the server-sent events completed by them. */
class EventParser {
  #decoder = new TextDecoder();
  #rest = '';
  #data = [];

  /**
   * @param {Uint8Array} chunk
   * @returns {string[]} the events completed by `chunk`
   * @throws {UnexpectedResponseError} for an event without end
   */
  feed(chunk) {
    const text = this.#decoder.decode(chunk, { stream: true });
    this.#rest += text;
    if (!text.includes('\n')) {
      if (this.#rest.length > MAX_EVENT) {
        throw new UnexpectedResponseError("the API's streamed answer has an event without end");
      }
      return [];
    }
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop();
    return lines.flatMap((line) => this.#line(line.replace(/\r+$/, '')));
  }

  /** The event that the end of the stream completes, if any. */
  end() {
    const rest = (this.#rest + this.#decoder.decode()).trim();
    this.#rest = '';
    return [...(rest ? this.#line(rest) : []), ...this.#take()];
  }

  #line(line) {
    if (line === '') return this.#take();
    if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
    return [];
  }

  #take() {
    const data = this.#data;
    this.#data = [];
    return data.length > 0 ? [data.join('\n')] : [];
  }
}

module.exports = { EventParser };
