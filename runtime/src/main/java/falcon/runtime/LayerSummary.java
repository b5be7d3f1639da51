package falcon.runtime;

/// What a convolution or a product with constant weights was compiled to.
///
/// @param node operator and name of its node
/// @param kernel the kernel that computes it, never `AUTO` or `PLAIN`
/// @param kept weights that are not zero
/// @param weights all weights
/// @param macs multiply-accumulates with kept weights in a run, of all examples
/// @param bytes native memory of the weights as they are computed with
public record LayerSummary(
    String node, KernelChoice kernel, long kept, long weights, long macs, long bytes) {}
