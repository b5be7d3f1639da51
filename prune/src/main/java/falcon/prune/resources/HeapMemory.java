package falcon.prune.resources;

import falcon.gradients.MemoryPlan;
import falcon.leastsquares.ChannelLeastSquares;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.prune.options.PruningException;
import falcon.prune.options.Refit;

/// The size of the Java heap that a run needs: copies of the weights, and the work on one layer.
/// Tensors that libtorch computes with are outside of it.
public final class HeapMemory {
  /// The bytes of the virtual machine itself, the data that is read, and short-lived objects.
  private static final long BASE_BYTES = 384L << 20;

  /// The number of weight-sized arrays held by a refinement: dense and present network, weights,
  /// two moments, the sizes of steps, gradient, the tensors that move; and half an array for copies
  /// of single layers. The support search holds fewer.
  private static final double REFINED = 8.5;

  /// The number of weight-sized arrays held by ranking by magnitude.
  private static final double RANKED = 5;

  /// The number of weight-sized arrays held by a reconstruction, beside the work on a layer: dense,
  /// masked and new network.
  private static final double RECONSTRUCTED = 3;

  /// The number of arrays of the size of a layer's weights while it is solved: before, after, in
  /// matrix order.
  private static final int LAYER_COPIES = 4;

  /// The number of float64 matrices of a layer's inputs while it is solved: products, and two for
  /// their inverse.
  private static final int MATRICES = 3;

  /// The difference between the requested heap and the smaller limit that Java reports: a part of
  /// the young generation.
  private static final long UNUSED_BYTES = 64L << 20;

  /// The number of weight-sized arrays held by a retraining: dense network, the one before it, the
  /// start, the best one, the present one, weights, gradient, two moments; and half an array for
  /// copies of single tensors.
  private static final double RETRAINED = 9.5;

  private HeapMemory() {}

  /// Refuses a retraining that would run out of heap before its end.
  ///
  /// @param most bytes that the heap may grow to
  /// @throws PruningException if that is too little; the message states how to raise it
  public static void requireRetraining(Layers layers, long most) {
    require(layers, BASE_BYTES + (long) (RETRAINED * Float.BYTES * weights(layers)), most);
  }

  /// Refuses a run that would run out of heap before its end.
  ///
  /// @param most bytes that the heap may grow to
  /// @throws PruningException if that is too little; the message states how to raise it
  public static void require(Layers layers, Refit refit, long passBytes, long most) {
    require(layers, bytes(layers, refit, passBytes), most);
  }

  private static void require(Layers layers, long needed, long most) {
    if (needed > most) {
      long gib = Math.ceilDiv(needed + UNUSED_BYTES, 1L << 30);
      throw new PruningException(
          PruningException.Kind.MACHINE,
          "The run needs about %s of Java heap, which may grow to %s: too little for so many weights (%,d).%nSet FALCON_HEAP=%dg for the launcher, or start Java with -Xmx%dg."
              .formatted(
                  MemoryPlan.text(needed), MemoryPlan.text(most), weights(layers), gib, gib));
    }
  }

  /// @param passBytes the result of [PassMemory#passBytes]
  /// @return estimate of the heap that a run needs
  static long bytes(Layers layers, Refit refit, long passBytes) {
    double weightBytes = (double) Float.BYTES * weights(layers);
    double most =
        switch (refit) {
          case NONE, BACKSOLVE -> RANKED * weightBytes;
          case RECONSTRUCT, AUTO ->
              Math.max(
                  REFINED * weightBytes,
                  RECONSTRUCTED * weightBytes
                      + layers.all().stream()
                          .mapToLong(layer -> layerBytes(layer, passBytes))
                          .max()
                          .orElse(0));
        };
    return BASE_BYTES + (long) most;
  }

  private static long weights(Layers layers) {
    return layers.all().stream().mapToLong(Layer::weights).sum();
  }

  private static long layerBytes(Layer layer, long passBytes) {
    long copies = (long) LAYER_COPIES * Float.BYTES * layer.weights();
    long matrices = (long) MATRICES * Double.BYTES * PassMemory.squaredInputs(layer);
    if (matrices > passBytes) {
      return copies; // such a layer is solved on its rows
    }
    long factors = Float.BYTES * PassMemory.squaredInputs(layer) * layer.shape().getFirst();
    return copies + matrices + Math.min(factors, ChannelLeastSquares.DEFAULT_SCRATCH_BYTES);
  }
}
