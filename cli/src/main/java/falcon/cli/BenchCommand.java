package falcon.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.budget.SparsityPattern;
import falcon.cli.option.LayerOptions;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.option.Threshold.Figure;
import falcon.cli.option.ThresholdOptions;
import falcon.cli.output.Console;
import falcon.cli.output.JsonText;
import falcon.cli.output.SummaryLine;
import falcon.cli.output.Table;
import falcon.cli.process.ExitCode;
import falcon.cli.speed.LayerTimes;
import falcon.cli.speed.SpeedComparison;
import falcon.cli.speed.Timing;
import falcon.model.Network;
import falcon.prune.costs.TimingTable;
import falcon.prune.run.FinishedRun;
import falcon.prune.run.RunSpeed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures how much faster a pruned network is.
@Command(
    name = "bench",
    description = {
      "Measures how fast a pruned network runs in falcon.runtime, beside the dense network in ONNX Runtime.",
      "Both run in turns in one process, after their outputs were compared. The folder of a finished",
      "run may take the place of MODEL: its dense network is found, and its reports show the times."
    })
final class BenchCommand implements Callable<Integer> {
  private static final int MOST_IN_BATCH = 1 << 20;
  private static final double MOST_SECONDS = 3600;
  private static final List<SparsityPattern> USUAL_PATTERNS =
      List.of(SparsityPattern.SCATTERED, new SparsityPattern.Blocks());

  private final Console console;
  private final Gate gate;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final ThresholdOptions thresholds = new ThresholdOptions();

  @Option(
      names = "--reference",
      paramLabel = "DENSE",
      description =
          "The dense network. If left out, the pruned one takes its place in ONNX Runtime, which multiplies"
              + " by its zeros.")
  private @Nullable Path reference;

  @Option(
      names = "--batch",
      split = ",",
      paramLabel = "N",
      description = "Examples of a run, several separated by commas. Default: 1.")
  private List<Integer> batches = List.of(1);

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      description = "Threads of each runtime, several separated by commas. Default: 1.")
  private List<Integer> threads = List.of(1);

  @Option(
      names = "--layers",
      description =
          "Show where the time goes: each step of the pruned network in falcon.runtime. --json has"
              + " it in any case.")
  private boolean hasLayers;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description =
          "Time for the warm-up of each network in each runtime, and again for its measurement. Default:"
              + " 3.")
  private double seconds = 3;

  @Option(
      names = "--table",
      paramLabel = "FILE",
      description =
          "Measure instead how the time of each layer depends on its weights, and write a timing table for"
              + " prune --time. MODEL is the dense network.")
  private @Nullable Path table;

  @Option(
      names = "--pattern",
      split = ",",
      paramLabel = "NAME",
      description =
          "With --table: patterns of the zeros that are measured, several separated by commas. Default:"
              + " scattered,blocks.")
  private @Nullable List<SparsityPattern> patterns;

  @Mixin private final LayerOptions layerOptions = new LayerOptions();

  BenchCommand(Console console) {
    this.console = console;
    this.gate = new Gate(console, thresholds);
  }

  @Override
  public Integer call() {
    requireUsable();
    if (table != null) {
      return table(table);
    }
    Path run = Files.isDirectory(model.path()) ? model.path() : null;
    Network network;
    Network dense;
    if (run == null) {
      network = model.readBeside(reference);
      dense = reference == null ? null : model.read(reference);
    } else {
      FinishedRun finished = FinishedRun.of(run);
      dense = finished.dense(reference);
      network = finished.pruned(dense);
    }
    var settings = new ArrayList<SpeedComparison.Setting>();
    try (var comparison = new SpeedComparison(network, dense, seconds)) {
      for (int batch : batches) {
        for (int count : threads) {
          settings.add(comparison.measure(batch, count));
        }
      }
    }
    String written = run == null ? "" : keep(run, settings);
    double least = settings.stream().mapToDouble(BenchCommand::speedup).min().orElseThrow();
    var found = new Gate.Value(least, "(the least of all settings)");
    String verdict = gate.judge(model.path().toString(), Map.of(Figure.SPEEDUP, found));
    console.result(
        gate.isLine()
            ? line(least, verdict)
            : output.isJson() ? json(settings) : text(settings) + written);
    return gate.exitCode();
  }

  private String line(double least, String verdict) {
    return new SummaryLine("bench")
        .add("model", model.path())
        .add("reference", reference)
        .add("batch", words(batches))
        .add("threads", words(threads))
        .add("speedup", "%.2f".formatted(least))
        .add("fail-under", verdict)
        .toString();
  }

  private static String words(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /// Writes the measurements into a run's folder.
  ///
  /// @return a sentence about it
  private static String keep(Path run, List<SpeedComparison.Setting> settings) {
    var measured = new ArrayList<RunSpeed.Measured>();
    for (SpeedComparison.Setting setting : settings) {
      for (SpeedComparison.RuntimeKind runtime : SpeedComparison.RuntimeKind.values()) {
        Timing dense = setting.timing(runtime, false);
        Timing pruned = setting.timing(runtime, true);
        if (dense != null && pruned != null) {
          measured.add(
              new RunSpeed.Measured(
                  runtime.title(),
                  setting.batch(),
                  setting.threads(),
                  dense.median(),
                  pruned.median()));
        }
      }
    }
    List<String> edited = RunSpeed.write(run, measured);
    return "%nwritten into %s and its reports%s"
        .formatted(
            run.resolve("result.json"),
            edited.isEmpty()
                ? ""
                : "; left as they are, since they were edited: " + String.join(", ", edited));
  }

  private int table(Path file) {
    TimingTable times =
        LayerTimes.measure(
            model.read(),
            patterns == null ? USUAL_PATTERNS : patterns,
            batches.getFirst(),
            threads.getFirst(),
            layerOptions.selection(),
            seconds);
    times.write(file);
    console.result(output.isJson() ? JsonText.of(times.json()) : text(times, file));
    return ExitCode.DONE;
  }

  private static String text(TimingTable times, Path file) {
    var table = new Table("pattern", "layer", ">dense ms", ">fixed ms", ">ns per kept weight");
    times
        .patterns()
        .forEach((pattern, of) -> {
          of.layers()
              .forEach((name, layer) ->
                  table.row(
                      pattern,
                      name,
                      "%.4f".formatted(layer.dense()),
                      "%.4f".formatted(layer.fixed()),
                      "%.2f".formatted(1e6 * layer.perWeight())));
          table.row(pattern, "other", "", "%.4f".formatted(of.other()), "");
          table.row(pattern, "whole network", "%.4f".formatted(of.dense()), "", "");
        });
    return "%s%n%nwritten to %s: times of %d example(s) on %d thread(s), for prune --times"
        .formatted(table, file, times.batch(), times.threads());
  }

  private void requireUsable() {
    thresholds.requireUsable(output);
    thresholds.requireMeasured(List.of(Figure.SPEEDUP), "bench measures speedup alone");
    if (table != null && (batches.size() > 1 || threads.size() > 1 || reference != null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--table is of one --batch, one --threads and no --reference; measure one table each");
    }
    if (table != null && (hasLayers || thresholds.isGiven())) {
      throw new ParameterException(
          spec.commandLine(),
          "--table measures layers and compares no networks; leave --layers, --fail-under and --summary-line out");
    }
    if (table == null && (patterns != null || layerOptions.isGiven())) {
      throw new ParameterException(
          spec.commandLine(),
          "--pattern, --include and --exclude are of a timing table; say --table FILE, or leave them out");
    }
    for (int batch : batches) {
      require(batch >= 1 && batch <= MOST_IN_BATCH, "--batch " + batch, "1 to " + MOST_IN_BATCH);
    }
    for (int count : threads) {
      require(
          count >= 1 && count <= ThreadOptions.MOST,
          "--threads " + count,
          "1 to " + ThreadOptions.MOST);
    }
    require(seconds > 0 && seconds <= MOST_SECONDS, "--seconds " + seconds, "above 0 to 3600");
  }

  private void require(boolean holds, String found, String wanted) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), found + ": wanted are " + wanted);
    }
  }

  private String text(List<SpeedComparison.Setting> settings) {
    var table =
        new Table(
            ">batch",
            ">threads",
            "network",
            "runtime",
            ">ms",
            "quartiles",
            ">per second",
            ">ratio");
    for (SpeedComparison.Setting setting : settings) {
      for (SpeedComparison.Row row : setting.rows()) {
        Timing timing = row.timing();
        table.row(
            setting.batch(),
            setting.threads(),
            name(row),
            row.runtime().title(),
            "%.3f".formatted(timing.median()),
            "%.3f–%.3f".formatted(timing.low(), timing.high()),
            "%,.0f".formatted(setting.batch() * 1000 / timing.median()),
            "%.2f".formatted(setting.ratio(row)));
      }
    }
    String end = System.lineSeparator();
    var text = new StringBuilder(table.toString()).append(end).append(end);
    if (hasLayers) {
      for (SpeedComparison.Setting setting : settings) {
        text.append(StepTable.text(setting)).append(end).append(end);
      }
    }
    return text.append(verdict(settings)).toString();
  }

  private static String name(SpeedComparison.Row row) {
    return row.isPruned() ? "pruned" : "dense";
  }

  /// Returns how many times as fast the pruned network is in Falcon's runtime.
  private static double speedup(SpeedComparison.Setting setting) {
    return setting.ratio(setting.rows().getFirst());
  }

  private static String verdict(List<SpeedComparison.Setting> settings) {
    double least = Double.POSITIVE_INFINITY;
    double greatest = 0;
    for (SpeedComparison.Setting setting : settings) {
      double ratio = speedup(setting);
      least = Math.min(least, ratio);
      greatest = Math.max(greatest, ratio);
    }
    String range =
        settings.size() == 1
            ? "%.2f times".formatted(least)
            : "%.2f to %.2f times".formatted(least, greatest);
    return "The pruned network in falcon.runtime is %s as fast as the %s in ONNX Runtime.%nONNX Runtime, TensorRT, LiteRT and PyTorch multiply by zeros and gain nothing from them."
        .formatted(
            range, settings.getFirst().opponent().isPruned() ? "same network" : "dense network");
  }

  private static String json(List<SpeedComparison.Setting> settings) {
    ObjectNode json = JsonText.document();
    var array = json.putArray("settings");
    for (SpeedComparison.Setting setting : settings) {
      ObjectNode one =
          array
              .addObject()
              .put("batch", setting.batch())
              .put("threads", setting.threads())
              .put("difference", setting.difference());
      var rows = one.putArray("rows");
      for (SpeedComparison.Row row : setting.rows()) {
        rows.addObject()
            .put("network", name(row))
            .put("runtime", row.runtime().title())
            .put("milliseconds", row.timing().median())
            .put("low", row.timing().low())
            .put("high", row.timing().high())
            .put("rounds", row.timing().rounds())
            .put("ratio", setting.ratio(row));
      }
      StepTable.write(setting, one.putArray("steps"));
    }
    return JsonText.of(json);
  }
}
