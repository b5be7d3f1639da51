package falcon.cli.speed;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.OnnxFile;
import falcon.model.shape.ShapeInference;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.run.RunSpeed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Compares the speed of a pruned network, in Falcon's runtime and in ONNX Runtime, with that of
/// the dense network in both. Everything is measured in one process, in turns, after the outputs
/// of both runtimes were compared. ONNX Runtime reads the networks from temporary files, which
/// [#close] removes.
public final class SpeedComparison implements AutoCloseable {
  /// Greatest difference of outputs between the runtimes, relative to the greatest output.
  private static final double GREATEST_DIFFERENCE = 1e-3;

  private final Network pruned;
  private final @Nullable Network dense;
  private final double seconds;
  private final Path folder;

  /// @param pruned the network in question
  /// @param dense the network that it is compared with; null for itself, since ONNX Runtime
  ///     multiplies by its zeros
  /// @param seconds time for the warm-up of each network in each runtime, and again for its
  ///     measurement, above 0
  public SpeedComparison(Network pruned, @Nullable Network dense, double seconds) {
    this.pruned = pruned;
    this.dense = dense;
    this.seconds = seconds;
    this.folder = folder();
    OnnxFile.write(pruned, file("pruned"));
    if (dense != null) {
      OnnxFile.write(dense, file("dense"));
    }
  }

  private Path file(String name) {
    return folder.resolve(name + ".onnx");
  }

  /// A runtime.
  public enum RuntimeKind {
    /// Falcon's own.
    FALCON(RunSpeed.FALCON),
    /// ONNX Runtime.
    ONNX("ONNX Runtime");

    private final String title;

    RuntimeKind(String title) {
      this.title = title;
    }

    /// Returns the name for people.
    public String title() {
      return title;
    }
  }

  /// What was measured.
  ///
  /// @param isPruned whether it was the pruned network, not the dense one
  public record Row(RuntimeKind runtime, boolean isPruned, Timing timing) {}

  /// The measurements of one setting.
  ///
  /// @param batch number of examples of a run
  /// @param threads number of threads
  /// @param rows what was measured, the pruned network in Falcon's runtime first
  /// @param difference greatest difference between the outputs of both runtimes, relative to the
  ///     greatest output
  /// @param steps the steps of the pruned network in Falcon's runtime, in their order
  public record Setting(
      int batch, int threads, List<Row> rows, double difference, List<StepSpeed> steps) {
    /// Copies the lists.
    public Setting {
      rows = List.copyOf(rows);
      steps = List.copyOf(steps);
    }

    /// Returns the time of a network in a runtime; null if it was not measured.
    public @Nullable Timing timing(RuntimeKind runtime, boolean isPruned) {
      for (Row row : rows) {
        if (row.runtime() == runtime && row.isPruned() == isPruned) {
          return row.timing();
        }
      }
      return null;
    }

    /// Returns the row that the others are compared with: the dense network in ONNX Runtime, or the
    /// pruned one there, if there is no other.
    public Row opponent() {
      Row found = null;
      for (Row row : rows) {
        if (row.runtime() == RuntimeKind.ONNX && (found == null || !row.isPruned())) {
          found = row;
        }
      }
      return Objects.requireNonNull(found);
    }

    /// Returns how many times faster a row is than the opponent, by medians.
    public double ratio(Row row) {
      return opponent().timing().median() / row.timing().median();
    }
  }

  /// Measures one setting.
  ///
  /// @param batch number of examples of a run, 1 or more, where the network leaves it open
  /// @param threads number of threads of each runtime, 1 or more
  /// @throws PruningException if a runtime does not take the network
  /// @throws IllegalStateException if the runtimes disagree
  public Setting measure(int batch, int threads) {
    var engines = new ArrayList<Engine>();
    var rows = new ArrayList<Row>();
    try {
      Map<String, Tensor> inputs = ExampleInputs.of(pruned, batch);
      FalconEngine own = FalconEngine.load(pruned, inputs, threads);
      engines.add(own);
      engines.add(OnnxRuntimeEngine.load(file("pruned"), inputs, threads));
      double difference = difference(engines.get(0).outputs(), engines.get(1).outputs());
      Network other = dense;
      FalconEngine before = null;
      if (other != null) {
        requireSameInputs(other, inputs, batch);
        before = FalconEngine.load(other, inputs, threads);
        engines.add(before);
        engines.add(OnnxRuntimeEngine.load(file("dense"), inputs, threads));
      }
      List<Timing> timings = Timing.inTurns(engines, threads, seconds);
      for (int i = 0; i < timings.size(); i++) {
        rows.add(new Row(RuntimeKind.values()[i % 2], i < 2, timings.get(i)));
      }
      return new Setting(batch, threads, rows, difference, own.measured(before, seconds / 4));
    } finally {
      engines.forEach(Engine::close);
    }
  }

  /// @throws PruningException if the network has other inputs
  private static void requireSameInputs(Network other, Map<String, Tensor> inputs, int batch) {
    Map<String, List<Long>> shapes = ShapeInference.inputShapes(other, batch);
    var wanted = new LinkedHashMap<String, List<Long>>();
    inputs.forEach((name, tensor) -> wanted.put(name, tensor.shape()));
    if (!shapes.equals(wanted)) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%sthe reference takes the inputs %s, the pruned network takes %s.%nGive the network that was pruned (%s)."
              .formatted(other.place(), shapes, wanted, Option.REFERENCE));
    }
  }

  /// @throws IllegalStateException if the difference is too great
  private static double difference(Map<String, Tensor> found, Map<String, Tensor> wanted) {
    double greatest = 0;
    for (Map.Entry<String, Tensor> output : wanted.entrySet()) {
      Tensor own = found.get(output.getKey());
      double difference = own == null ? Double.NaN : relative(own, output.getValue());
      if (!(difference <= GREATEST_DIFFERENCE)) {
        throw new IllegalStateException(
            "output '%s' differs between falcon.runtime and ONNX Runtime by %.3g of its greatest value; at most %.0e is allowed, so nothing was measured."
                .formatted(output.getKey(), difference, GREATEST_DIFFERENCE));
      }
      greatest = Math.max(greatest, difference);
    }
    return greatest;
  }

  private static double relative(Tensor found, Tensor wanted) {
    float[] own = found.toFloats();
    float[] theirs = wanted.toFloats();
    if (own.length != theirs.length) {
      return Double.NaN;
    }
    double greatest = 0;
    double difference = 0;
    for (int i = 0; i < own.length; i++) {
      greatest = Math.max(greatest, Math.abs(theirs[i]));
      difference = Math.max(difference, Math.abs((double) own[i] - theirs[i]));
    }
    return difference == 0 ? 0 : difference / greatest;
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory("falcon-bench");
    } catch (IOException e) {
      throw new UnwritableFileException(Path.of(System.getProperty("java.io.tmpdir")), e);
    }
  }

  @Override
  public void close() {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UnwritableFileException(folder, e);
    }
  }
}
