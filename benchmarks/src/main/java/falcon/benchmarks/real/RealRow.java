package falcon.benchmarks.real;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.benchmarks.real.FalconProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One network, all the way: inspected, pruned by two methods, and the written files measured by
/// ONNX Runtime.
final class RealRow {
  private static final String NOTHING = "–";
  private static final List<String> METHODS = List.of("magnitude", "falcon");

  private final RealNetwork network;
  private final Path file;
  private final Path folder;
  private final FalconProcess falcon;
  private final List<String> refusals = new ArrayList<>();

  /// Seconds of the last run, from the start of its process to the end.
  private double wall;

  /// @param file the network
  /// @param folder folder for samples and results of this network
  RealRow(RealNetwork network, Path file, Path folder, FalconProcess falcon) {
    this.network = network;
    this.file = file;
    this.folder = folder;
    this.falcon = falcon;
  }

  /// Returns what Falcon refused, one line of Markdown each.
  List<String> refusals() {
    return refusals;
  }

  /// A pruned file as ONNX Runtime computes it.
  ///
  /// @param right percentage that is right; NaN if nothing is known
  /// @param fidelity share of the variance of the dense outputs that it reproduces, in percent
  private record Measured(double right, double fidelity) {}

  /// Measures everything.
  ///
  /// @return the row of the table
  String measured(RealNetworks networks) throws Exception {
    Files.createDirectories(folder);
    SampleSet train = network.samples().make(false);
    SampleSet test = network.samples().make(true);
    Path data = folder.resolve("data");
    train.write(data.resolve("train"));
    test.write(data.resolve("test"));

    String macs = inspected();
    List<float[]> dense = outputs(file, test);
    Judge judge =
        networks.judge(
            network, network.truth() == Truth.SENTENCES ? outputs(file, train) : List.of(), train);
    var rights = new StringBuilder();
    rights.append(judge == null ? NOTHING : percent(judge.percent(dense, test)));
    var fidelities = new StringBuilder();
    var seconds = new ArrayList<String>();
    var memory = new ArrayList<String>();
    String kept = NOTHING;
    String own = NOTHING;
    for (String method : METHODS) {
      JsonNode result = pruned(method, data);
      Measured found = result == null ? null : measured(method, judge, dense, test);
      rights
          .append(" | ")
          .append(found == null || judge == null ? NOTHING : percent(found.right()));
      fidelities.append(" | ").append(found == null ? NOTHING : percent(found.fidelity()));
      seconds.add(result == null ? NOTHING : "%.0f".formatted(wall));
      memory.add(
          result == null
              ? NOTHING
              : "%.1f".formatted(result.path("peakMemoryBytes").asDouble() / (1L << 30)));
      if (result != null) {
        kept = kept(result);
        own = method.equals("falcon") ? ownFidelity(method, data) : own;
      }
    }
    return "| %s | %s | %s | %s | %d, %d | %s%s | %s | %s | %s |"
        .formatted(
            network.name(),
            network.task(),
            macs,
            kept,
            train.count(),
            test.count(),
            rights,
            fidelities,
            own,
            String.join(", ", seconds),
            String.join(", ", memory));
  }

  /// Returns MACs of one example, and the share of them that can be pruned.
  private String inspected() throws IOException, InterruptedException {
    var arguments = new ArrayList<>(List.of("inspect", file.toString(), "--json"));
    if (!network.shape().isEmpty()) {
      arguments.addAll(List.of("--input-shape", network.shape()));
    }
    arguments.addAll(network.options());
    Ended ended = falcon.run(network.name() + "-inspect", arguments);
    if (ended.code() != 0) {
      refuse("inspect", ended.message());
      return NOTHING + " | " + NOTHING;
    }
    JsonNode found = new ObjectMapper().readTree(ended.output());
    for (String key : List.of("unsupported", "opaque")) {
      for (JsonNode entry : found.path(key)) {
        refuse("inspect", entry.isTextual() ? entry.asText() : entry.toString());
      }
    }
    double all = found.path("allMacs").asDouble();
    double prunable = found.path("prunable").path("macs").asDouble();
    return found.path("counted").asBoolean()
        ? "%s | %.1f %%".formatted(millions(all), all == 0 ? 0 : 100 * prunable / all)
        : "not counted | " + NOTHING;
  }

  private @Nullable JsonNode pruned(String method, Path data)
      throws IOException, InterruptedException {
    var arguments =
        new ArrayList<>(
            List.of(
                "prune",
                file.toString(),
                "--data",
                data.toString(),
                "--macs",
                "50%",
                "--method",
                method,
                "--seed",
                "1",
                "--force",
                "--out",
                folder.resolve(method).toString()));
    if (network.truth() != Truth.CLASSES) {
      arguments.addAll(List.of("--loss", "outputs"));
    }
    arguments.addAll(network.options());
    Ended ended = falcon.run(network.name() + "-" + method, arguments);
    wall = ended.seconds();
    if (ended.code() != 0) {
      refuse("prune --method " + method, ended.message());
      return null;
    }
    JsonNode result =
        new ObjectMapper().readTree(folder.resolve(method).resolve("result.json").toFile());
    result.path("warnings").forEach(warning -> warn(warning.asText()));
    return result;
  }

  private Measured measured(
      String method, @Nullable Judge judge, List<float[]> dense, SampleSet test)
      throws OrtException {
    List<float[]> outputs = outputs(folder.resolve(method).resolve("model.onnx"), test);
    return new Measured(
        judge == null ? Double.NaN : judge.percent(outputs, test), fidelity(outputs, dense));
  }

  /// Returns the fidelity that Falcon itself computes for the written file.
  private String ownFidelity(String method, Path data) throws IOException, InterruptedException {
    var arguments =
        new ArrayList<>(
            List.of(
                "evaluate",
                folder.resolve(method).resolve("model.onnx").toString(),
                "--reference",
                file.toString(),
                "--data",
                data.toString(),
                "--split",
                "test",
                "--json"));
    arguments.addAll(network.options());
    Ended ended = falcon.run(network.name() + "-evaluate", arguments);
    if (ended.code() != 0) {
      refuse("evaluate", ended.message());
      return NOTHING;
    }
    return percent(new ObjectMapper().readTree(ended.output()).path("fidelity").asDouble());
  }

  private List<float[]> outputs(Path model, SampleSet samples) throws OrtException {
    try (var runtime = new OnnxRuntime(model, network.constants())) {
      return runtime.outputs(samples);
    }
  }

  private void refuse(String command, String message) {
    String place = file.toAbsolutePath().getParent() + file.getFileSystem().getSeparator();
    refusals.add(
        "- `%s`, `%s`: %s"
            .formatted(network.name(), command, message.replace(place, "").replace('\n', ' ')));
  }

  private void warn(String warning) {
    String line = "- `%s` warns: %s".formatted(network.name(), warning);
    if (!refusals.contains(line)) { // both methods may warn alike
      refusals.add(line);
    }
  }

  private static String kept(JsonNode result) {
    JsonNode macs = result.path("budget").path("macs");
    return macs.isMissingNode() || macs.isNull()
        ? NOTHING
        : percent(100 * macs.path("used").asDouble() / macs.path("total").asDouble());
  }

  /// Returns 1 − Σ‖z − z̄‖² / Σ‖z̄ − mean z̄‖² in percent.
  private static double fidelity(List<float[]> outputs, List<float[]> dense) {
    var mean = new double[dense.getFirst().length];
    for (float[] output : dense) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += (double) output[i] / dense.size();
      }
    }
    double error = 0;
    double spread = 0;
    for (int s = 0; s < dense.size(); s++) {
      for (int i = 0; i < mean.length; i++) {
        double wanted = dense.get(s)[i];
        error += (outputs.get(s)[i] - wanted) * (outputs.get(s)[i] - wanted);
        spread += (wanted - mean[i]) * (wanted - mean[i]);
      }
    }
    return 100 * (1 - error / spread);
  }

  private static String millions(double macs) {
    return String.format(Locale.ROOT, macs < 10e6 ? "%.2f M" : "%,.0f M", macs / 1e6);
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
