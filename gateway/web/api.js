// Owns the page's calls to the gateway: JSON in, events out, and every failure as one Failure.

const KEPT = "glyphstream.token";

export class Failure extends Error {
  constructor(reason, message, { retryAfter = null, requestId = "" } = {}) {
    super(message);
    Object.assign(this, { reason, retryAfter, requestId });
  }
}

export const keepToken = (token) => sessionStorage.setItem(KEPT, token);

async function call(path, options = {}) {
  const token = sessionStorage.getItem(KEPT);
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    throw broken(error);
  }
  if (!response.ok) throw await refused(response);
  return response;
}

// A call that was aborted stays an AbortError: nobody has to be told.
function broken(error) {
  return error.name === "AbortError" ? error : new Failure("NETWORK", String(error.message ?? error));
}

async function refused(response) {
  try {
    return failureOf((await response.json()).error);
  } catch {
    return new Failure("NETWORK", `HTTP ${response.status}`);
  }
}

const failureOf = (said) =>
  new Failure(said.reason, said.message, { retryAfter: said.retry_after_s, requestId: said.request_id });

export const limits = async () => (await call("api/limits")).json();

export const example = async (name) => (await call(`examples/${name}`)).blob();

// Takes a document in; says what it will cost.
export async function takeIn(source, mode, signal) {
  const query = new URLSearchParams({ name: source.name, mode, charset: source.charset });
  return (await call(`api/documents?${query}`, { method: "POST", body: source.data, signal })).json();
}

// Every event of an answer as [name, data]; ends with "completed" or throws.
export function answer(documentId, asked, signal) {
  const body = JSON.stringify(asked);
  const headers = { "Content-Type": "application/json" };
  return events(`api/documents/${documentId}/answers`, { method: "POST", body, headers, signal }, "completed");
}

// The pages as they are painted, as ["page", data].
export const pages = (documentId, signal) => events(`api/documents/${documentId}/pages`, { signal }, "end");

async function* events(path, options, last) {
  const response = await call(path, options);
  for await (const [name, data] of frames(response.body)) {
    if (name === "error") throw failureOf(data.error);
    yield [name, data];
    if (name === last) return;
  }
  throw new Failure("NETWORK", "the stream ended early");
}

// Server-sent events: blocks of "field: value" lines, told apart by blank lines; lines that begin with ":" say nothing.
async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error) => Promise.reject(broken(error)));
      if (done) return;
      const blocks = (held + value).split("\n\n");
      held = blocks.pop();
      for (const block of blocks) {
        const frame = frameOf(block);
        if (frame) yield frame;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function frameOf(block) {
  const fields = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
  return fields.data === undefined ? null : [fields.event ?? "message", JSON.parse(fields.data)];
}
