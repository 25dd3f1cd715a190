// Owns what is going on: which document is on the desk, which question runs, and who is told.

import * as api from "./api.js";
import { Desk } from "./desk.js";
import { find, make } from "./make.js";
import { alert, Turn } from "./turn.js";
import { dress, speakOther, words } from "./words.js";

const MOST_HISTORY = 8;
const desk = new Desk({ taken: onTaken, cleared: onCleared });
const turns = [];
let running = null; // the AbortController of the question that runs

function onTaken(anew) {
  if (anew) forgetTurns();
  for (const turn of turns) Object.assign(turn, { fresh: false });
  turns.forEach((turn) => turn.render());
  drawEmpty();
}

function onCleared() {
  running?.abort();
  forgetTurns();
  drawEmpty();
}

function forgetTurns() {
  turns.splice(0).forEach((turn) => turn.node.remove());
}

// What stands in place of answers until there are any.
function drawEmpty() {
  const said = words();
  find("talk-empty").hidden = turns.length > 0;
  find("talk-empty").querySelector("p").textContent = desk.told ? said.readyLead : said.emptyLead;
  const suggested = (desk.told && said.suggestions[desk.source.name]) || [];
  find("suggestions").replaceChildren(...suggested.map(suggestion));
}

function suggestion(text) {
  const button = make("button", { type: "button", className: "suggestion", textContent: text });
  button.addEventListener("click", () => begin({ task: "ask", question: text }));
  return button;
}

function history() {
  return turns
    .filter((turn) => turn.ended === "completed" && turn.asked.task === "ask" && turn.completed.found)
    .slice(-MOST_HISTORY)
    .map((turn) => ({ question: turn.asked.question, answer: turn.text }));
}

// Asks something new of the document on the desk, which is put there first if need be.
async function begin(asked) {
  if (running || !(await desk.ready())) return;
  const name = crypto.randomUUID?.() ?? ""; // the same again, after a broken connection, is answered once
  const turn = new Turn({ ...asked, history: history(), request_id: name }, { open: (page) => openPage(turn, page), retry: () => again(turn) });
  for (const earlier of turns) Object.assign(earlier, { last: false }).render();
  turns.push(turn);
  find("turns").append(turn.node);
  drawEmpty();
  find("question").value = "";
  grow();
  await run(turn);
}

async function again(turn) {
  if (running) return;
  Object.assign(turn, { text: "", degraded: [], ended: null, progress: { stage: "connecting" } });
  await run(turn);
}

async function run(turn) {
  running = new AbortController();
  const mine = running;
  busy(true);
  turn.render();
  turn.node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  desk.pages.forget();
  try {
    await answered(turn, mine.signal);
  } catch (error) {
    turn.end(error.name === "AbortError" ? "stopped" : asFailure(error));
    if (error.reason === "BAD_TOKEN") askForToken();
  } finally {
    if (running === mine) running = null;
    busy(Boolean(running));
    desk.pages.looked(0);
    turn.node.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
}

// A document that the service has forgotten is given to it once more: it is still on the desk.
async function answered(turn, signal) {
  try {
    await heard(turn, signal);
  } catch (error) {
    if (error.reason !== "DOCUMENT_NOT_FOUND" || !(await desk.takeIn({ anew: false }))) throw error;
    await heard(turn, signal);
  }
}

async function heard(turn, signal) {
  const read = desk.told.document.document_id;
  const onDesk = () => desk.told?.document.document_id === read; // meanwhile it may have been laid out in another mode
  Object.assign(turn, { textTokens: desk.told.text_tokens, fresh: false });
  for await (const [name, data] of api.answer(read, turn.asked, signal)) {
    if (name === "completed") turn.fresh = onDesk();
    turn.hear(name, data);
    if (name === "progress" && data.stage === "vision" && onDesk()) desk.pages.looked(data.done);
  }
  if (!turn.fresh) return;
  if (await desk.readAs(turn.completed.document)) turns.forEach((other) => other !== turn && stale(other));
  if (turn.completed.found && turn.asked.task === "ask") desk.pages.mark(turn.completed.evidence);
}

function stale(turn) {
  turn.fresh = false;
  turn.render();
}

const asFailure = (error) => (error instanceof api.Failure ? error : new api.Failure("OTHER", String(error)));

function openPage(turn, page) {
  desk.pages.mark(turn.completed.evidence);
  desk.pages.open(page);
}

function busy(is) {
  find("ask").hidden = is;
  find("summarize").disabled = is;
  find("cancel").hidden = !is;
}

function askForToken() {
  find("token").value = "";
  find("gate").showModal();
}

// The question's field is as high as its text.
function grow() {
  const field = find("question");
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 200)}px`;
}

function wire() {
  const field = find("question");
  find("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (question) begin({ task: "ask", question });
    else field.focus();
  });
  field.addEventListener("input", grow);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return; // Enter also ends the choice of a hanzi
    event.preventDefault();
    find("composer").requestSubmit();
  });
  find("summarize").addEventListener("click", () => begin({ task: "summarize", question: "" }));
  find("cancel").addEventListener("click", () => running?.abort());
  find("language").addEventListener("click", () => {
    speakOther();
    redress();
  });
  find("gate-form").addEventListener("submit", () => {
    api.keepToken(find("token").value);
    start();
  });
}

function redress() {
  dress(document);
  const other = { en: "中文", "zh-CN": "English" }[document.documentElement.lang];
  Object.assign(find("language"), { textContent: other, lang: other === "English" ? "en" : "zh" });
  desk.dress();
  turns.forEach((turn) => turn.render());
  drawEmpty();
}

async function start() {
  try {
    desk.allow(await api.limits());
    find("desk-alert").replaceChildren();
  } catch (error) {
    if (error.reason === "BAD_TOKEN") askForToken();
    else find("desk-alert").replaceChildren(alert(asFailure(error), start));
  }
}

wire();
redress();
start();
