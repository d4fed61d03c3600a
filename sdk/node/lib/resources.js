'use strict';

/** The endpoints, under the names that the API's own samples use. */

const { CallScope } = require('./call');
const { JobFailedError, hide, readWith } = require('./errors');
const { ChatStream } = require('./stream');
const wire = require('./wire');

const [POLL_FIRST, POLL_GROWTH, POLL_MAX] = [300, 1.4, 5_000]; // milliseconds between two looks at a job

/**
 * @typedef {object} Context
 * @property {import('./request').Requester} requester
 * @property {number} timeout milliseconds, for chat and code
 * @property {number} mediaTimeout milliseconds, for images, audio and video
 * @property {number} maxRetries
 */

class Resource {
  #context;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** Post, and read the answer's data. */
  _post(endpoint, params, options, read) {
    return this._within('timeout', options, async (scope) => {
      const answer = await this.#context.requester.send(this.#request(endpoint, params, options), scope);
      return toResponse(
        answer,
        readWith(answer.meta, () => read(wire.openEnvelope(answer.envelope))),
      );
    });
  }

  /** Post, wait for the job that the answer may stand for, and read the data of the result. */
  _generate(endpoint, params, options, read) {
    return this._within('mediaTimeout', options, async (scope) => {
      const { requester } = this.#context;
      let answer = await requester.send(this.#request(endpoint, params, options), scope);
      let { data, job } = readState(answer);
      // The work goes on while the API can't be reached: only the deadline ends the polling.
      const look = { endpoint, maxRetries: Infinity, onWait: options.onWait };
      for (let pause = POLL_FIRST; job !== null; pause = Math.min(pause * POLL_GROWTH, POLL_MAX)) {
        if (job.status === 'failed') {
          const { message, ...details } = wire.readFailure(data);
          throw new JobFailedError(message, { ...details, ...answer.meta });
        }
        options.onProgress?.(job);
        await scope.sleep(pause, null);
        answer = await requester.send({ ...look, id: job.id }, scope);
        ({ data, job } = readState(answer, job.id));
      }
      return toResponse(
        answer,
        readWith(answer.meta, () => read(data)),
      );
    });
  }

  /** Post, and give out the answer's pieces as they come. */
  async _stream(endpoint, params, options) {
    const scope = this.#scope('timeout', options);
    const pieces = this.#context.requester.stream(this.#request(endpoint, params, options), scope);
    return ChatStream.open(pieces, scope);
  }

  async _within(kind, options, work) {
    const scope = this.#scope(kind, options);
    try {
      return await work(scope);
    } finally {
      scope.close();
    }
  }

  #scope(kind, options) {
    const timeout = options.timeout ?? this.#context[kind];
    if (!(timeout > 0)) throw new TypeError('timeout must be a number of milliseconds, more than 0');
    return new CallScope(timeout, options.signal);
  }

  #request(endpoint, params, options) {
    if (typeof params !== 'object' || params === null) throw new TypeError('the parameters must be an object');
    return {
      endpoint,
      body: params,
      maxRetries: options.maxRetries ?? this.#context.maxRetries,
      onWait: options.onWait,
    };
  }
}

/** POST /chat/completions */
class ChatCompletions extends Resource {
  async create(params, options = {}) {
    if (params?.stream) return this._stream('/chat/completions', params, options);
    return this._post('/chat/completions', params, options, wire.readChat);
  }

  /** Send a request that any API of this kind must refuse. */
  async probe(model, options) {
    await this._post('/chat/completions', { model, messages: [] }, options, (data) => data);
  }
}

/** POST /code/completions */
class CodeCompletions extends Resource {
  async create(params, options = {}) {
    return this._post('/code/completions', params, options, wire.readCode);
  }
}

/** POST /images/generations */
class Images extends Resource {
  async create(params, options = {}) {
    return this._generate('/images/generations', params, options, wire.readImages);
  }
}

/** POST /audio/generations */
class Audio extends Resource {
  async create(params, options = {}) {
    return this._generate('/audio/generations', params, options, wire.readMedia);
  }
}

/** POST /video/generations */
class Video extends Resource {
  async create(params, options = {}) {
    return this._generate('/video/generations', params, options, wire.readMedia);
  }
}

/** An answer's data, and the job that it stands for. */
function readState({ envelope, meta }, id) {
  return readWith(meta, () => {
    const data = { ...(id === undefined ? {} : { id }), ...wire.openEnvelope(envelope) };
    return { data, job: wire.readJob(data) };
  });
}

/** The envelope as it came, with the data as read, and what the HTTP answer says beside it. */
function toResponse({ envelope, meta }, data) {
  return hide({ ...envelope, data }, meta);
}

module.exports = { Audio, ChatCompletions, CodeCompletions, Images, Video };
