// Owns the pages on the desk: small ones as they are painted, a large one on demand, the answer's one marked.

import { find, make } from "./make.js";
import { words } from "./words.js";

// So many pages are shown large.
const FEW = 6;

// What was read from each page: an answer's lines stand in evidence one by one.
export function quotesByPage(evidence) {
  const quotes = new Map();
  for (const { page, quote } of evidence) quotes.set(page, [quotes.get(page), quote].filter(Boolean).join(" "));
  return quotes;
}

// The visual lines of a page that hold a piece of the text.
function linesOf({ text_start: begin, lines }, { text_start: start, text_end: end }) {
  const lineAt = (place) => lines.starts.findLastIndex((first) => begin + first <= place);
  const [first, last] = [lineAt(start), lineAt(Math.max(start, end - 1))];
  return first < 0 ? [] : Array.from({ length: last - first + 1 }, (_, more) => first + more);
}

// A marker over one line, placed in shares of the page's height.
function band({ height, lines }, line) {
  const node = make("span", { className: "band", ariaHidden: "true" });
  node.style.top = `${((lines.margin_px + line * lines.height_px) / height) * 100}%`;
  node.style.height = `${(lines.height_px / height) * 100}%`;
  return node;
}

export class Pages {
  constructor() {
    this.list = find("pages");
    this.viewer = find("viewer");
    this.items = [];
    this.painted = new Map(); // what the service said of each page, without its image
    this.evidence = [];
    this.quotes = new Map();
    this.shown = 0;
    find("viewer-close").addEventListener("click", () => this.viewer.close());
    find("viewer-previous").addEventListener("click", () => this.open(this.shown - 1));
    find("viewer-next").addEventListener("click", () => this.open(this.shown + 1));
    this.viewer.addEventListener("click", (event) => event.target === this.viewer && this.viewer.close());
    this.viewer.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.open(this.shown - 1);
      if (event.key === "ArrowRight") this.open(this.shown + 1);
    });
  }

  // Empty places for a document's pages, which `add` fills.
  expect({ pages, page_width: width, page_height: height }) {
    this.painted.clear();
    this.evidence = [];
    this.quotes.clear();
    this.items = Array.from({ length: pages }, (_, index) => this.place(index, width, height));
    this.list.classList.toggle("few", pages <= FEW);
    this.list.replaceChildren(...this.items);
  }

  place(index, width, height) {
    const button = make("button", { type: "button", className: "page", disabled: true });
    button.append(make("img", { alt: "", width, height, decoding: "async" }));
    button.addEventListener("click", () => this.open(index));
    const number = make("span", { className: "page-number", textContent: index + 1, ariaHidden: "true" });
    return make("li", { className: "waiting" }, button, number);
  }

  add(page) {
    const item = this.items[page.index];
    if (!item) return;
    const image = item.querySelector("img");
    Object.assign(image, { width: page.width, height: page.height });
    image.src = `data:${page.media_type};base64,${page.image}`;
    item.querySelector("button").disabled = false;
    item.classList.remove("waiting");
    this.painted.set(page.index, { ...page, image: "" });
    this.name(page.index);
    this.layBands(page.index);
  }

  // The reader has looked at so many pages.
  looked(done) {
    this.items.forEach((item, index) => item.classList.toggle("seen", index < done));
  }

  forget() {
    this.looked(0);
    this.mark([]);
  }

  // Marks the pages that an answer was read from and brings the first of them into sight.
  mark(evidence) {
    this.evidence = evidence;
    this.quotes = quotesByPage(evidence);
    this.items.forEach((item, index) => {
      item.classList.toggle("answer", this.quotes.has(index));
      this.name(index);
      this.layBands(index);
    });
    const first = this.items[evidence[0]?.page];
    if (first) this.bringIntoSight(first);
  }

  layBands(index) {
    const button = this.items[index].querySelector("button");
    button.querySelectorAll(".band").forEach((old) => old.remove());
    button.append(...this.bands(index));
  }

  // The markers on a page, as soon as it is painted.
  bands(index) {
    const page = this.painted.get(index);
    if (!page) return [];
    const found = this.evidence.filter((one) => one.page === index && one.text_end > one.text_start);
    return [...new Set(found.flatMap((one) => linesOf(page, one)))].map((line) => band(page, line));
  }

  // Scrolls the pages and nothing around them: the reader of the answer keeps their place.
  bringIntoSight(item) {
    const [top, left] = [item.offsetTop - this.list.offsetTop, item.offsetLeft - this.list.offsetLeft];
    this.list.scrollTo({ top: top - 8, left: left - 24, behavior: "smooth" });
  }

  name(index) {
    const item = this.items[index];
    const said = words().page(index + 1) + (item.classList.contains("answer") ? `, ${words().answerHere}` : "");
    item.querySelector("button").setAttribute("aria-label", said);
    item.querySelector(".page-number").dataset.tag = words().answerHere;
  }

  dress() {
    this.items.forEach((_, index) => this.name(index));
  }

  open(index) {
    const image = this.items[index]?.querySelector("img");
    if (!image?.src) return;
    this.shown = index;
    const title = words().pageOf(index + 1, this.items.length);
    const large = find("viewer-image");
    Object.assign(large, { src: image.src, alt: title });
    large.parentElement.replaceChildren(large, ...this.bands(index));
    find("viewer-title").textContent = `${title} · ${image.naturalWidth} × ${image.naturalHeight} px`;
    find("viewer-quote").textContent = this.quotes.get(index) ?? "";
    find("viewer-quote").hidden = !this.quotes.get(index);
    find("viewer-previous").disabled = index === 0;
    find("viewer-next").disabled = index === this.items.length - 1;
    if (!this.viewer.open) this.viewer.showModal();
  }
}
