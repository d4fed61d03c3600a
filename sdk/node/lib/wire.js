'use strict';

/**
 * The one place where the shape of an answer is judged.
 *
 * Documented shapes are read as documented. Where the reference shows none (code, audio, video), these are accepted:
 *
 * - code: `choices[0].text`, `choices[0].message.content` or `code`; one fence around the whole is taken off;
 * - media: `images`, `audio`, `audios`, `video` or `videos` (one object or a list), or `url` or `b64_json` by itself; an
 *   item has `url` (a data URL counts as base64) or `b64_json`, with whatever `width`, `height`, `duration`, `format`;
 * - a job: `id` and `status`, with `progress` from 0 to 1 or as a percentage.
 *
 * Anything else is an `UnexpectedResponseError` that names the field. Fields that are not known stay in the answer.
 */

const { UnexpectedResponseError, isObject } = require('./errors');

const MEDIA = ['images', 'audio', 'audios', 'video', 'videos', 'data'];
const RUNNING = new Set(['queued', 'pending', 'processing', 'running', 'in_progress']);
const FAILED = new Set(['failed', 'error', 'cancelled', 'canceled', 'expired']);
const DONE = new Set(['succeeded', 'completed', 'done']);

/** Parse a body that must be a JSON object. */
function parseObject(text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new UnexpectedResponseError("the API's answer is not JSON", { cause });
  }
  if (!isObject(body)) throw new UnexpectedResponseError("the API's answer is not a JSON object");
  return body;
}

/** Parse a body that may be anything; undefined when it is not JSON. */
function parseAnything(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The data in an envelope. */
function openEnvelope(envelope) {
  if (!isObject(envelope.data)) throw new UnexpectedResponseError("the API's answer has no data");
  return envelope.data;
}

function readChat(data) {
  if (!Array.isArray(data.choices) || data.choices.length === 0) {
    throw new UnexpectedResponseError("the API's answer has no usable data.choices");
  }
  const choices = data.choices.map((choice, index) => {
    const content = isObject(choice?.message) ? readText(choice.message.content) : undefined;
    if (content === undefined) {
      throw new UnexpectedResponseError(`the API's answer has no usable data.choices[${index}].message.content`);
    }
    return { index, finish_reason: '', ...choice, message: { role: 'assistant', ...choice.message, content } };
  });
  return { ...data, choices };
}

function readCode(data) {
  const choice = firstOf(data.choices);
  const texts = [choice.text, isObject(choice.message) ? choice.message.content : undefined, data.code];
  const code = texts.find((text) => typeof text === 'string');
  if (code === undefined) {
    throw new UnexpectedResponseError("the API's answer has no choices[0].text, choices[0].message.content or code");
  }
  return { ...data, code: unfence(code) };
}

function readImages(data) {
  return { ...data, images: readItems(data), usage: isObject(data.usage) ? data.usage : {} };
}

function readMedia(data) {
  return { ...data, items: readItems(data), usage: isObject(data.usage) ? data.usage : {} };
}

/** The job that an answer stands for; null: the answer is final. */
function readJob(data) {
  const { id, status } = data;
  if (typeof status !== 'string' || id === undefined || id === null || id === '') return null;
  const name = status.toLowerCase();
  if (DONE.has(name)) return null;
  if (!RUNNING.has(name) && !FAILED.has(name)) {
    throw new UnexpectedResponseError(`the API's job has an unknown status '${status.slice(0, 40)}'`);
  }
  return { id: String(id), status: FAILED.has(name) ? 'failed' : name, progress: readProgress(data.progress) };
}

/** What a failed job says about itself. */
function readFailure(data) {
  const error = isObject(data.error) ? data.error : { message: data.error || data.message };
  return {
    message: labelOf(error.message) || "the API's job failed",
    code: labelOf(error.code),
    type: labelOf(error.type),
  };
}

/**
 * Read one streamed event.
 *
 * @returns {{error?: object, chunk?: object}} nothing: an empty piece
 */
function readChunk(text) {
  const body = parseObject(text);
  if (body.error) return { error: body };
  const data = isObject(body.data) ? body.data : body;
  if (!Array.isArray(data.choices)) throw new UnexpectedResponseError("the API's streamed answer has no choices");
  const choice = firstOf(data.choices);
  const delta = choice.delta ?? choice.message;
  const content = (isObject(delta) && readText(delta.content)) || '';
  const reason = labelOf(choice.finish_reason);
  if (!content && !reason && !isObject(data.usage)) return {};
  const choices = data.choices.map((one, index) => (index === 0 ? { ...one, delta: { ...delta, content } } : one));
  return { chunk: { ...data, choices, text: content, finish_reason: reason } };
}

/** A whole answer as one piece. */
function toChunk(data) {
  const [{ message, ...choice }] = data.choices;
  const reason = choice.finish_reason || 'stop';
  const choices = [{ ...choice, delta: message, finish_reason: reason }];
  return { ...data, object: 'chat.completion.chunk', choices, text: message.content, finish_reason: reason };
}

const FENCE = /^\s*(`{3,}|~{3,})[^\n`]*\n([\s\S]*?)\n?\1\s*$/;

/** Code without the Markdown fence around the whole of it. */
function unfence(text) {
  const match = FENCE.exec(text);
  return match && !match[2].includes(match[1]) ? match[2] : text;
}

function readItems(data) {
  const key = MEDIA.find((name) => (Array.isArray(data[name]) ? data[name].length > 0 : data[name]));
  if (key === undefined && !data.url && !data.b64_json) {
    throw new UnexpectedResponseError("the API's answer has no images, audio, video or url");
  }
  if (key === undefined) return [readItem(data, '')];
  const found = data[key];
  if (!Array.isArray(found)) return [readItem(found, `${key}.`)];
  return found.map((item, index) => readItem(item, `${key}[${index}].`));
}

function readItem(given, name) {
  const item = typeof given === 'string' ? { url: given } : isObject(given) ? given : {};
  let [url, coded] = [labelOf(item.url), labelOf(item.b64_json)];
  if (url.startsWith('data:')) {
    if (url.slice(0, 100).includes(';base64,')) coded = url.slice(url.indexOf(',') + 1);
    url = '';
  }
  if (!url && !coded) throw new UnexpectedResponseError(`the API's answer has no ${name}url or ${name}b64_json`);
  return {
    url: url || null,
    b64_json: coded || null,
    width: numberOf(item.width),
    height: numberOf(item.height),
    duration: numberOf(item.duration),
    format: labelOf(item.format) || null,
  };
}

function readProgress(value) {
  const number = typeof value === 'string' && value.trim() ? Number(value.trim().replace(/%$/, '')) : value;
  if (typeof number !== 'number' || !(number >= 0 && number <= 100)) return null;
  return number > 1 ? number / 100 : number;
}

/** A message's content as a string: it may also be null or a list of parts. Undefined: it is none of these. */
function readText(content) {
  if (content === null) return '';
  if (Array.isArray(content)) return content.map((part) => (isObject(part) ? String(part.text ?? '') : '')).join('');
  return typeof content === 'string' ? content : undefined;
}

function firstOf(value) {
  return Array.isArray(value) && isObject(value[0]) ? value[0] : {};
}

function labelOf(value) {
  return typeof value === 'string' ? value : '';
}

function numberOf(value) {
  const number = typeof value === 'string' && value.trim() ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

module.exports = {
  openEnvelope,
  parseAnything,
  parseObject,
  readChat,
  readChunk,
  readCode,
  readFailure,
  readImages,
  readJob,
  readMedia,
  toChunk,
};
