// Owns how elements are made: text is always text, never markup.

export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const find = (id) => document.getElementById(id);

// Below the page's own headings.
const HEADINGS = ["h4", "h5"];

// A written text with headings and lists, as a reader's summary has them; whatever else it holds stays as it is.
export function written(text) {
  const root = make("div", { className: "written" });
  let list = null;
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    const item = /^(?:[-*•]|\d+[.)、])\s*(.+)$/.exec(line);
    const heading = /^(#{1,6})\s+(.+)$/.exec(line);
    if (item) {
      if (!list) root.append((list = make("ul")));
      list.append(make("li", { textContent: bare(item[1]) }));
    } else {
      list = null;
      if (heading) root.append(make(HEADINGS[heading[1].length - 1] ?? "h6", { textContent: bare(heading[2]) }));
      else if (line) root.append(make("p", { textContent: bare(line) }));
    }
  }
  return root;
}

const bare = (text) => text.replaceAll("**", "");
