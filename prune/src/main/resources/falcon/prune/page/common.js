"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const SPACE = "\u00a0";
const NONE = "–";

/** Creates an element; texts become text nodes, so that no name can become markup. */
function make(tag, attributes, ...children) {
  const svg = "svg g rect line circle title text".split(" ").includes(tag) && attributes?.svg;
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name !== "svg" && value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const drawn = (tag, attributes, ...children) => make(tag, { ...attributes, svg: true }, ...children);
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const list = (value) => (Array.isArray(value) ? value : []);
const entries = (value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : []);
const text = (value) => (value === null || value === undefined ? NONE : Array.isArray(value) ? value.map(text).join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value));
/** A name from a file: its direction of writing stays its own. */
const name = (value) => make("bdi", {}, broken(text(value)));
/** A long word may go on in the next line behind these signs. */
const broken = (value) => value.split(/(?<=[._/\\-])/).flatMap((part, i) => (i > 0 ? [make("wbr"), part] : [part]));
const last = (path) => text(path).split(/[/\\]/).pop();

const formats = {
  count: (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 }),
  percent: (value) => value.toFixed(2) + SPACE + "%",
  short: (value) => value.toFixed(1) + SPACE + "%",
  share: (value) => tiny(100 * value) + SPACE + "%",
  seconds: (value) => (value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(value >= 1 ? 1 : 2)) + SPACE + "s",
  milliseconds: (value) => tiny(value) + SPACE + "ms",
  points: (value) => (value > 0 ? "+" : value < 0 ? "−" : "±") + Math.abs(value).toFixed(2),
  bytes: (value) => value.toLocaleString("en-US") + SPACE + "bytes",
  tiny: (value) => tiny(value),
  saliency: (value) => (Math.abs(value) >= 1e-3 ? value.toLocaleString("en-US", { maximumSignificantDigits: 7 }) : tiny(value)),
};

/** Returns a number with three digits that count, without an exponent where it can be read. */
function tiny(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  if (size < 1e-4) return value.toExponential(2).replace("-", "−").replace(/e(.*)/, " × 10^$1");
  return value.toFixed(Math.max(0, Math.min(7, 2 - Math.floor(Math.log10(size)))));
}

/** Follows a JSON pointer. */
function at(root, pointer) {
  return pointer.split("/").slice(1).reduce((node, key) => node?.[key], root);
}

/** Returns a figure of result.json with the place that it is from, or a dash. */
function figure(run, pointer, format) {
  const value = at(run, pointer);
  return isNumber(value) ? made(value, format, pointer) : NONE;
}

/** Returns a number as text that programs can read, too. */
function made(value, format, pointer) {
  if (!isNumber(value)) return NONE;
  return make("data", { value: String(value), "data-pointer": pointer ?? null }, formats[format](value));
}

/** Returns a bar of a share, 0 to 1; the number is beside it, so that a screen reader leaves it out. */
function meter(share, kind) {
  if (!isNumber(share)) return "";
  const bar = make("span");
  bar.style.width = 100 * Math.min(1, Math.max(0, share)) + "%";
  return make("span", { class: "meter" + (kind ? " " + kind : ""), "aria-hidden": "true" }, bar);
}

/** A table; a head is a text, or [text, class]. */
function table(heads, rows, options = {}) {
  const classes = heads.map((head) => (Array.isArray(head) ? head[1] : null));
  const head = make("tr", {}, heads.map((h, i) => make("th", { scope: "col", class: classes[i] }, Array.isArray(h) ? h[0] : h)));
  const row = (cells) => make("tr", {}, cells.map((cell, i) => make(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: classes[i] }, cell)));
  const groups = options.groups
    ? rows.filter(([, all]) => all.length > 0).map(([title, all]) => make("tbody", { class: "group" },
        make("tr", {}, make("th", { scope: "rowgroup", colspan: heads.length }, title)), all.map(row)))
    : [make("tbody", {}, rows.map(row))];
  const whole = make("table", { class: options.class ?? null },
    options.caption ? make("caption", {}, options.caption) : null, make("thead", {}, head), groups,
    options.foot ? make("tfoot", {}, row(options.foot)) : null);
  return scrolled(whole, options.label ?? options.caption);
}

/** Returns a table that may be wider than the page: it scrolls on its own, by the keyboard, too. */
function scrolled(whole, label, isLong) {
  return make("div", { class: "scroll" + (isLong ? " long" : ""), tabindex: "0", role: "region", "aria-label": label }, whole);
}

const contents = [];

/** Adds a section; damage to one part of a result hides no other part. */
function section(id, title, content) {
  let parts;
  try {
    parts = content();
  } catch (failure) {
    console.error(failure);
    parts = [make("p", {}, "This part of result.json cannot be shown: " + failure.message)];
  }
  if (parts === null) return;
  contents.push([id, title]);
  page.append(make("section", { "aria-labelledby": id }, make("h2", { id }, title), parts));
}

function navigation() {
  return make("nav", { "aria-label": "Sections" }, make("ul", {},
    contents.map(([id, title]) => make("li", {}, make("a", { href: "#" + id }, title)))));
}

/** A list of texts, all of them at hand: the first ones, the others folded. */
function folded(items, shown) {
  const listed = (some) => make("ul", {}, some.map((item) => make("li", {}, item)));
  if (items.length <= shown) return [listed(items)];
  return [listed(items.slice(0, shown)),
    make("details", {}, make("summary", {}, `${items.length - shown} more`), listed(items.slice(shown)))];
}

/** A table of layers that sorts by its heads and filters by a search. Columns: title, class, value to sort by, cell. */
function layerTable(columns, layers, caption) {
  const body = make("tbody");
  const rows = layers.map((layer, i) => {
    const row = make("tr", {}, columns.map((column, c) =>
      make(c === 1 ? "th" : "td", { scope: c === 1 ? "row" : null, class: column.class ?? null }, column.cell(layer, i))));
    return { layer, row, values: columns.map((column) => column.value(layer, i)), words: `${layer.name} ${layer.kind ?? ""} ${list(layer.constants).join(" ")}`.toLowerCase() };
  });
  body.append(...rows.map((each) => each.row));
  const heads = columns.map((column, c) => {
    const button = make("button", { type: "button", title: column.help ?? null }, column.title);
    const head = make("th", { scope: "col", class: column.class ?? null, "aria-sort": c === 0 ? "ascending" : "none" }, button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const first = column.class?.includes("number") && c > 0 ? "descending" : "ascending";
      const next = now === "none" ? first : now === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      rows.sort((a, b) => compared(a.values[c], b.values[c], sign));
      body.append(...rows.map((each) => each.row));
    });
    return head;
  });
  const whole = make("table", { class: "layers" }, make("caption", {}, caption), make("thead", {}, make("tr", {}, heads)), body);
  const count = make("output", { "aria-live": "polite" });
  const input = make("input", { type: "search", id: "layer-search", autocomplete: "off", spellcheck: "false" });
  const filter = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const each of rows) {
      const isShown = wanted.every((word) => each.words.includes(word));
      each.row.hidden = !isShown;
      shown += isShown ? 1 : 0;
    }
    count.textContent = `${shown} of ${rows.length} ${rows.length === 1 ? "layer" : "layers"}`;
  };
  input.addEventListener("input", filter);
  filter();
  return [make("div", { class: "search" }, make("label", { for: "layer-search" }, "Find layers by name or kind"), input, count),
    scrolled(whole, caption, rows.length > 40)];
}

/** Compares values; what is not known comes last either way. */
function compared(a, b, sign) {
  const isLess = (value) => value === null || value === undefined || Number.isNaN(value);
  if (isLess(a) || isLess(b)) return isLess(a) - isLess(b);
  return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
}

/** The layers as a chain: bars of the kept share, and below them of the outputs' errors. */
function chain(layers, summary) {
  const unit = 10;
  const width = Math.max(1, layers.length * unit);
  const most = Math.max(0, ...layers.map((layer) => (isNumber(layer.outputError) ? layer.outputError : 0)));
  const gap = layers.length > 120 ? 0 : 2;
  const kept = drawn("svg", { class: "kept", viewBox: `0 0 ${width} 100`, preserveAspectRatio: "none", role: "img", "aria-label": summary });
  const damage = drawn("svg", { class: "damage", viewBox: `0 0 ${width} 100`, preserveAspectRatio: "none", "aria-hidden": "true" });
  layers.forEach((layer, i) => {
    const share = layer.weights > 0 ? layer.kept / layer.weights : 0;
    const title = drawn("title", {}, `${layer.name}: ${formats.short(100 * share)} of the weights kept`
      + (isNumber(layer.outputError) ? `, output error ${formats.share(layer.outputError)}` : ""));
    kept.append(drawn("g", {}, title,
      drawn("rect", { class: "trough", x: i * unit, y: 0, width: unit - gap, height: 100 }),
      drawn("rect", { class: "bar", x: i * unit, y: 100 - 100 * share, width: unit - gap, height: 100 * share })));
    if (most > 0 && isNumber(layer.outputError)) {
      damage.append(drawn("g", {}, title.cloneNode(true), drawn("rect", { class: "damage", x: i * unit, y: 0, width: unit - gap, height: 100 * layer.outputError / most })));
    }
  });
  for (const svg of [kept, damage]) svg.style.minWidth = Math.min(layers.length * 3, 1600) + "px";
  const strip = make("div", { class: "strip", tabindex: "0", role: "group", "aria-label": "Layers as a chain" }, kept, most > 0 ? damage : null);
  return make("div", { class: "picture" },
    make("div", { class: "scale kept", "aria-hidden": "true" }, make("span", {}, "100 %"), make("span", {}, "50 %"), make("span", {}, "0 %")),
    strip,
    most > 0 ? make("div", { class: "scale damage", "aria-hidden": "true" }, make("span"), make("span", {}, formats.share(most))) : null);
}

/** Returns what a run is called: the file of the network that it began with. */
function title(run) {
  const model = list(run.inputs).find((input) => input?.role === "model");
  return last(model?.path ?? at(run, "/model/files/0/name") ?? "network");
}

/** Returns the measures that a run has, each with its splits. */
function splits(run) {
  const found = [];
  for (const measure of ["accuracy", "agreement", "fidelity"]) {
    for (const split of ["validation", "test"]) {
      const values = run[measure]?.[split];
      if (values && typeof values === "object") found.push({ measure, split, values, pointer: `/${measure}/${split}` });
    }
  }
  const main = (each) => (each.measure === run.measure ? 0 : 1);
  return found.sort((a, b) => main(a) - main(b));
}

/** The best split to name in one line: the test samples, else the held-out ones. */
function headline(run) {
  const all = splits(run);
  return all.find((each) => each.split === "test") ?? all[0] ?? null;
}

const isTraining = (run) => !run.certificate && isNumber(at(run, "/budget/nnz/asked")) && at(run, "/budget/nnz/asked") === at(run, "/budget/nnz/total");

addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { if (!details.open) { details.open = true; details.dataset.closed = ""; } }));
addEventListener("afterprint", () => document.querySelectorAll("details[data-closed]").forEach((details) => { details.open = false; delete details.dataset.closed; }));
