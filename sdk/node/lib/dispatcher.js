'use strict';

const [FIRST, SECOND] = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];

/** The property of `globalThis` with the dispatcher that Node's own `fetch` uses. */
function dispatcherProperty() {
  void globalThis.Headers; // loads fetch, which sets the dispatcher
  return parseInt(process.versions.undici, 10) >= 8 && globalThis[SECOND] ? SECOND : FIRST;
}

/**
 * Lets `fetch` wait longer than the 300 seconds that Node allows for the headers and between two pieces of the body: a
 * video may take longer, and the SDK has its own deadline. All else, a proxy for example, stays as the global dispatcher
 * of the process has it.
 */
const patientDispatcher = {
  dispatch(options, handler) {
    const patient = { ...options, headersTimeout: 0, bodyTimeout: 0 };
    return globalThis[dispatcherProperty()].dispatch(patient, handler);
  },
};

/** The `fetch` option that removes Node's own time limits; nothing where this Node has no such dispatcher. */
function patience() {
  return typeof globalThis[dispatcherProperty()]?.dispatch === 'function' ? { dispatcher: patientDispatcher } : {};
}

module.exports = { dispatcherProperty, patience };
