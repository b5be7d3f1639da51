package falcon.prune.resources;

import falcon.gradients.MemoryPlan;
import falcon.model.Network;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import java.util.List;

/// How much memory the passes over samples may take, and layers' products of inputs beside them.
///
/// Where no limit is given it is the same on every machine, so that a run can be repeated: which
/// samples are looked at, and how a layer is solved, depends on it.
public final class PassMemory {
  /// Bytes where no limit is given.
  static final long DEFAULT_BYTES = 4L << 30;

  /// Bytes that the support search holds for each product of two inputs: float64 and float32.
  private static final long SEARCH_BYTES = Double.BYTES + Float.BYTES;

  /// Samples that a pass has room for at the least.
  private static final int LEAST_SAMPLES = 32;

  private PassMemory() {}

  /// @param samples of the calibration
  /// @return bytes that the values of samples on their way may take, and that the work on one
  ///     layer's inputs may take beside them
  /// @throws PruningException if the memory that is allowed leaves too little
  public static long passBytes(
      Network network, Layers layers, int samples, PruningOptions options) {
    Long limit = options.machine().memoryBytes();
    if (limit == null) {
      return DEFAULT_BYTES;
    }
    long least =
        2 * LiveValues.bytesPerSample(network) * Math.max(1, Math.min(LEAST_SAMPLES, samples));
    long bytes = (limit - otherBytes(layers, limit)) / 2;
    if (bytes < least) {
      throw tooLittle(leastBytes(layers, 2 * least), limit);
    }
    return bytes;
  }

  /// Refuses a limit that is below what a run takes that executes nothing but its weights' ranking.
  ///
  /// @throws PruningException if the memory that is allowed is less
  public static void requireProcess(Layers layers, PruningOptions options) {
    Long limit = options.machine().memoryBytes();
    long least = processBytes(layers);
    if (limit != null && limit < least) {
      throw tooLittle(least, limit);
    }
  }

  /// The least limit that leaves `passBytes` beside all else, which grows with the limit: the first
  /// fixed point from below.
  private static long leastBytes(Layers layers, long passBytes) {
    long least = 0;
    long next = otherBytes(layers, least) + passBytes;
    while (next > least) {
      least = next;
      next = otherBytes(layers, least) + passBytes;
    }
    return least;
  }

  private static PruningException tooLittle(long least, long limit) {
    long mebibytes = Math.ceilDiv(least, 1L << 20);
    return new PruningException(
        PruningException.Kind.MACHINE,
        "The run needs at least %d MiB of memory, %s allows %s: about %s are taken by the virtual machine and libtorch before anything is computed.%nRaise %s; %dm is the least that works."
            .formatted(
                mebibytes,
                Option.MEMORY,
                MemoryPlan.text(limit),
                MemoryPlan.text(ProcessMemory.BASE_BYTES),
                Option.MEMORY,
                mebibytes));
  }

  /// @param passBytes as [#passBytes] gave it
  /// @return estimate of all that a run takes
  public static long residentBytes(Network network, Layers layers, int samples, long passBytes) {
    long passes = 2 * LiveValues.bytesPerSample(network) * samples;
    return otherBytes(layers, 2 * passBytes) + Math.min(passes, passBytes);
  }

  /// @param limit products of a layer's inputs that take more than half of it are not held
  private static long otherBytes(Layers layers, long limit) {
    long search =
        layers.prunable().stream()
            .mapToLong(layer -> SEARCH_BYTES * squaredInputs(layer))
            .filter(bytes -> bytes <= limit / 2)
            .sum();
    return processBytes(layers) + search;
  }

  private static long processBytes(Layers layers) {
    long weights = layers.all().stream().mapToLong(Layer::weights).sum();
    return ProcessMemory.bytes(weights);
  }

  /// Entries of the matrix of products of a layer's inputs, of all groups; where the shape alone
  /// does not tell inputs from outputs, the more.
  static long squaredInputs(Layer layer) {
    List<Long> shape = layer.shape();
    boolean isConvolution = layer.opType().equals("Conv");
    long inputs = 1;
    for (int axis = 1; axis < shape.size(); axis++) {
      inputs *= shape.get(axis);
    }
    return isConvolution
        ? inputs * inputs * groups(layer)
        : Math.max(inputs, shape.getFirst()) * Math.max(inputs, shape.getFirst());
  }

  private static long groups(Layer layer) {
    return layer.nodes().getFirst().integer("group", 1);
  }
}
