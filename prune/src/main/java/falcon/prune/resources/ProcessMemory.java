package falcon.prune.resources;

/// What a run takes of memory beside the values of samples and the work on layers.
final class ProcessMemory {
  /// Bytes of the virtual machine, libtorch and the data, before anything is computed: some 250 to
  /// 300 MiB were measured for networks of a few thousand weights, and the Java heap grows a little
  /// before it is cleaned.
  static final long BASE_BYTES = 400L << 20;

  /// Copies of the network: the dense one, the present one, each in Java and in libtorch.
  private static final int NETWORK_COPIES = 4;

  private ProcessMemory() {}

  /// Bytes of the process with all copies of a network, whose values are float32.
  static long bytes(long weights) {
    return BASE_BYTES + NETWORK_COPIES * Float.BYTES * weights;
  }
}
