// Owns one question and what came of it: how far it is, the answer, where it stands, what it cost, what went wrong.

import { make } from "./make.js";
import { quotesByPage } from "./pages.js";
import { words } from "./words.js";

const MOST_PAGES_NAMED = 3;

export class Turn {
  // `open` shows a page; `retry` asks the same again.
  constructor(asked, { open, retry }) {
    Object.assign(this, { asked, open, retry });
    this.text = "";
    this.degraded = [];
    this.progress = { stage: "connecting" };
    this.ended = null; // "completed", "stopped" or a Failure
    this.textTokens = 0;
    this.last = true; // no later question
    this.fresh = true; // the pages on the desk are those that it was read from
    this.node = make("article", { className: "turn" });
    this.render();
  }

  hear(name, data) {
    if (name === "delta") {
      if (!data.reasoning) this.write(data.text);
      return;
    }
    if (name === "progress") this.progress = data;
    if (name === "degraded") this.degraded.push(data);
    if (name === "completed") Object.assign(this, { ended: "completed", completed: data });
    this.render();
  }

  // One more piece of the answer; nothing else is drawn anew.
  write(text) {
    this.text += text;
    if (this.progress.stage !== "writing") {
      this.progress = { stage: "writing" };
      this.render();
    }
    this.node.querySelector(".answer").textContent = this.text;
  }

  end(ending) {
    this.ended = ending;
    this.render();
  }

  render() {
    const question = this.asked.task === "summarize" ? words().summaryAsked : this.asked.question;
    this.node.replaceChildren(
      make("h3", { className: "asked", textContent: question }),
      ...this.degraded.map(banner),
      this.answer(),
      ...(this.ended ? this.ending() : [status(this.progress)]),
    );
  }

  answer() {
    const summary = this.ended === "completed" ? this.completed.summary : null;
    const node = make("div", { className: "answer", ariaLive: "polite", ariaBusy: String(!this.ended) });
    node.classList.toggle("absent", this.ended === "completed" && !this.completed.found);
    if (summary?.outline.length || summary?.key_facts.length) node.append(summarized(summary));
    else node.textContent = this.text;
    node.hidden = !this.text;
    return node;
  }

  ending() {
    if (this.ended === "stopped") return [make("p", { className: "note", role: "status", textContent: words().stopped })];
    if (this.ended !== "completed") return [alert(this.ended, this.retry)];
    const { found, finish_reason: reason } = this.completed;
    return [
      found || this.text ? null : make("p", { className: "note absent", textContent: words().notFound }),
      reason === "length" ? make("p", { className: "note", textContent: words().cutOff }) : null,
      this.evidence(),
      costs(this.completed, this.textTokens, this.last),
    ].filter(Boolean);
  }

  evidence() {
    const { evidence, found } = this.completed;
    if (!evidence.length || !found || this.asked.task === "summarize") return null; // a summary is from everywhere
    const node = make("div", { className: "evidence" });
    for (const [page, quote] of [...quotesByPage(evidence)].slice(0, MOST_PAGES_NAMED)) {
      const link = make("button", { type: "button", className: "link", textContent: words().page(page + 1) });
      link.disabled = !this.fresh;
      link.addEventListener("click", () => this.open(page, this));
      node.append(make("p", {}, words().readFrom, " ", link, quote ? make("q", { textContent: quote }) : null));
    }
    return node;
  }
}

// A summary in its parts; one whose parts nobody made out stays as it was written.
function summarized({ title, outline, key_facts: facts }) {
  const part = (name, lines) => [make("h5", { textContent: name }), make("ul", {}, ...lines.map((line) => make("li", { textContent: line })))];
  return make(
    "div",
    { className: "written" },
    make("h4", { textContent: title }),
    ...(outline.length ? part(words().outline, outline) : []),
    ...(facts.length ? part(words().keyFacts, facts) : []),
  );
}

function status(progress) {
  const said = words().stages[progress.stage]?.(progress) ?? "";
  const bar = make("progress", { max: progress.total || 1, ariaHidden: "true" });
  if (progress.total && progress.stage !== "queued") bar.value = progress.done;
  return make("div", { className: "status" }, make("span", { role: "status", textContent: said }), bar);
}

function banner(step) {
  return make(
    "div",
    { className: "banner", role: "status" },
    make("strong", { textContent: words().degradedTitle }),
    make("p", { textContent: words().degraded(step) }),
  );
}

// The same again would fail again.
const FINAL = new Set(["INVALID_DOCUMENT", "INVALID_QUESTION", "INVALID_REQUEST", "DOCUMENT_TOO_LONG", "DOES_NOT_FIT", "FOREIGN_PAGE"]);

// A failure in plain words, what the service said about it, and the way on.
export function alert(failure, retry = null) {
  const { errors, details, tryAgain, retryIn } = words();
  const plain = errors[failure.reason] ?? errors.OTHER;
  const node = make(
    "div",
    { className: "alert", role: "alert" },
    make("p", { textContent: plain + (failure.retryAfter ? retryIn(failure.retryAfter) : "") }),
  );
  const technical = [failure.reason, failure.message, failure.requestId && `request ${failure.requestId}`];
  if (failure.message) {
    const text = make("code", { textContent: technical.filter(Boolean).join(" · ") });
    // Why something was refused is for whoever sent it; why a service failed, for whoever runs it.
    node.append(make("details", { open: FINAL.has(failure.reason) }, make("summary", { textContent: details }), text));
  }
  if (retry && !FINAL.has(failure.reason)) {
    const button = make("button", { type: "button", textContent: tryAgain });
    button.addEventListener("click", retry);
    node.append(button);
  }
  return node;
}

// Every figure, behind one line that names the most asked for.
function costs({ document, timings, memory }, textTokens, open) {
  const said = words();
  const ratio = textTokens / Math.max(1, document.vision_tokens);
  const rows = [
    [said.costPages, document.pages.toLocaleString()],
    [said.costTokens, document.vision_tokens.toLocaleString()],
    textTokens ? [said.costSaving, said.costSavingValue(ratio)] : null,
    [memory.on_gpu ? said.costMemory : said.costMemoryCpu, bytes(memory.measured_peak_bytes)],
    [said.costFirst, said.second(timings.ttft_ms)],
    [said.costTotal, said.second(timings.total_ms)],
    document.rung ? [said.costRung, said.costRungValue(document.rung)] : null,
  ];
  const list = make("dl", { className: "costs", ariaLabel: said.costs });
  for (const [name, value] of rows.filter(Boolean)) {
    list.append(make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value })));
  }
  const line = said.costsLine(document, timings);
  return make("details", { className: "costs-box", open }, make("summary", { textContent: line }), list);
}

const bytes = (count) => `${(count / 1e9).toFixed(2)} GB`;
