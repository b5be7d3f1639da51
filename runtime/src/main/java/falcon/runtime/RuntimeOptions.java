package falcon.runtime;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Options of a [FalconRuntime].
///
/// @param threads threads that one run uses, the calling one included; 1 or more
/// @param batch size of every first axis that the file leaves open, 1 or more; null to take it from
///     the inputs of each run
/// @param inputShapes full shapes by input, for inputs with further open axes; they go before
///     `batch`
/// @param kernels what layers are computed by
public record RuntimeOptions(
    int threads,
    @Nullable Integer batch,
    Map<String, List<Long>> inputShapes,
    KernelChoice kernels) {
  /// Copies the map.
  ///
  /// @throws IllegalArgumentException if threads, batch or a size is below 1
  public RuntimeOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be 1 or more, not %d".formatted(threads));
    }
    if (batch != null && batch < 1) {
      throw new IllegalArgumentException("batch must be 1 or more, not %d".formatted(batch));
    }
    var copied = new LinkedHashMap<String, List<Long>>();
    inputShapes.forEach((name, shape) -> {
      if (shape.stream().anyMatch(size -> size < 1)) {
        throw new IllegalArgumentException(
            "the sizes of input '%s' must be 1 or more, not %s".formatted(name, shape));
      }
      copied.put(name, List.copyOf(shape));
    });
    inputShapes = Collections.unmodifiableMap(copied);
  }

  /// Returns the defaults: one thread, shapes as the inputs of each run have them, the kernel of
  /// the least cost for each layer.
  public static RuntimeOptions defaults() {
    return new RuntimeOptions(1, null, Map.of(), KernelChoice.AUTO);
  }

  /// Returns these options with another number of threads.
  public RuntimeOptions withThreads(int count) {
    return new RuntimeOptions(count, batch, inputShapes, kernels);
  }

  /// Returns these options with a batch size: the network is then compiled when it is loaded.
  public RuntimeOptions withBatch(int size) {
    return new RuntimeOptions(threads, size, inputShapes, kernels);
  }

  /// Returns these options with the shape of an input: where the shapes of all inputs are known,
  /// the network is compiled when it is loaded.
  public RuntimeOptions withInputShape(String input, long... shape) {
    var all = new LinkedHashMap<>(inputShapes);
    all.put(input, Arrays.stream(shape).boxed().toList());
    return new RuntimeOptions(threads, batch, all, kernels);
  }

  /// Returns these options with another choice of kernels.
  public RuntimeOptions withKernels(KernelChoice choice) {
    return new RuntimeOptions(threads, batch, inputShapes, choice);
  }
}
