package falcon.prune;

import falcon.model.Layer;
import falcon.model.Layers;
import falcon.model.Network;
import falcon.quadratic.MemoryPlan;
import java.util.List;

/// How much memory the passes over samples may take, and layers' products of inputs beside them.
///
/// Where no limit is given it is the same on every machine, so that a run can be repeated: which samples
/// are looked at, and how a layer is solved, depends on it.
final class PassMemory {
  /// Bytes where no limit is given.
  static final long DEFAULT_BYTES = 4L << 30;

  /// The virtual machine, libtorch and the data, before anything is computed.
  private static final long BASE_BYTES = 400L << 20;

  /// Copies of the network: the dense one, the present one, each in Java and in libtorch.
  private static final int NETWORK_COPIES = 4;

  /// Bytes that the support search holds for each product of two inputs: float64 and float32.
  private static final long SEARCH_BYTES = Double.BYTES + Float.BYTES;

  /// Samples that a pass has room for at the least.
  private static final int LEAST_SAMPLES = 32;

  private PassMemory() {}

  /// @param samples of the calibration
  /// @return bytes that the values of samples on their way may take, and that the work on one layer's
  ///     inputs may take beside them
  /// @throws PruningException if `--memory` leaves too little
  static long passBytes(Network network, Layers layers, int samples, PruningOptions options) {
    Long limit = options.memoryBytes();
    if (limit == null) {
      return DEFAULT_BYTES;
    }
    long other = otherBytes(layers, limit);
    long least =
        2 * LiveValues.bytesPerSample(network) * Math.max(1, Math.min(LEAST_SAMPLES, samples));
    long bytes = (limit - other) / 2;
    if (bytes < least) {
      throw new PruningException(
          PruningException.Kind.MACHINE,
          "The run needs at least %s of memory, --memory allows %s: %s for the network and what is known of its layers' inputs, the rest for samples on their way.%nRaise --memory."
              .formatted(
                  MemoryPlan.text(other + 2 * least),
                  MemoryPlan.text(limit),
                  MemoryPlan.text(other)));
    }
    return bytes;
  }

  /// @param passBytes as [#passBytes] gave it
  /// @return estimate of all that a run takes
  static long residentBytes(Network network, Layers layers, int samples, long passBytes) {
    long passes = 2 * LiveValues.bytesPerSample(network) * samples;
    return otherBytes(layers, 2 * passBytes) + Math.min(passes, passBytes);
  }

  /// @param limit products of a layer's inputs that take more than half of it are not held
  private static long otherBytes(Layers layers, long limit) {
    long weights = layers.all().stream().mapToLong(Layer::weights).sum();
    long search =
        layers.prunable().stream()
            .mapToLong(layer -> SEARCH_BYTES * squaredInputs(layer))
            .filter(bytes -> bytes <= limit / 2)
            .sum();
    return BASE_BYTES + NETWORK_COPIES * Float.BYTES * weights + search;
  }

  /// Entries of the matrix of products of a layer's inputs, of all groups; where the shape alone does not tell
  /// inputs from outputs, the more.
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
