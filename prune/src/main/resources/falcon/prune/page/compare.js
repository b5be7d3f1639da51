"use strict";
(() => {
  const runs = list(data.runs);
  const damaged = list(data.damaged);
  document.title = "Runs compared – Falcon";
  const heads = ["", ...runs.map((each) => [make("bdi", {}, text(each.name)), "number"])];
  const cell = (pointer, format) => runs.map(({ run }) => figure(run, pointer, format));
  const percent = (used, total) => (isNumber(used) && isNumber(total) && total > 0 ? (100 * used) / total : null);

  function notes() {
    const found = damaged.map((each) => [name(each.name), ": ", name(each.problem)]);
    const models = new Set(runs.map(({ run }) => list(run.inputs).filter((input) => input?.role === "model").map((input) => input.sha256).join()));
    if (models.size > 1) found.push("These runs began with different networks: figures of quality have different starts.");
    const samples = new Set(runs.map(({ run }) => list(run.inputs).filter((input) => input?.role === "data").map((input) => input.sha256).join()));
    if (samples.size > 1) found.push("These runs read different data: their percentages are not of the same samples.");
    runs.forEach(({ name: folder, run }) => list(run.warnings).forEach((warning) => found.push([name(folder), ": ", name(warning)])));
    if (found.length === 0) return make("p", { class: "note" }, "No warnings.");
    return make("section", { class: "warnings", "aria-labelledby": "warnings" },
      make("h2", { id: "warnings" }, found.length === 1 ? "1 warning" : `${found.length} warnings`), folded(found, 5));
  }

  function figures() {
    const shares = (key) => runs.map(({ run }) => {
      const share = percent(at(run, `/budget/${key}/used`), at(run, `/budget/${key}/total`));
      return share === null ? NONE : formats.percent(share);
    });
    const keys = [];
    runs.forEach(({ run }) => entries(run.budget).forEach(([key]) => { if (key !== "resources" && !keys.includes(key)) keys.push(key); }));
    const label = { macs: "MACs", nnz: "weights", time: "milliseconds" };
    const used = keys.flatMap((key) => [
      [`${label[key] ?? key} asked`, ...runs.map(({ run }) => name(at(run, `/budget/${key}/request`)))],
      [`${label[key] ?? key} used`, ...cell(`/budget/${key}/used`, "count")],
      [`${label[key] ?? key} kept, prunable part`, ...shares(key)],
      [`${label[key] ?? key} kept, whole network`, ...cell(`/budget/${key}/network/percent`, "percent")],
    ]);
    const further = [...new Set(runs.flatMap(({ run }) => list(run.budget?.resources).map((resource) => resource.name)))];
    further.forEach((key) => {
      const of = (run, what) => list(run.budget?.resources).find((resource) => resource.name === key)?.[what];
      used.push([[name(key), " asked"], ...runs.map(({ run }) => name(of(run, "request") ?? ""))]);
      used.push([[name(key), " used"], ...runs.map(({ run }) => (isNumber(of(run, "used")) ? `${tiny(of(run, "used"))} ${of(run, "unit") ?? ""}` : NONE))]);
    });
    used.push(["bytes of the file", ...cell("/model/bytes", "count")]);
    const quality = [];
    for (const measure of ["accuracy", "agreement", "fidelity"]) {
      for (const split of ["validation", "test"]) {
        if (!runs.some(({ run }) => run[measure]?.[split])) continue;
        for (const key of ["dense", "final"]) quality.push([`${measure}, ${split}, ${key}`, ...cell(`/${measure}/${split}/${key}`, "percent")]);
        if (split === "validation") {
          quality.push([`${measure}, interval of final`, ...runs.map(({ run }) => {
            const interval = run[measure]?.validation?.interval;
            return Array.isArray(interval) && interval.every(isNumber) ? `${interval[0].toFixed(2)} to ${formats.percent(interval[1])}` : NONE;
          })]);
          quality.push([`${measure}, held-out samples`, ...cell(`/${measure}/validation/samples`, "count")]);
        }
      }
    }
    const times = [];
    runs.forEach(({ run }) => list(run.speed).forEach((speed) => { if (speed && !times.includes(speed.runtime)) times.push(speed.runtime); }));
    const measured = times.map((runtime) => [[name(runtime), ", milliseconds"], ...runs.map(({ run }) => made(list(run.speed).find((each) => each?.runtime === runtime)?.pruned, "milliseconds"))]);
    const how = [
      ["method", ...runs.map(({ run }) => text(run.options?.method))],
      ["re-fit", ...runs.map(({ run }) => text(run.options?.refit))],
      ["stages", ...runs.map(({ run }) => String(list(run.stages).length))],
      ["retrained epochs", ...runs.map(({ run }) => (run.retraining ? String(list(run.retraining.epochs).length) : NONE))],
      ["seed", ...runs.map(({ run }) => text(run.seed))],
      ["gap of the certificate", ...runs.map(({ run }) => (run.certificate?.bound > 0 ? tiny((100 * run.certificate.gap) / run.certificate.bound) + SPACE + "%" : NONE))],
      ["seconds", ...runs.map(({ run }) => {
        const all = entries(run.seconds).map(([, seconds]) => seconds).filter(isNumber);
        return all.length > 0 ? formats.seconds(all.reduce((a, b) => a + b, 0)) : NONE;
      })],
    ];
    return [table(heads, [["Budget", used], ["Quality", quality], ["Speed", measured], ["How", how]], { groups: true, class: "compare", label: "Figures of all runs" })];
  }

  function pictures() {
    return runs.filter(({ run }) => list(run.layers).length > 0).flatMap(({ name: folder, run }) => {
      const layers = list(run.layers);
      return [make("h3", {}, name(folder)), chain(layers.map((layer) => ({ ...layer, outputError: null })), `Kept share of ${layers.length} layers of ${folder}`)];
    });
  }

  function layerSection() {
    const names = [];
    const known = new Map();
    runs.forEach(({ run }, r) => list(run.layers).forEach((layer) => {
      if (!layer || typeof layer !== "object") return;
      if (!known.has(layer.name)) {
        known.set(layer.name, { name: layer.name, kind: layer.kind, shape: layer.shape, weights: layer.weights, byRun: [] });
        names.push(layer.name);
      }
      known.get(layer.name).byRun[r] = layer;
    }));
    if (names.length === 0) return null;
    const share = (layer, r) => (layer.byRun[r]?.weights > 0 ? layer.byRun[r].kept / layer.byRun[r].weights : null);
    const hasErrors = runs.map((_, r) => [...known.values()].some((layer) => isNumber(layer.byRun[r]?.outputError)));
    const columns = [
      { title: "#", class: "number", value: (_, i) => i, cell: (_, i) => String(i + 1) },
      { title: "layer", class: "name", value: (layer) => text(layer.name), cell: (layer) => make("div", {}, name(layer.name)) },
      { title: "shape", class: "number", value: (layer) => layer.weights, cell: (layer) => list(layer.shape).join("×") },
      ...runs.map((each, r) => ({ title: make("span", {}, "kept, ", make("bdi", {}, text(each.name))), class: "number", value: (layer) => share(layer, r),
        cell: (layer) => (share(layer, r) === null ? NONE : [formats.short(100 * share(layer, r)), " ", meter(share(layer, r))]) })),
      ...runs.flatMap((each, r) => (hasErrors[r] ? [{ title: make("span", {}, "output error, ", make("bdi", {}, text(each.name))), class: "number", value: (layer) => layer.byRun[r]?.outputError ?? null,
        cell: (layer) => made(layer.byRun[r]?.outputError, "share") }] : [])),
    ];
    return layerTable(columns, names.map((each) => known.get(each)), "Prunable layers of all runs");
  }

  function commands() {
    return runs.flatMap(({ name: folder, run }) => [make("h3", {}, name(folder)), make("pre", { tabindex: "0" }, name(run.command ?? NONE))]);
  }

  const head = make("header", {}, make("p", { class: "eyebrow" }, "Falcon comparison"),
    make("h1", {}, `${runs.length} ${runs.length === 1 ? "run" : "runs"}`), notes());
  page.append(head);
  section("figures", "Figures", figures);
  section("chains", "Kept share by layer", pictures);
  section("layers", "Layers", layerSection);
  section("commands", "Commands", commands);
  head.append(navigation());
  page.append(make("footer", { class: "note" }, "Made by Falcon from the runs' result.json; this file needs no network."));
})();
