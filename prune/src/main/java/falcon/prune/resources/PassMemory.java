package falcon.prune.resources;

import falcon.gradients.MemoryPlan;
import falcon.model.Network;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import java.util.List;

/// The memory for passes over samples, and for layers' products of inputs beside them.
///
/// The default is the same on every machine, so that a run can be repeated: the choice of samples,
/// and the way in which a layer is solved, depend on it.
public final class PassMemory {
  /// The number of bytes where no limit is given.
  static final long DEFAULT_BYTES = 4L << 30;

  /// The number of bytes that the support search holds for each product of two inputs: float64 and
  /// float32.
  private static final long SEARCH_BYTES = Double.BYTES + Float.BYTES;

  /// The least number of samples that a pass has room for.
  private static final int LEAST_SAMPLES = 32;

  private PassMemory() {}

  /// @param samples number of calibration samples
  /// @return bytes that the values of samples on their way through the network may take, and that
  ///     the work on one layer's inputs may take beside them
  /// @throws PruningException if the memory limit leaves too little
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

  /// Refuses a limit below the memory of a run that executes nothing but the ranking of its
  /// weights.
  ///
  /// @throws PruningException if the memory limit is lower
  public static void requireProcess(Layers layers, PruningOptions options) {
    Long limit = options.machine().memoryBytes();
    long least = processBytes(layers);
    if (limit != null && limit < least) {
      throw tooLittle(least, limit);
    }
  }

  /// Returns the least limit that leaves `passBytes` beside everything else, which grows with the
  /// limit: the first fixed point from below.
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

  /// @param passBytes the result of [#passBytes]
  /// @return estimate of the resident memory of a run
  public static long residentBytes(Network network, Layers layers, int samples, long passBytes) {
    long passes = 2 * LiveValues.bytesPerSample(network) * samples;
    return otherBytes(layers, 2 * passBytes) + Math.min(passes, passBytes);
  }

  /// @param limit memory limit; products of a layer's inputs that take more than half of it are not
  ///     held
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

  /// Returns the number of entries of the matrix of products of a layer's inputs, for all groups;
  /// where the shape alone does not distinguish inputs from outputs, the greater number.
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
