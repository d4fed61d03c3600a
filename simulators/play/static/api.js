// Requests to the page's own server.
import { t } from "./words.js";

/** Do something; the answer's JSON. Throws an `Error` with a sentence for the person. */
export async function post(path, body) {
  const raw = body instanceof Blob;
  const answer = await fetch(path, {
    method: "POST", body: raw ? body : JSON.stringify(body), headers: raw ? {} : { "Content-Type": "application/json" },
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error ? t(data.error, data.values) : t("The page's server answered {status}.", { status: answer.status }));
  return data;
}

/** Upload files; their ids. */
export async function upload(platform, person, files) {
  const ids = [];
  for (const file of files) {
    const query = new URLSearchParams({ person, name: file.name });
    ids.push((await post(`/api/${platform}/files?${query}`, file)).id);
  }
  return ids;
}

/** Have the sandbox speak a text, as if the person had recorded it; the id of the sound. */
export async function speak(platform, person, text) {
  return (await post(`/api/${platform}/voice`, { person, text })).id;
}

/** Receive what changes. Returns a function that ends it. */
export function listen(platform, query, receive) {
  const source = new EventSource(`/api/${platform}/events?${new URLSearchParams(query)}`);
  source.onmessage = (event) => receive(JSON.parse(event.data));
  source.onerror = () => receive({ service: null });
  return () => source.close();
}
