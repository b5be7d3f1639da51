"use strict";
(() => {
  const run = data.run;
  const layers = list(run.layers).filter((layer) => layer && typeof layer === "object");
  const resources = { macs: ["MACs", "multiply-accumulates"], nnz: ["weights", "weights"], bytes: ["bytes", "bytes"], time: ["milliseconds", "milliseconds"] };
  const label = (key) => resources[key]?.[0] ?? key;
  const words = (key) => resources[key]?.[1] ?? key;
  const warnings = list(run.warnings);
  document.title = `${title(run)} – Falcon report`;

  const percentOf = (used, total) => (isNumber(used) && isNumber(total) ? (total === 0 ? 100 : (100 * used) / total) : null);
  const speeds = list(run.speed).filter((speed) => isNumber(speed?.pruned));

  /* Head */
  function lead() {
    const macs = percentOf(at(run, "/budget/macs/used"), at(run, "/budget/macs/total"));
    const nnz = percentOf(at(run, "/budget/nnz/used"), at(run, "/budget/nnz/total"));
    const quality = headline(run);
    const first = isTraining(run)
      ? "All weights were trained; none is pruned."
      : `${run.certificate ? "Pruned" : "Retrained on a given mask"}: ${macs === null ? "" : formats.percent(macs) + " of the prunable multiply-accumulates and "}${nnz === null ? "an unknown share" : formats.percent(nnz)} of the prunable weights stay.`;
    const second = quality && isNumber(quality.values.dense) && isNumber(quality.values.final)
      ? ` ${capital(quality.measure)} on ${quality.split === "test" ? "test samples" : "held-out samples"}: ${formats.percent(quality.values.final)}, ${formats.percent(quality.values.dense)} before.`
      : run.measure ? "" : " Nothing was measured: the run had no data.";
    return make("p", { class: "lead" }, first + second);
  }

  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

  function warningBox() {
    if (warnings.length === 0) return make("p", { class: "note" }, "No warnings.");
    return make("section", { class: "warnings", "aria-labelledby": "warnings" },
      make("h2", { id: "warnings" }, warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`),
      folded(warnings.map((warning) => name(warning)), 5));
  }

  function figures() {
    const quality = headline(run);
    const boxes = [];
    const box = (what, big, ...small) => boxes.push(make("div", {}, make("dt", {}, what), make("dd", { class: "big" }, big), make("dd", { class: "small" }, ...small)));
    if (quality) {
      box(`${quality.measure}, ${quality.split}`, figure(run, quality.pointer + "/final", "percent"), "before ", figure(run, quality.pointer + "/dense", "percent"));
    }
    const network = (key, what) => {
      const budget = run.budget?.[key];
      if (!isNumber(budget?.used)) return;
      const part = budget.network;
      box(`${what}, whole network`, isNumber(part?.percent) ? figure(run, `/budget/${key}/network/percent`, "percent") : NONE,
        isNumber(part?.used) ? [figure(run, `/budget/${key}/network/used`, "count"), " of ", figure(run, `/budget/${key}/network/total`, "count")] : "not all are known");
    };
    network("macs", "MACs");
    network("nnz", "weights");
    for (const speed of speeds.slice(0, 1)) {
      box(`time, ${text(speed.runtime)}`, made(speed.pruned, "milliseconds"), "before ", made(speed.dense, "milliseconds"));
    }
    if (isNumber(run.model?.bytes)) box("file", make("data", { value: run.model.bytes, "data-pointer": "/model/bytes" }, size(run.model.bytes)), figure(run, "/model/bytes", "bytes"));
    return make("dl", { class: "figures" }, boxes);
  }

  function size(bytes) {
    const units = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]];
    const [unit, factor] = units.find(([, least]) => bytes >= least) ?? ["bytes", 1];
    return `${factor === 1 ? bytes : (bytes / factor).toFixed(2)}${SPACE}${unit}`;
  }

  /* Budget */
  function budget() {
    const asked = [];
    const whole = [];
    for (const [key, value] of entries(run.budget)) {
      if (key === "resources") continue;
      if (!value || typeof value !== "object") {
        asked.push([label(key), "", NONE, NONE, NONE, NONE, ""]);
        continue;
      }
      const percent = percentOf(value.used, value.total);
      asked.push([label(key), isNumber(value.asked) ? [name(value.request ?? ""), ""] : NONE, figure(run, `/budget/${key}/asked`, "count"), figure(run, `/budget/${key}/used`, "count"),
        figure(run, `/budget/${key}/total`, "count"), percent === null ? NONE : formats.percent(percent), meter(percent === null ? null : percent / 100)]);
      const network = value.network;
      if (network !== undefined) {
        whole.push([label(key), "", "", figure(run, `/budget/${key}/network/used`, "count"), figure(run, `/budget/${key}/network/total`, "count"),
          figure(run, `/budget/${key}/network/percent`, "percent"), meter(isNumber(network?.percent) ? network.percent / 100 : null)]);
      }
    }
    list(run.budget?.resources).forEach((resource, i) => {
      const place = `/budget/resources/${i}`;
      const format = Number.isInteger(resource.total) && resource.total > 1000 ? "count" : "tiny";
      const share = percentOf(resource.used, resource.total);
      whole.push([[name(resource.name), resource.unit && resource.unit !== resource.name ? `, ${resource.unit}` : ""], [name(resource.request ?? ""), resource.binding ? " (binds)" : ""],
        figure(run, `${place}/asked`, format), figure(run, `${place}/used`, format), figure(run, `${place}/total`, format),
        share === null ? NONE : formats.percent(share), meter(share === null ? null : share / 100)]);
    });
    const bytes = percentOf(run.model?.bytes, run.model?.denseBytes);
    if (isNumber(run.model?.bytes)) {
      whole.push(["bytes of the file", "", "", figure(run, "/model/bytes", "count"), figure(run, "/model/denseBytes", "count"),
        bytes === null ? NONE : formats.percent(bytes), meter(bytes === null ? null : bytes / 100)]);
    }
    list(run.speed).forEach((speed, i) => {
      if (!isNumber(speed?.pruned)) return;
      const share = percentOf(speed.pruned, speed.dense);
      whole.push([[name(speed.runtime), `, milliseconds${speed.batch > 1 ? ` for ${speed.batch} examples` : ""}`], "", "", figure(run, `/speed/${i}/pruned`, "tiny"), figure(run, `/speed/${i}/dense`, "tiny"),
        share === null ? NONE : formats.percent(share), meter(share === null ? null : share / 100)]);
    });
    return [table(["resource", "asked", ["at most", "number"], ["used", "number"], ["of", "number"], ["kept", "number"], ""],
      [["Prunable part", asked], ["Whole network, prunable or not", whole]], { groups: true, label: "Asked and used" }),
      make("p", { class: "note" }, "Counted on the written file. A MAC is one multiply-accumulate of one example, two FLOPs; biases, normalisations and activations are not counted."
        + (isNumber(run.model?.bytes) ? " A file is compared with its length with every zero stored." : "")), ...promises()];
  }

  /* Promises of further resources that were measured */
  function promises() {
    return list(run.budget?.resources).map((resource, i) => {
      if (!isNumber(resource.measured) || !isNumber(resource.used)) return null;
      const more = 100 * (resource.measured / resource.used - 1);
      const place = `/budget/resources/${i}`;
      return make("p", { class: "note" }, name(resource.name), ": promised ", figure(run, `${place}/used`, "tiny"), ` ${resource.unit}, measured `, figure(run, `${place}/measured`, "tiny"), ` ${resource.unit}: `,
        Math.abs(more) < 0.05 ? "as promised." : `${Math.abs(more).toFixed(1)}${SPACE}% ${more > 0 ? "more" : "less"}.`,
        resource.corrected ? ` The plan was corrected once: the first one promised ${tiny(resource.corrected.promised)} and took ${tiny(resource.corrected.measured)}.` : "");
    }).filter(Boolean);
  }

  /* Accuracy */
  const meanings = {
    accuracy: "Accuracy is the share of samples that are classified as their labels say.",
    agreement: "Agreement is the share of samples that are classified as by the dense network; no labels are needed.",
    fidelity: "Fidelity is the share of the variance of the dense network's outputs that is reproduced; no labels are needed.",
  };

  function quality() {
    const all = splits(run);
    if (all.length === 0) {
      return [make("p", {}, run.measure ? "No samples were held out, and there is no test split: nothing was measured." : "Nothing was measured: the run had no data.")];
    }
    const before = isTraining(run) ? "before" : "dense";
    const after = isTraining(run) ? "trained" : "pruned";
    const rows = [["dense", before], ["pruned", after], ["refreshed", "refreshed"], ["final", "final"]]
      .filter(([key]) => key !== "refreshed" || all.some((each) => isNumber(each.values.refreshed)))
      .map(([key, shown]) => [shown, ...all.map((each) => figure(run, `${each.pointer}/${key}`, "percent"))]);
    rows.push(["final − " + before, ...all.map(({ values }) =>
      isNumber(values.final) && isNumber(values.dense) ? [formats.points(values.final - values.dense), " points"] : NONE)]);
    const names = new Set(all.map((each) => each.measure));
    const parts = [table(["", ...all.map((each) => [names.size > 1 ? `${each.measure}, ${each.split}` : each.split, "number"])], rows, { label: "Accuracy" })];
    all.forEach((each) => {
      const { samples, interval } = each.values;
      if (!isNumber(samples)) return;
      const isKnown = Array.isArray(interval) && interval.every(isNumber) && interval.length === 2;
      parts.push(make("p", {}, "Validation rests on ", figure(run, each.pointer + "/samples", "count"), ` held-out ${samples === 1 ? "sample" : "samples"}`,
        isKnown ? ["; on all samples of the kind the final network has ", figure(run, each.pointer + "/interval/0", "percent"), " to ", figure(run, each.pointer + "/interval/1", "percent"), " with 95 % confidence."]
          : ": too few for an interval."));
      if (isKnown) parts.push(range(each));
      parts.push(drop(each));
    });
    parts.push(...trials());
    parts.push(make("p", { class: "note" }, [...names].map((each) => meanings[each]).join(" ")
      + (rows.length > 4 ? " Refreshed: with statistics of channels estimated again; validation samples decide which of the two is final." : "")));
    return parts.filter(Boolean);
  }

  const points = (value) => (isNumber(value) ? value.toFixed(2) : NONE);

  /** How much is lost on the same samples, and how sure that is. */
  function drop({ values, pointer }) {
    const lost = values.drop;
    if (!isNumber(lost?.points) || !isNumber(lost.interval?.[0]) || !isNumber(lost.interval?.[1])) return null;
    const exact = (rest) => make("data", { value: String(at(run, pointer + rest)), "data-pointer": pointer + rest }, points(at(run, pointer + rest)));
    return make("p", {}, "Lost against the dense network, on the same samples: ", exact("/drop/points"), " points; on all of the kind ", exact("/drop/interval/0"), " to ", exact("/drop/interval/1"),
      " with 95 % confidence." + (isNumber(run.maxDrop?.asked) ? ` At most ${tiny(run.maxDrop.asked)} were asked for.` : ""));
  }

  /** The budgets that were tried for a greatest drop. */
  function trials() {
    const tried = list(run.maxDrop?.trials);
    if (tried.length === 0) return [];
    return [table(["budget", ["lost", "number"], ["at most", "number"], "within"], tried.map((trial, i) => [text(trial?.share),
      made(trial?.drop?.points, "tiny", `/maxDrop/trials/${i}/drop/points`), made(trial?.drop?.interval?.[1], "tiny", `/maxDrop/trials/${i}/drop/interval/1`),
      trial?.drop ? (trial.isWithin ? "yes" : "no") : "cannot be met"]), { caption: "Budgets that were tried, in points" })];
  }

  /** The interval of the final network on a scale, with the dense one. */
  function range({ values, pointer, measure }) {
    const [low, high] = values.interval;
    const shown = [low, high, values.final, values.dense].filter(isNumber);
    const span = Math.max(1, Math.max(...shown) - Math.min(...shown));
    const from = Math.min(...shown) - 0.12 * span;
    const to = Math.max(...shown) + 0.12 * span;
    const x = (value) => 10 + (440 * (value - from)) / (to - from);
    const svg = drawn("svg", { viewBox: "0 0 460 62", width: 460, height: 62, role: "img",
      "aria-label": `${measure} on validation: dense ${text(values.dense)} percent, final ${text(values.final)} percent, between ${low.toFixed(2)} and ${high.toFixed(2)} percent` },
      drawn("line", { class: "axis", x1: 10, x2: 450, y1: 28, y2: 28 }),
      drawn("line", { class: "range", x1: x(low), x2: x(high), y1: 28, y2: 28 }));
    const end = (value, anchor) => drawn("text", { x: x(value), y: 50, "text-anchor": anchor }, formats.percent(value));
    svg.append(end(low, "middle"), end(high, "middle"));
    if (isNumber(values.final)) svg.append(drawn("circle", { class: "final", cx: x(values.final), cy: 28, r: 5 }));
    if (isNumber(values.dense)) svg.append(drawn("circle", { class: "dense", cx: x(values.dense), cy: 28, r: 5 }));
    svg.style.maxWidth = "100%";
    const one = (kind) => drawn("svg", { viewBox: "0 0 14 12", width: 14, height: 12, "aria-hidden": "true" }, drawn("circle", { class: kind, cx: 6, cy: 6, r: 4.5 }));
    return make("figure", { style: null, class: "chart" }, svg, make("ul", { class: "legend" },
      make("li", {}, one("final"), "final, with its interval"), make("li", {}, one("dense"), isTraining(run) ? "before" : "dense")));
  }

  /* Speed */
  function speed() {
    const parts = [];
    if (speeds.length > 0) {
      parts.push(table(["measured here", ["dense", "number"], ["pruned", "number"], ["of dense", "number"], ["examples", "number"], ["threads", "number"]],
        list(run.speed).map((each, i) => [name(each?.runtime), figure(run, `/speed/${i}/dense`, "milliseconds"), figure(run, `/speed/${i}/pruned`, "milliseconds"),
          isNumber(percentOf(each?.pruned, each?.dense)) ? formats.percent(percentOf(each.pruned, each.dense)) : NONE,
          isNumber(each?.batch) ? figure(run, `/speed/${i}/batch`, "count") : "1", figure(run, `/speed/${i}/threads`, "count")]), { label: "Measured milliseconds" }));
    }
    parts.push(make("p", {}, make("strong", {}, "Zeros alone make most runtimes no faster: "), "they multiply by them. ",
      speeds.length > 0 ? "What was measured on this machine is above; of other runtimes this is known:" : "Nothing was measured in this run. MACs are not milliseconds; this is known of runtimes:"));
    const total = at(run, "/budget/macs/network/total") ?? at(run, "/budget/macs/total");
    const reach = (isReached) => {
      if (!isNumber(total) || total === 0 || layers.some((layer) => !layer.kind)) return "";
      const macs = layers.filter(isReached).reduce((sum, layer) => sum + (layer.macs ?? 0), 0);
      return macs === 0 ? " Here no layer is of that kind." : ` Here such layers have ${formats.short((100 * macs) / total)} of the MACs.`;
    };
    const share = (layer) => (layer.weights > 0 ? layer.kept / layer.weights : 1);
    const isPointwise = (layer) => layer.kind === "Conv" && list(layer.shape).length === 4 && layer.shape[2] === 1 && layer.shape[3] === 1;
    const isProduct = (layer) => /MatMul|Gemm/.test(layer.kind);
    parts.push(table(["runtime", "faster?", ["what is known", "text"]], [
      ["ONNX Runtime", "no", "Reads sparse constants and makes them dense; it has no sparse kernels for them."],
      ["PyTorch, libtorch", "no", "Dense kernels multiply by zeros."],
      ["TensorRT", "no", "Skips zeros in the pattern 2:4 alone."],
      ["LiteRT (TFLite) with XNNPACK", "in part", "1×1 convolutions with two thirds of zeros or more, on ARM and in WebAssembly; not on x86." + reach((layer) => isPointwise(layer) && share(layer) <= 1 / 3)],
      ["OpenVINO on CPUs", "in part", "Weights of matrix products, where it is switched on; it saves memory traffic." + reach(isProduct)],
      ["DeepSparse", "yes, on x86", "Skips zeros; its development ended in June 2025."],
      ["Core ML", "no promise", "Stores a bit mask: a smaller file."],
    ], { label: "What runtimes make of scattered zeros" }));
    return parts;
  }

  /* Layers */
  function least(layer) {
    return isNumber(layer.leastKept) && layer.leastKept > 0
      ? `${formats.count(layer.leastKept)} at least${layer.kept <= layer.leastKept ? ", binding" : ""}`
      : "";
  }

  const refits = {
    products: "least squares",
    rows: "least squares on rows",
    backsolve: "joint quadratic",
    unchanged: "values as before",
    other: "own method or given",
  };

  function layerSection() {
    if (layers.length === 0) return [make("p", {}, "There is no list of layers in result.json.")];
    const isCounted = layers.every((layer) => isNumber(layer.macs));
    const used = layers.reduce((sum, layer) => sum + (isCounted ? layer.macsKept : layer.kept), 0);
    const share = (layer) => (layer.weights > 0 ? layer.kept / layer.weights : null);
    const budgetShare = (layer) => (used > 0 ? (isCounted ? layer.macsKept : layer.kept) / used : null);
    const hasErrors = layers.some((layer) => isNumber(layer.outputError));
    const worst = hasErrors ? layers.reduce((a, b) => ((b.outputError ?? -1) > (a.outputError ?? -1) ? b : a)) : null;
    const leastKept = layers.reduce((a, b) => (share(b) < share(a) ? b : a));
    const summary = `${layers.length} prunable layers in graph order. Least is kept of ${leastKept.name}, ${formats.short(100 * share(leastKept))}.`
      + (worst ? ` The greatest output error, ${formats.share(worst.outputError)}, is that of ${worst.name}.` : "");
    const parts = [
      make("p", {}, `${layers.length} prunable ${layers.length === 1 ? "layer" : "layers"}, in graph order. Least is kept of `, make("code", {}, name(leastKept.name)), ` (${formats.short(100 * share(leastKept))})`,
        worst ? ["; the outputs of ", make("code", {}, name(worst.name)), ` differ most (${formats.share(worst.outputError)}).`] : "."),
      chain(layers, summary),
      make("ul", { class: "legend" }, make("li", {}, make("i"), "weights kept"), make("li", {}, make("i", { class: "trough" }), "pruned"),
        hasErrors ? make("li", {}, make("i", { class: "damage" }), "output error, hanging down") : null),
    ];
    const columns = [
      { title: "#", class: "number", value: (_, i) => i, cell: (_, i) => String(i + 1) },
      { title: "layer", class: "name", value: (layer) => text(layer.name), cell: (layer) => [make("div", {}, name(layer.name)),
        list(layer.constants).length > 0 ? make("div", { class: "parts" }, "made of ", list(layer.constants).flatMap((part, i) => [i > 0 ? ", " : "", name(part)])) : null] },
      layers.some((layer) => layer.kind) ? { title: "kind", value: (layer) => layer.kind ?? null, cell: (layer) => text(layer.kind) } : null,
      { title: "shape", class: "number", value: (layer) => layer.weights, cell: (layer) => list(layer.shape).join("×") },
      isCounted ? { title: "MACs", class: "number", value: (layer) => layer.macs, cell: (layer, i) => figure(run, `/layers/${i}/macs`, "count") } : null,
      { title: "weights", class: "number", value: (layer) => layer.weights, cell: (layer, i) => figure(run, `/layers/${i}/weights`, "count") },
      { title: "kept", class: "number", value: (layer) => layer.kept, cell: (layer, i) => figure(run, `/layers/${i}/kept`, "count") },
      { title: "share kept", class: "number", value: share, cell: (layer) => [share(layer) === null ? NONE : formats.short(100 * share(layer)), " ", meter(share(layer))] },
      { title: "of the budget", class: "number", help: isCounted ? "Share of the MACs that stay" : "Share of the weights that stay", value: budgetShare, cell: (layer) => (budgetShare(layer) === null ? NONE : formats.short(100 * budgetShare(layer))) },
      hasErrors ? { title: "output error", class: "number", help: "Squared error of the layer's outputs in the written network, relative to their squares in the dense one", value: (layer) => layer.outputError ?? null,
        cell: (layer, i) => figure(run, `/layers/${i}/outputError`, "share") } : null,
      layers.some(least) ? { title: "limits", value: (layer) => least(layer) || null, cell: least } : null,
      layers.some((layer) => layer.refit) ? { title: "re-fit", value: (layer) => layer.refit ?? null, cell: (layer) => (layer.refit ? refits[layer.refit] ?? text(layer.refit) : NONE) } : null,
    ].filter(Boolean);
    parts.push(...layerTable(columns, layers, `Prunable layers; shares of the budget are those of the ${isCounted ? "MACs" : "weights"} that stay`));
    if (hasErrors) {
      parts.push(make("p", { class: "note" }, "Output error: squared difference of the layer's outputs in the written and in the dense network, relative to the dense ones' squares, on held-out samples. Errors of the layers before it are in it; 100 % is what zeros would have."));
    }
    return parts;
  }

  /* Certificate */
  function certificate() {
    const proof = run.certificate;
    if (!proof || !isNumber(proof.value)) return run.layers && !isTraining(run) ? [make("p", {}, "There is none: the mask was given, not chosen.")] : null;
    const relative = proof.bound > 0 ? proof.gap / proof.bound : 0;
    const parts = [make("p", {}, "The weights that stay have a total saliency of ", figure(run, "/certificate/value", "saliency"), ". ",
      relative === 0 ? "It is proven that no other choice within the budget has more." : `It is proven that no choice within the budget has more than ${tiny(100 * relative)}${SPACE}% beyond that.`)];
    const prices = entries(proof.prices).filter(([, price]) => isNumber(price)).map(([key, price]) => {
      const further = list(run.budget?.resources).find((resource) => resource.name === key);
      if (further) {
        if (price === 0) return make("li", {}, "The budget of ", name(key), " does not bind: more would be worth nothing.");
        const percentMore = proof.value > 0 && isNumber(further.total) ? (price * further.total) / proof.value : null;
        return make("li", {}, "1", SPACE, "% of the dense network's ", name(key), " more would be worth ",
          make("span", { class: "mark" }, percentMore === null ? `a saliency of ${tiny((price * further.total) / 100)}` : `${tiny(percentMore)}${SPACE}% more saliency`), " at most.");
      }
      const budget = run.budget?.[key];
      const total = budget?.total;
      const limit = isNumber(budget?.asked) && isNumber(total) && budget.asked >= total;
      const step = stepOf(total);
      if (price === 0) return make("li", {}, limit ? `The number of ${words(key)} is not limited.` : `The limit of ${words(key)} does not bind: more of them would be worth nothing.`);
      const worth = proof.value > 0 ? (100 * price * step) / proof.value : null;
      return make("li", {}, `${named(step)} ${step === 1 ? words(key).replace(/s$/, "") : words(key)} more `, isNumber(total) && total > 0 ? `(${tiny((100 * step) / total)}${SPACE}% of the prunable part) ` : "",
        "would be worth ", make("span", { class: "mark" }, worth === null ? `a saliency of ${tiny(price * step)}` : `${tiny(worth)}${SPACE}% more saliency`), " at most.");
    });
    if (prices.length > 0) {
      parts.push(make("h3", {}, "What a larger budget would be worth"), make("ul", {}, prices),
        make("p", { class: "note" }, "These are the shadow prices at this budget; they fall as a budget grows. Saliency is what the method's model says a weight is worth; it is no accuracy."));
    }
    return parts;
  }

  /** A power of ten of some percent of a resource. */
  function stepOf(total) {
    return isNumber(total) && total > 0 ? Math.max(1, 10 ** Math.floor(Math.log10(total / 10))) : 1;
  }

  function named(step) {
    return { 1: "One", 10: "Ten", 100: "One hundred", 1000: "One thousand", 10000: "Ten thousand", 100000: "One hundred thousand", 1000000: "One million", 10000000: "Ten million", 100000000: "One hundred million", 1000000000: "One billion" }[step] ?? formats.count(step);
  }

  /* Retraining */
  function retraining() {
    const trained = run.retraining;
    if (!trained || typeof trained !== "object") return null;
    const epochs = list(trained.epochs);
    const parts = [make("p", {}, `From the ${text(trained.start)} weights by ${text(trained.optimizer)}, learning rate ${text(trained.learningRate)}. `,
      trained.taken === 0 ? "No epoch was better on held-out samples: the network before it is kept." : `The state after epoch ${text(trained.taken)} of ${epochs.length} is the result.`,
      trained.broken ? ` It ended early: ${trained.broken}` : "")];
    if (epochs.length > 0) {
      const place = make("div", { class: "chart", role: "img", "aria-label": "Loss and validation by epoch; the figures are in the table below" });
      parts.push(place);
      requestAnimationFrame(() => curve(place, epochs));
      parts.push(make("details", {}, make("summary", {}, "Figures by epoch"), table([["epoch", "number"], ["training loss", "number"], ["held-out loss", "number"], ["validation", "number"], ["time", "number"]],
        epochs.map((_, i) => [String(i + 1), figure(run, `/retraining/epochs/${i}/loss`, "tiny"), figure(run, `/retraining/epochs/${i}/heldOutLoss`, "tiny"),
          figure(run, `/retraining/epochs/${i}/validation`, "percent"), figure(run, `/retraining/epochs/${i}/seconds`, "seconds")]), { label: "Figures by epoch" })));
    }
    const trials = list(trained.trials);
    if (trials.length > 0) {
      parts.push(make("details", {}, make("summary", {}, "Short trainings that chose start and learning rate"), table(["start", ["learning rate", "number"], ["steps", "number"], ["held-out loss", "number"]],
        trials.map((trial, i) => [text(trial?.start), figure(run, `/retraining/trials/${i}/learningRate`, "tiny"), figure(run, `/retraining/trials/${i}/steps`, "count"),
          isNumber(trial?.loss) ? figure(run, `/retraining/trials/${i}/loss`, "tiny") : "diverged"]), { label: "Short trainings" })));
    }
    return parts;
  }

  function curve(place, epochs) {
    if (typeof uPlot === "undefined") return;
    let isPrinted = false;
    const paper = { "--ink": "#1b1f24", "--soft": "#57606a", "--line": "#d5dae0", "--kept": "#0b62c4", "--error": "#a8480b" };
    const colour = (key) => (isPrinted ? paper[key] : getComputedStyle(document.documentElement).getPropertyValue(key).trim());
    const stroke = (key) => () => colour(key);
    const column = (key) => epochs.map((epoch) => (isNumber(epoch?.[key]) ? epoch[key] : null));
    const hasValidation = column("validation").some(isNumber);
    const shown = (_, value) => (isNumber(value) ? tiny(value) : "");
    const font = "12px system-ui, sans-serif";
    const axis = (extra) => ({ stroke: stroke("--soft"), font, labelFont: font, grid: { stroke: stroke("--line"), width: 1 }, ticks: { stroke: stroke("--line"), width: 1 }, ...extra });
    const chart = new uPlot({
      width: Math.max(280, place.clientWidth), height: 280,
      cursor: { show: true },
      scales: { x: { time: false, range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) }, loss: {}, percent: {} },
      axes: [
        axis({ label: "epoch", incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }),
        axis({ scale: "loss", label: "loss", size: 60 }),
        ...(hasValidation ? [axis({ scale: "percent", side: 1, label: `validation ${run.measure ?? ""}, %`, size: 60, grid: { show: false } })] : []),
      ],
      series: [
        { label: "epoch", value: shown },
        { value: shown, label: "training loss", scale: "loss", stroke: stroke("--soft"), width: 2, dash: [6, 4] },
        { value: shown, label: "held-out loss", scale: "loss", stroke: stroke("--error"), width: 2 },
        ...(hasValidation ? [{ value: shown, label: "validation, %", scale: "percent", stroke: stroke("--kept"), width: 2 }] : []),
      ],
    }, [epochs.map((_, i) => i + 1), column("loss"), column("heldOutLoss"), ...(hasValidation ? [column("validation")] : [])], place);
    const redraw = () => chart.redraw(false);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    addEventListener("beforeprint", () => { isPrinted = true; redraw(); });
    addEventListener("afterprint", () => { isPrinted = false; redraw(); });
    new ResizeObserver(() => chart.setSize({ width: Math.max(280, place.clientWidth), height: 280 })).observe(place);
  }

  /* Time */
  function time() {
    const parts = [];
    const stages = list(run.stages);
    if (stages.length > 0) {
      parts.push(table([["stage", "number"], ["MACs kept", "number"], ["weights kept", "number"], ["validation", "number"], ["time", "number"], ["notes", "text"]],
        stages.map((stage, i) => [String(i + 1), figure(run, `/stages/${i}/macs`, "count"), figure(run, `/stages/${i}/nnz`, "count"), figure(run, `/stages/${i}/validation`, "percent"),
          figure(run, `/stages/${i}/seconds`, "seconds"), list(stage?.notes).flatMap((note, n) => [n > 0 ? "; " : "", name(note)])]), { caption: "Stages" }));
    }
    const phases = entries(run.seconds).filter(([, seconds]) => isNumber(seconds));
    if (phases.length > 0) {
      const sum = phases.reduce((all, [, seconds]) => all + seconds, 0);
      parts.push(table(["phase", ["time", "number"], ["share", "number"], ""], phases.map(([phase, seconds]) => [text(phase), made(seconds, "seconds", `/seconds/${phase}`), sum > 0 ? formats.short((100 * seconds) / sum) : NONE, meter(sum > 0 ? seconds / sum : null)]),
        { caption: "Phases", foot: ["all", formats.seconds(sum), "", ""] }));
    }
    if (isNumber(run.peakMemoryBytes) && run.peakMemoryBytes > 0) parts.push(make("p", { class: "note" }, `Peak memory of the process: ${size(run.peakMemoryBytes)}.`));
    return parts.length > 0 ? parts : null;
  }

  /* Reproduction */
  function reproduction() {
    const pairs = (values) => entries(values).map(([key, value]) => [key, value !== null && typeof value === "object" && !Array.isArray(value)
      ? entries(value).map(([inner, v]) => `${inner}: ${text(v)}`).join(", ") : name(value)]);
    const files = [...list(run.inputs).map((file) => [text(file?.role), name(file?.path), isNumber(file?.bytes) ? formats.count(file.bytes) : NONE, make("code", { class: "hash" }, text(file?.sha256))]),
      ...[...list(run.model?.files), run.mask].filter(Boolean).map((file) => ["written", name(file.name), isNumber(file.bytes) ? formats.count(file.bytes) : NONE, make("code", { class: "hash" }, text(file.sha256))])];
    const machine = entries(run.machine).map(([key, value]) => [key === "memoryBytes" ? "memory" : key, key === "memoryBytes" && isNumber(value) ? size(value) : text(value)]);
    return [
      run.command ? make("pre", { tabindex: "0", "aria-label": "Command" }, name(run.command)) : null,
      table(["", ""], [["seed", text(run.seed)], ...pairs(run.versions), ...machine], { caption: "Seed, versions, machine" }),
      files.length > 0 ? table(["role", ["file", "text"], ["bytes", "number"], "SHA-256"], files, { caption: "Files" }) : null,
      make("details", {}, make("summary", {}, "Options"), table(["option", ["value", "text"]], pairs(run.options), { label: "Options" })),
      entries(run.replacedKernels).length > 0 ? make("details", {}, make("summary", {}, "Computations of libtorch that were replaced on this machine"),
        table(["computation", ["what was wrong, and what took its place", "text"]], entries(run.replacedKernels).map(([key, value]) => [text(key), text(value)]), { label: "Replaced computations" })) : null,
    ].filter(Boolean);
  }

  const head = make("header", {}, make("p", { class: "eyebrow" }, "Falcon report"), make("h1", {}, name(title(run))), lead());
  page.append(head);
  head.append(warningBox(), figures());
  section("budget", "Asked and used", budget);
  section("quality", run.measure ? capital(text(run.measure)) : "Accuracy", quality);
  section("speed", "Speed", speed);
  section("layers", "Layers", layerSection);
  section("certificate", "Certificate", certificate);
  section("retraining", "Retraining", retraining);
  section("time", "Stages and time", time);
  section("reproduction", "Reproduction", reproduction);
  head.append(navigation());
  page.append(make("footer", { class: "note" }, `Made by Falcon ${text(run.versions?.falcon)} from result.json; this file needs no network.`));
})();
