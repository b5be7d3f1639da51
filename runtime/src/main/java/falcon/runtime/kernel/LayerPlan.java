package falcon.runtime.kernel;

import falcon.runtime.loop.RowKernels;

/// How a layer is to be compiled.
///
/// @param choice kernel; not [LayerChoice#AUTO]
/// @param bits width of vectors
/// @param kernels loops
/// @param tiles the positions of one image or block of images
/// @param channels input channels of a chunk
/// @param cost estimated cost for all images
/// @param otherCost estimated cost of the cheapest other kernel
record LayerPlan(
    LayerChoice choice,
    int bits,
    RowKernels kernels,
    Tiles tiles,
    int channels,
    double cost,
    double otherCost) {
  LayerPlan withOtherCost(double other) {
    return new LayerPlan(choice, bits, kernels, tiles, channels, cost, other);
  }

  LayerReport report(LayerWeights weights, Layouts layouts, long streamBytes) {
    ConvolutionShape shape = weights.shape();
    long kept = weights.kept();
    long positions = (long) shape.rows().outputs() * shape.columns().outputs();
    return new LayerReport(
        choice,
        kept,
        shape.weights(),
        streamBytes,
        bits,
        kept * positions * layouts.input().extent().images(),
        cost,
        otherCost);
  }
}
