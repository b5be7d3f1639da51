package falcon.prune.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.WeightStorage;
import falcon.prune.costs.StoredBytes;
import falcon.prune.options.Amount;
import falcon.prune.options.Measure;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PlannedResource;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.DropLimit;
import falcon.prune.report.LayerOutcome;
import falcon.prune.report.Measured;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.RetrainingReport;
import falcon.prune.report.StageNote;
import falcon.prune.report.Versions;
import falcon.prune.resources.Machine;
import falcon.prune.resources.PeakMemory;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.Json;
import falcon.prune.storage.WrittenFile;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The content of `result.json`. A key keeps its meaning within a [Versions#SCHEMA]; new keys may
/// be added.
final class ResultFile {
  /// The key of the network's files, below `model`.
  static final String FILES = "files";

  /// What stays of the whole network, below each budget.
  private static final String NETWORK = "network";

  /// The key of the mask's file.
  static final String MASK = "mask";

  /// The key of the search that has found the budget, if there was one.
  static final String MAX_DROP = "maxDrop";

  /// The key of the values that determine the run's bits; a resumed run compares them.
  static final String IDENTITY = "identity";

  /// The second and further words of an option's name.
  private static final Pattern WORD = Pattern.compile("-([a-z])");

  private ResultFile() {}

  /// Returns the content for a run.
  ///
  /// @param written the network's file, as read again
  /// @param mask the mask's file
  static ObjectNode of(
      RunDescription run, PrunedNetwork pruned, WrittenModel written, WrittenFile mask) {
    Report report = pruned.report();
    ObjectNode json = Json.object();
    json.put("schemaVersion", Versions.SCHEMA);
    json.put("command", run.command());
    json.put("folder", run.folder() == null ? null : run.folder().toString());
    Versions.all().forEach(json.putObject("versions")::put);
    json.put("seed", run.options().seed());
    ObjectNode machine = json.putObject("machine");
    Machine.facts().forEach(machine::putPOJO);
    inputs(json.putArray("inputs"), run);
    options(json.putObject("options"), run, pruned.plan());
    ObjectNode budget = json.putObject("budget");
    boolean isCounted = pruned.plan().isCounted();
    if (isCounted) {
      ObjectNode macs = budget.putObject("macs");
      used(macs, report.macs(), written.macs());
      macs.set(NETWORK, part(report.networkMacs()));
    } else {
      budget.putNull("macs");
    }
    ObjectNode nnz = budget.putObject("nnz");
    used(nnz, report.nnz(), written.nnz());
    nnz.set(NETWORK, part(report.networkWeights()));
    resources(budget, report, written);
    Measure measure = report.measure();
    json.put("measure", measure == null ? null : measure.id());
    if (measure != null) {
      Measure onTest = Objects.requireNonNullElse(report.testMeasure(), measure);
      ObjectNode accuracy = json.putObject(measure.id());
      ObjectNode validation = accuracy(report.validation());
      if (validation != null && report.heldOut() != null) {
        heldOut(validation, report.heldOut());
        validation.set("drop", drop(report.drop()));
      }
      accuracy.set("validation", validation);
      accuracy.set("test", onTest == measure ? accuracy(report.test()) : null);
      if (onTest != measure) {
        json.putObject(onTest.id()).set("test", accuracy(report.test()));
      }
    }
    maxDrop(json, report.dropLimit());
    Report.Certificate certificate = report.certificate();
    if (certificate == null) {
      json.putNull("certificate");
    } else {
      json.putObject("certificate")
          .put("value", certificate.value())
          .put("bound", certificate.bound())
          .put("gap", certificate.gap())
          .set("prices", prices(certificate));
    }
    layers(json.putArray("layers"), written, pruned);
    files(json.putObject("model"), written);
    speed(json, report.measured());
    mask.describe(json.putObject(MASK));
    json.put("effectiveRows", report.effectiveRows());
    stages(json.putArray("stages"), report, run);
    retraining(json, report);
    ObjectNode seconds = json.putObject("seconds");
    report.seconds().forEach(seconds::put);
    json.put("peakMemoryBytes", Math.max(report.peakMemoryBytes(), PeakMemory.bytes()));
    report.replacedKernels().forEach(json.putObject("replacedKernels")::put);
    ArrayNode warnings = json.putArray("warnings");
    report.warnings().forEach(warning -> warnings.add(run.worded(warning)));
    run.identity().forEach(json.putObject(IDENTITY)::put);
    return json;
  }

  private static void inputs(ArrayNode inputs, RunDescription run) {
    for (InputFile input : run.inputs()) {
      inputs
          .addObject()
          .put("role", input.role())
          .put("path", input.path().toString())
          .put("bytes", input.bytes())
          .put("sha256", input.sha256());
    }
  }

  private static void options(ObjectNode json, RunDescription run, PruningPlan plan) {
    PruningOptions options = run.options();
    if (!run.isMaskGiven()) {
      pruning(json, options, plan);
    }
    json.put("loss", options.loss().id());
    if (!run.isMaskGiven()) {
      putAll(json, options.refinement().values());
      putAll(json, options.search().values());
    }
    if (options.retraining() != null) {
      putAll(json.putObject("retraining"), options.retraining().values());
    }
    json.put("threads", options.machine().threads());
    json.put("preprocessing", run.preprocessing() == null ? null : run.preprocessing().toString());
  }

  private static void pruning(ObjectNode json, PruningOptions options, PruningPlan plan) {
    json.put("method", options.method().id());
    json.put("pattern", options.pattern().toString());
    if (!plan.path().isEmpty()) {
      plan.path().stream().map(Amount::toString).forEach(json.putArray("path")::add);
    }
    json.put("stages", plan.stageBudgets().size());
    json.put("samples", plan.samples());
    json.put("refit", plan.refit().id());
    json.put("schedule", plan.schedule() == null ? null : plan.schedule().id());
    json.put("steps", plan.steps());
    json.put("learningRate", plan.learningRate());
    putAll(json, options.refit().backsolve().values());
    if (plan.gradients() != null) {
      json.putObject("gradients")
          .put("format", plan.gradients().format().name().toLowerCase(Locale.ROOT))
          .put("place", plan.gradients().isOnDisk() ? "disk" : "memory")
          .put("activeColumns", plan.gradients().activeColumns());
    }
  }

  /// Adds values under keys made from their names: `min-keep` becomes `minKeep`.
  private static void putAll(ObjectNode json, Map<String, @Nullable Object> values) {
    values.forEach((name, value) -> json.set(key(name), Json.of(value)));
  }

  private static String key(String name) {
    return WORD.matcher(name).replaceAll(word -> word.group(1).toUpperCase(Locale.ROOT));
  }

  private static void used(ObjectNode json, Report.Used used, long counted) {
    json.put("asked", used.limit())
        .put("request", used.asked())
        .put("used", counted)
        .put("total", used.total());
  }

  private static void resources(ObjectNode budget, Report report, WrittenModel written) {
    if (report.resources().isEmpty()) {
      return;
    }
    ArrayNode resources = budget.putArray("resources");
    for (int r = 0; r < report.resources().size(); r++) {
      Report.ResourceReport resource = report.resources().get(r);
      PlannedResource planned = resource.budget();
      ObjectNode json =
          resources
              .addObject()
              .put("name", planned.name())
              .put("request", planned.request())
              .put("unit", planned.unit())
              .put("asked", planned.inUnits(planned.limit()))
              .put("used", planned.inUnits(written.resources().get(r)))
              .put("total", planned.inUnits(planned.total()))
              .put("fixed", planned.inUnits(planned.fixed()))
              .put("percent", planned.percent(written.resources().get(r)))
              .put("binding", resource.isBinding())
              .put("price", resource.price());
      Measured measured = report.measured();
      if (planned.name().equals(StoredBytes.NAME)) {
        json.put("measured", written.bytes());
      } else if (measured != null && measured.resource().equals(planned.name())) {
        json.put("measured", measured.value());
        Measured.Correction correction = measured.correction();
        if (correction != null) {
          json.putObject("corrected")
              .put("factor", correction.factor())
              .put("promised", correction.promised())
              .put("measured", correction.measured());
        }
      }
    }
  }

  private static void speed(ObjectNode json, @Nullable Measured measured) {
    if (measured != null) {
      RunSpeed.put(
          json,
          List.of(
              new RunSpeed.Measured(
                  RunSpeed.FALCON,
                  measured.batch(),
                  measured.threads(),
                  measured.dense(),
                  measured.value())));
    }
  }

  private static @Nullable ObjectNode part(Report.@Nullable Part part) {
    return part == null
        ? null
        : Json.object()
            .put("used", part.used())
            .put("total", part.total())
            .put("percent", part.percent());
  }

  private static @Nullable ObjectNode accuracy(Report.@Nullable Accuracy accuracy) {
    return accuracy == null
        ? null
        : Json.object()
            .put("dense", accuracy.dense())
            .put("pruned", accuracy.pruned())
            .put("refreshed", accuracy.refreshed())
            .put("final", accuracy.finalAccuracy());
  }

  private static void heldOut(ObjectNode validation, Report.HeldOut heldOut) {
    validation.put("samples", heldOut.samples());
    if (heldOut.low() == null || heldOut.high() == null) {
      validation.putNull("interval");
    } else {
      validation.putArray("interval").add(heldOut.low()).add(heldOut.high());
    }
  }

  private static @Nullable ObjectNode drop(@Nullable DropEstimate drop) {
    if (drop == null) {
      return null;
    }
    ObjectNode json = Json.object().put("points", drop.points());
    json.putArray("interval").add(drop.low()).add(drop.high());
    return json;
  }

  /// Adds the search that found the budget, if there was one.
  private static void maxDrop(ObjectNode json, @Nullable DropLimit limit) {
    if (limit == null) {
      return;
    }
    ArrayNode trials = json.putObject(MAX_DROP).put("asked", limit.most()).putArray("trials");
    for (DropLimit.Trial trial : limit.trials()) {
      trials
          .addObject()
          .put("share", trial.share().toString())
          .put("isWithin", trial.isWithin())
          .set("drop", drop(trial.drop()));
    }
  }

  /// Returns the prices of resources; those that are no finite numbers are left out.
  private static ObjectNode prices(Report.Certificate certificate) {
    ObjectNode prices = Json.object();
    certificate
        .prices()
        .forEach((resource, price) -> {
          if (Double.isFinite(price)) {
            prices.put(resource, price);
          }
        });
    return prices;
  }

  private static void layers(ArrayNode layers, WrittenModel written, PrunedNetwork pruned) {
    PruningPlan plan = pruned.plan();
    boolean isCounted = plan.isCounted();
    var kinds = new HashMap<String, String>();
    plan.layers().forEach(layer -> kinds.put(layer.name(), layer.operator()));
    Map<String, Integer> least = plan.leastKept();
    for (Report.LayerReport layer : written.layers()) {
      ObjectNode json = layers.addObject().put("name", layer.name());
      layer.shape().forEach(json.putArray("shape")::add);
      WeightStorage storage = written.storages().get(layer.name());
      if (storage != null && !storage.constants().containsKey(layer.name())) {
        storage.constants().keySet().forEach(json.putArray("constants")::add);
      }
      json.put("weights", layer.weights())
          .put("kept", layer.kept())
          .put("macs", isCounted ? layer.macs() : null)
          .put("macsKept", isCounted ? layer.macsKept() : null)
          .put("kind", kinds.get(layer.name()))
          .put("leastKept", least.getOrDefault(layer.name(), 0));
      LayerOutcome outcome = pruned.report().outcomes().get(layer.name());
      json.put("outputError", outcome == null ? null : outcome.outputError())
          .put("refit", outcome == null ? null : outcome.refit().id());
    }
  }

  private static void files(ObjectNode json, WrittenModel written) {
    json.put("bytes", written.bytes()).put("denseBytes", written.denseBytes());
    ArrayNode files = json.putArray(FILES);
    written.files().forEach(file -> file.describe(files.addObject()));
  }

  /// Adds the report of the last retraining, if there was one.
  private static void retraining(ObjectNode json, Report report) {
    report.stages().forEach(stage -> retraining(json, stage));
  }

  private static void retraining(ObjectNode json, Report.StageReport stage) {
    for (StageNote note : stage.notes()) {
      if (note instanceof StageNote.Retrained(RetrainingReport retraining)) {
        json.set("retraining", retraining.toJson());
      }
    }
  }

  private static void stages(ArrayNode stages, Report report, RunDescription run) {
    for (Report.StageReport stage : report.stages()) {
      ObjectNode json =
          stages
              .addObject()
              .put("macs", stage.macs())
              .put("nnz", stage.nnz())
              .put("validation", stage.validation())
              .put("seconds", stage.seconds());
      ArrayNode notes = json.putArray("notes");
      stage.notes().forEach(note -> notes.add(run.worded(note.text())));
      retraining(json, stage);
    }
  }
}
