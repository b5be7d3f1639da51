package falcon.prune;

import falcon.budget.CostTable;

/// What keeping a weight is worth.
final class Saliency {
  private Saliency() {}

  /// w² — the saliency of FALCON (arXiv:2403.07094), section 2, for the identity metric.
  static float[] squares(float[] weights) {
    var saliency = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      saliency[i] = weights[i] * weights[i];
    }
    return saliency;
  }

  /// w² f^exponent, f the MACs of the weight: weights that are used at many positions disturb the
  /// outputs more often than their size says.
  static float[] squaresTimesCost(float[] weights, CostTable costs, double exponent) {
    var saliency = new float[weights.length];
    for (CostTable.Layer layer : costs.layers()) {
      float factor = (float) Math.pow((double) Math.max(1, layer.macsPerWeight()), exponent);
      for (int i = layer.offset(); i < layer.end(); i++) {
        saliency[i] = weights[i] * weights[i] * factor;
      }
    }
    return saliency;
  }
}
