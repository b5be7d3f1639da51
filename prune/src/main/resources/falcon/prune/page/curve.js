"use strict";
(() => {
  const curve = data.curve;
  const points = list(curve.points);
  const damaged = list(curve.damaged);
  const missing = list(curve.missing);
  const measure = text(curve.measure ?? "quality");
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
  document.title = `${data.title} – Falcon curve`;

  /** The quality that is drawn: on held-out samples, or else on test samples. */
  const where = (point) => (point.heldOut ? "heldOut" : point.test ? "test" : null);
  const quality = (point) => (where(point) ? point[where(point)] : null);
  const value = (point) => quality(point)?.final ?? null;
  const pointer = (i, rest) => `/points/${i}${rest}`;
  const runtimes = [...new Set(points.flatMap((point) => Object.keys(point.milliseconds ?? {})))].sort();
  const dense = points.map((point) => quality(point)?.dense).find(isNumber) ?? null;
  const knee = points.find((point) => point.name === curve.knee) ?? null;
  const chosen = points.find((point) => point.name === curve.maxDrop) ?? null;

  const budgets = [
    { key: "macs", title: "MACs", unit: "MACs kept, %", of: (point) => point.macs?.percent, total: 100 },
    { key: "weights", title: "weights", unit: "weights kept, %", of: (point) => point.weights?.percent, total: 100 },
    { key: "bytes", title: "bytes", unit: "bytes of the file", of: (point) => point.bytes },
    ...runtimes.map((runtime, i) => ({ key: `ms${i}`, title: `milliseconds, ${runtime}`, unit: `milliseconds, ${runtime}`, of: (point) => point.milliseconds?.[runtime] })),
  ].filter((budget) => points.some((point) => isNumber(budget.of(point)) && isNumber(value(point))));

  const share = (point) => (isNumber(point.macs?.percent) ? `${formats.percent(point.macs.percent)} of the multiply-accumulates` : `${formats.percent(point.weights.percent)} of the weights`);

  function lead() {
    if (points.length === 0) return make("p", { class: "lead" }, "No run is finished yet.");
    const greatest = points[0];
    const least = points[points.length - 1];
    const parts = [`${points.length} ${points.length === 1 ? "budget" : "budgets"}: `];
    if (isNumber(value(greatest)) && isNumber(value(least))) {
      parts.push(`${measure} ${where(greatest) === "test" ? "on test samples" : "on held-out samples"} goes from ${formats.percent(value(greatest))} with ${share(greatest)} to ${formats.percent(value(least))} with ${share(least)}.`);
      if (isNumber(dense)) parts.push(` The dense network has ${formats.percent(dense)}.`);
    } else {
      parts.push("nothing was measured.");
    }
    return make("p", { class: "lead" }, parts.join(""));
  }

  function notes() {
    const found = damaged.map((each) => [name(each.run), ": ", name(each.problem)]);
    if (missing.length > 0) found.push(["Not finished yet: ", ...missing.flatMap((run, i) => [i > 0 ? ", " : "", name(run)]), ". Load the page again to see more."]);
    if (found.length === 0) return null;
    return make("section", { class: "warnings", "aria-labelledby": "warnings" },
      make("h2", { id: "warnings" }, damaged.length > 0 ? "Runs that are not shown" : "Not all runs are shown"), folded(found, 5));
  }

  function figures() {
    const boxes = [];
    const box = (label, point, note) => boxes.push(make("div", {}, make("dt", {}, label), make("dd", { class: "big" }, name(point.name)),
      make("dd", { class: "small" }, `${isNumber(value(point)) ? formats.percent(value(point)) : NONE} with ${share(point)}`), make("dd", { class: "small" }, note)));
    if (knee) box("knee", knee, "behind it less budget costs much more quality");
    if (chosen) box("greatest drop met by", chosen, "the smallest budget that was tried and is within it");
    return boxes.length > 0 ? make("dl", { class: "figures" }, boxes) : null;
  }

  /* The chart */
  const paper = { "--ink": "#1b1f24", "--soft": "#57606a", "--line": "#d5dae0", "--kept": "#0b62c4", "--error": "#a8480b", "--paper": "#ffffff" };
  let isPrinted = false;
  const colour = (key) => (isPrinted ? paper[key] : getComputedStyle(document.documentElement).getPropertyValue(key).trim());
  const stroke = (key) => () => colour(key);

  /** Returns the rows of the chart: budgets, quality, ends of its interval, test, magnitude, dense. */
  function columns(budget) {
    const drawn = points.filter((point) => isNumber(budget.of(point))).sort((a, b) => budget.of(a) - budget.of(b));
    const column = (get) => drawn.map((point) => { const v = get(point); return isNumber(v) ? v : null; });
    return { drawn, rows: [
      column(budget.of), column(value), column((point) => quality(point)?.interval?.[0]), column((point) => quality(point)?.interval?.[1]),
      column((point) => (where(point) === "heldOut" ? point.test?.final : null)), column((point) => point.magnitude?.final), column(() => dense)] };
  }

  /** Draws the knee and the chosen point as rings with their names, behind the lines' own points. */
  function marks(drawn) {
    return (chart) => {
      const context = chart.ctx;
      const ratio = devicePixelRatio || 1;
      for (const [point, label, key, below] of [[knee, "knee", "--error", true], [chosen, "drop met", "--ink", false]]) {
        const at = point ? drawn.indexOf(point) : -1;
        if (at < 0 || !isNumber(chart.data[1][at])) continue;
        const x = chart.valToPos(chart.data[0][at], "x", true);
        const y = chart.valToPos(chart.data[1][at], "y", true);
        context.save();
        context.strokeStyle = colour(key);
        context.fillStyle = colour(key);
        context.setLineDash([]);
        context.lineWidth = 2 * ratio;
        context.beginPath();
        context.arc(x, y, 7 * ratio, 0, 2 * Math.PI);
        context.stroke();
        context.font = `${12 * ratio}px system-ui, sans-serif`;
        context.textAlign = x > chart.bbox.left + chart.bbox.width - 60 * ratio ? "right" : "left";
        context.textBaseline = below ? "top" : "bottom";
        context.fillText(label, x + (context.textAlign === "left" ? 6 : -6) * ratio, y + (below ? 9 : -9) * ratio);
        context.restore();
      }
    };
  }

  function draw(place, budget) {
    place.replaceChildren();
    const { drawn, rows } = columns(budget);
    const has = rows.map((row) => row.some(isNumber));
    const font = "12px system-ui, sans-serif";
    const axis = (extra) => ({ stroke: stroke("--soft"), font, labelFont: font, grid: { stroke: stroke("--line"), width: 1 }, ticks: { stroke: stroke("--line"), width: 1 }, ...extra });
    const shown = (_, v) => (isNumber(v) ? v.toFixed(2) + SPACE + "%" : "");
    const isShare = budget.total === 100;
    const marked = { show: true, size: 7 };
    const series = [
      { label: budget.unit, value: (_, v) => (isNumber(v) ? (isShare ? formats.percent(v) : budget.key === "bytes" ? formats.count(v) : tiny(v)) : "") },
      { label: where(points[0]) === "test" ? `${measure}, test` : `${measure}, held out`, stroke: stroke("--kept"), width: 2, value: shown, points: { ...marked, fill: stroke("--kept") } },
      { label: "95 % from", stroke: stroke("--kept"), width: 0, value: shown, points: { show: false } },
      { label: "to", stroke: stroke("--kept"), width: 0, value: shown, points: { show: false } },
      { label: "test", stroke: stroke("--ink"), width: 1, dash: [2, 3], value: shown, points: { show: true, size: 5 } },
      { label: "magnitude", stroke: stroke("--error"), width: 2, dash: [6, 4], value: shown, points: { ...marked, fill: stroke("--error") } },
      { label: "dense", stroke: stroke("--soft"), width: 1, dash: [10, 5], value: shown, points: { show: false } },
    ];
    const bands = has[2] && has[3] ? [{ series: [3, 2], fill: () => colour("--kept") + "2e" }] : [];
    const size = () => ({ width: Math.max(260, place.clientWidth), height: place.clientWidth < 500 ? 300 : 420 });
    const chart = new uPlot({
      ...size(), bands,
      cursor: { show: true },
      scales: {
        x: { time: false, range: (_, low, high) => { const room = (high - low || Math.abs(high) || 1) * 0.04; return [Math.max(0, low - room), high + room]; } },
        y: { range: (_, low, high) => { const room = Math.max(0.5, (high - low) * 0.06); return [low - room, Math.min(high + room, Math.max(100, high))]; } },
      },
      axes: [
        axis({ label: budget.unit, values: (_, ticks) => ticks.map((tick) => (budget.key === "bytes" ? compact(tick) : String(tick))) }),
        axis({ label: `${measure}, %`, size: 54 }),
      ],
      series: series.map((each, i) => (i === 0 || has[i] ? each : { ...each, show: false, class: "absent" })),
      hooks: { draw: [marks(drawn)] },
    }, rows, place);
    place.querySelectorAll(".absent").forEach((row) => row.remove());
    return { chart, size };
  }

  const compact = (bytes) => (bytes >= 1e6 ? `${bytes / 1e6} MB` : bytes >= 1e3 ? `${bytes / 1e3} kB` : String(bytes));

  function chart() {
    if (typeof uPlot === "undefined" || budgets.length === 0) return null;
    const told = points.filter((point) => isNumber(value(point))).map((point) => `${point.name}: ${formats.percent(value(point))}`).join("; ");
    const place = make("div", { class: "chart wide", role: "img", "aria-label": `${capital(measure)} over budget. ${told}. All figures are in the table below.` });
    let now = null;
    const show = (budget) => { now = draw(place, budget); };
    const choice = make("fieldset", { class: "choice" }, make("legend", {}, "Budget in"),
      budgets.map((budget, i) => {
        const input = make("input", { type: "radio", name: "budget", value: budget.key, checked: i === 0 });
        input.addEventListener("change", () => show(budget));
        return make("label", {}, input, " ", budget.title);
      }));
    requestAnimationFrame(() => {
      show(budgets[0]);
      new ResizeObserver(() => now.chart.setSize(now.size())).observe(place);
    });
    const redraw = () => now?.chart.redraw(false);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    addEventListener("beforeprint", () => { isPrinted = true; redraw(); });
    addEventListener("afterprint", () => { isPrinted = false; redraw(); });
    return [budgets.length > 1 ? choice : null, place, make("p", { class: "note" },
      "The shaded band holds the pruned network's quality on all such samples with 95 % confidence. The knee is that of Kneedle (Satopää and others, 2011): with both axes scaled to 0 to 1, the point furthest above the diagonal.")].filter(Boolean);
  }

  /* The table */
  function table_() {
    if (points.length === 0) return null;
    const hasTest = points.some((point) => point.test && where(point) === "heldOut");
    const hasMagnitude = points.some((point) => point.magnitude);
    const interval = (each, i, path) => (Array.isArray(each?.interval) ? [made(each.interval[0], "percent", pointer(i, path + "/interval/0")), " to ", made(each.interval[1], "percent", pointer(i, path + "/interval/1"))] : NONE);
    const heads = ["run", ["MACs", "number"], ["MACs kept", "number"], ["weights", "number"], ["weights kept", "number"], ["bytes", "number"],
      [measure, "number"], ["95 % interval", "number"], ...(hasTest ? [["test", "number"]] : []), ...(hasMagnitude ? [["magnitude", "number"], ["its interval", "number"]] : []),
      ...runtimes.map((runtime) => [make("span", {}, "ms, ", make("bdi", {}, runtime)), "number"]), ["seconds", "number"], ""];
    const rows = points.map((point, i) => [
      name(point.name), made(point.macs?.used, "count", pointer(i, "/macs/used")), made(point.macs?.percent, "percent", pointer(i, "/macs/percent")),
      made(point.weights?.used, "count", pointer(i, "/weights/used")), made(point.weights?.percent, "percent", pointer(i, "/weights/percent")), made(point.bytes, "count", pointer(i, "/bytes")),
      made(value(point), "percent", pointer(i, `/${where(point)}/final`)), interval(quality(point), i, `/${where(point)}`),
      ...(hasTest ? [made(point.test?.final, "percent", pointer(i, "/test/final"))] : []),
      ...(hasMagnitude ? [made(point.magnitude?.final, "percent", pointer(i, "/magnitude/final")), interval(point.magnitude, i, "/magnitude")] : []),
      ...runtimes.map((runtime) => made(point.milliseconds?.[runtime], "milliseconds", pointer(i, `/milliseconds/${runtime.replaceAll("~", "~0").replaceAll("/", "~1")}`))),
      made(point.seconds, "seconds", pointer(i, "/seconds")),
      make("span", { class: "mark" }, [point === knee ? "knee" : null, point === chosen ? "greatest drop met" : null].filter(Boolean).join(", ")),
    ]);
    return [table(heads, rows, { caption: "All figures", class: "compare" })];
  }

  const head = make("header", {}, make("p", { class: "eyebrow" }, "Falcon curve"), make("h1", {}, name(data.title)), lead(), notes(), figures());
  page.append(head);
  section("curve", `${capital(measure)} over budget`, chart);
  section("figures", "Figures", table_);
  page.append(make("footer", { class: "note" }, "Made by Falcon from the runs' result.json; this file needs no network. curve.csv and curve.json have the same figures."));
})();
