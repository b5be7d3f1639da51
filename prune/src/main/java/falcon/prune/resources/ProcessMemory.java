package falcon.prune.resources;

/// The memory of a run beside the values of samples and the work on layers.
final class ProcessMemory {
  /// The bytes of the virtual machine, libtorch and the data, before anything is computed: some 250
  /// to 300 MiB were measured for networks of a few thousand weights, and the Java heap grows a
  /// little before it is collected.
  static final long BASE_BYTES = 400L << 20;

  /// The number of copies of the network: the dense one, the present one, each in Java and in
  /// libtorch.
  private static final int NETWORK_COPIES = 4;

  private ProcessMemory() {}

  /// Returns the bytes of the process with all copies of a network, whose values are float32.
  static long bytes(long weights) {
    return BASE_BYTES + NETWORK_COPIES * Float.BYTES * weights;
  }
}
