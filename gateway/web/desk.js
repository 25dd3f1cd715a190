// Owns the document on the desk: how it gets there, what is said about it, the pages that it becomes.

import * as api from "./api.js";
import { find, make } from "./make.js";
import { Pages } from "./pages.js";
import { alert } from "./turn.js";
import { words } from "./words.js";

// From so many characters on a paste is meant to be read, and not the beginning of something typed.
const LONG_PASTE = 200;

export class Desk {
  // `taken(anew)` is told when a document is on the desk, `cleared()` when it is not any more.
  constructor({ taken, cleared }) {
    Object.assign(this, { taken, cleared });
    this.pages = new Pages();
    this.source = null; // { name, data, charset }
    this.told = null; // what the service says of it
    this.most = Infinity;
    this.work = null; // the AbortController of whatever is done to it
    this.taking = null; // the promise of a document on its way in
    this.wire();
  }

  allow(limits) {
    this.most = limits.document_max_bytes;
    find("question").maxLength = limits.question_max_characters;
  }

  get mode() {
    return document.querySelector('input[name="mode"]:checked').value;
  }

  // Whether a document is on the desk; one that is on its way is waited for, text that was only typed is put there.
  async ready() {
    if (this.taking) await this.taking;
    if (this.told) return true;
    if (find("source").value.trim()) return this.put(this.typed());
    find("source").focus();
    return false;
  }

  typed() {
    return { name: "", data: find("source").value, charset: "utf-8" };
  }

  async put(source) {
    const size = source.data.size ?? source.data.length;
    if (size === 0) return this.refuse(new api.Failure("EMPTY", ""));
    if (size > this.most) return this.refuse(tooLarge(this.most));
    this.source = source;
    return this.takeIn({ anew: true });
  }

  // Has the service lay the document out, then shows its pages as they are painted. Whether that went well.
  takeIn(how) {
    const taking = this.layOut(how).finally(() => this.taking === taking && (this.taking = null));
    this.taking = taking;
    return taking;
  }

  async layOut({ anew }) {
    this.work?.abort();
    this.work = new AbortController();
    this.busy(true);
    try {
      this.told = await api.takeIn(this.source, this.mode, this.work.signal);
    } catch (error) {
      return this.refuse(error);
    } finally {
      this.busy(false);
    }
    this.draw();
    this.taken(anew);
    this.paint(this.work.signal);
    return true;
  }

  // The way the document was read is how it is shown from now on. Whether its pages are others than before.
  async readAs(read) {
    const before = this.told.document.rung?.font_px;
    this.told = { ...this.told, document: read };
    if (read.rung?.font_px === before) return false;
    this.draw();
    this.work?.abort();
    this.work = new AbortController();
    await this.paint(this.work.signal);
    return true;
  }

  async paint(signal) {
    this.pages.expect(this.told.document);
    try {
      for await (const [name, page] of api.pages(this.told.document.document_id, signal)) {
        if (name === "page") this.pages.add(page);
      }
    } catch (error) {
      if (error.name !== "AbortError") this.refuse(error);
    }
  }

  refuse(error) {
    if (error.name === "AbortError") return false;
    const failure = error instanceof api.Failure ? error : new api.Failure("OTHER", String(error));
    const node = alert(failure);
    if (failure.limit) node.querySelector("p").textContent = words().errors.TOO_LARGE_HERE(failure.limit);
    find("desk-alert").replaceChildren(node);
    return false;
  }

  busy(is) {
    find("intake-busy").hidden = !is;
    find("intake-busy").textContent = words().takingIn;
    if (is) find("desk-alert").replaceChildren();
  }

  clear() {
    this.work?.abort();
    Object.assign(this, { source: null, told: null });
    find("source").value = "";
    find("lay-out").hidden = true;
    find("desk-alert").replaceChildren();
    this.draw();
    this.cleared();
    find("source").focus();
  }

  draw() {
    find("intake").hidden = Boolean(this.told);
    find("shown").hidden = !this.told;
    if (!this.told) return;
    const { document: read, fits } = this.told;
    const said = words();
    find("document-name").textContent = read.name || said.untitled;
    find("document-facts").textContent = said.facts(read);
    this.drawSaving(read.vision_tokens, this.told.text_tokens);
    const { characters: now, source_characters: before, removed } = read;
    const notes = [
      read.missing_glyphs ? said.missing(read.missing_glyphs) : "",
      before > now ? said.cleaned(before, now) : "",
      removed.image_pages ? said.pictures(removed.image_pages) : "",
      fits ? "" : said.doesNotFit,
    ];
    find("document-notes").textContent = notes.filter(Boolean).join(" ");
    find("document-notes").hidden = !notes.some(Boolean);
  }

  // Two bars, one above the other: the document in text tokens and in vision tokens.
  drawSaving(vision, text) {
    const said = words();
    const most = Math.max(vision, text, 1);
    const bar = (className, count, label) => {
      const value = make("meter", { className, max: most, value: count });
      value.setAttribute("aria-label", label);
      return make("div", {}, value, make("span", { textContent: label }));
    };
    find("saving").replaceChildren(
      bar("as-text", text, said.savingText(text)),
      bar("as-vision", vision, said.savingVision(vision)),
    );
  }

  dress() {
    find("mode-hint").textContent = words()[`${this.mode}Hint`];
    if (matchMedia("(hover: none)").matches) find("source").placeholder = words().sourceHintTouch;
    this.draw();
    this.pages.dress();
  }

  wire() {
    const source = find("source");
    // Once the text is in the field; a question may have been faster.
    const pasted = () => source.value.length >= LONG_PASTE && !this.taking && !this.told && this.put(this.typed());
    source.addEventListener("paste", () => setTimeout(pasted));
    source.addEventListener("input", () => (find("lay-out").hidden = !source.value.trim()));
    find("lay-out").addEventListener("click", () => this.put(this.typed()));
    find("choose").addEventListener("click", () => find("file").click());
    find("file").addEventListener("change", (event) => this.putFile(event.target.files[0]));
    find("again").addEventListener("click", () => this.clear());
    find("modes").addEventListener("change", () => {
      this.dress();
      if (this.told) this.takeIn({ anew: false });
    });
    for (const button of document.querySelectorAll("[data-example]")) {
      button.addEventListener("click", () => this.putExample(button.dataset.example));
    }
    this.wireDrop();
  }

  // Files may be dropped anywhere on the page, and files or texts may be pasted anywhere but into a field.
  wireDrop() {
    const veil = find("veil");
    let own = false; // something of this page is dragged: no document
    document.addEventListener("dragstart", () => (own = true));
    document.addEventListener("dragend", () => (own = false));
    document.addEventListener("dragenter", (event) => (veil.hidden = own || !carriesSomething(event)));
    document.addEventListener("dragover", (event) => own || event.preventDefault());
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && (veil.hidden = true));
    document.addEventListener("drop", (event) => {
      if (own) return;
      event.preventDefault();
      veil.hidden = true;
      const [file] = event.dataTransfer.files;
      if (file) this.putFile(file);
      else if (event.dataTransfer.getData("text")) this.putText(event.dataTransfer.getData("text"));
    });
    document.addEventListener("paste", (event) => {
      const [file] = event.clipboardData.files;
      const elsewhere = this.told || event.target.closest?.("textarea, input");
      if (file) this.putFile(file);
      else if (!elsewhere && event.clipboardData.getData("text")) this.putText(event.clipboardData.getData("text"));
    });
  }

  putFile(file) {
    if (file) this.put({ name: file.name, data: file, charset: "" });
    find("file").value = "";
  }

  putText(text) {
    this.put({ name: "", data: text, charset: "utf-8" });
  }

  async putExample(name) {
    try {
      await this.put({ name, data: await api.example(name), charset: "utf-8" });
    } catch (error) {
      this.refuse(error);
    }
  }
}

const carriesSomething = (event) => [...event.dataTransfer.types].some((type) => type === "Files" || type === "text/plain");

const tooLarge = (limit) => Object.assign(new api.Failure("DOCUMENT_TOO_LONG", ""), { limit });
