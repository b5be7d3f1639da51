package falcon.benchmarks;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.prune.method.MaskProjection;

/// A projection that stops as soon as it is within a relative gap: bisection on the multiplier μ of
/// the MAC budget, keeping the weights above the thresholds μ f_c of the first μ that is good
/// enough.
///
/// It is for comparison only: it shows the accuracy that an inexact projection costs. NNZ must be
/// unlimited.
final class ApproximateProjection implements MaskProjection {
  /// Number of halvings after which neighbouring floats are distinguished.
  private static final int MAX_HALVINGS = 100;

  private final double relativeGap;

  /// @param relativeGap value of (bound − value) / bound at which it stops, above 0
  ApproximateProjection(double relativeGap) {
    this.relativeGap = relativeGap;
  }

  @Override
  public Projection project(float[] saliency, CostTable costs, Budget budget) {
    if (budget.maxNnz() < costs.weightCount()) {
      throw new IllegalArgumentException("an approximate projection has the MAC budget only");
    }
    double low = 0;
    double high = 0;
    for (CostTable.Layer layer : costs.layers()) {
      for (int i = layer.offset(); i < layer.end(); i++) {
        high = Math.max(high, saliency[i] / (double) Math.max(1, layer.macsPerWeight()));
      }
    }
    Projection best = at(high, saliency, costs, budget);
    for (int i = 0; i < MAX_HALVINGS && best.relativeGap() > relativeGap; i++) {
      double mu = low == 0 ? high / 1024 : Math.sqrt(low * high);
      Projection tried = at(mu, saliency, costs, budget);
      if (tried.macsSlack() < 0) {
        low = mu;
      } else {
        high = mu;
        best = tried;
      }
    }
    return best;
  }

  private static Projection at(double mu, float[] saliency, CostTable costs, Budget budget) {
    boolean[] kept = new boolean[saliency.length];
    double value = 0;
    double bound = mu * budget.maxMacs();
    long macs = 0;
    long nnz = 0;
    for (CostTable.Layer layer : costs.layers()) {
      double threshold = mu * layer.macsPerWeight();
      for (int i = layer.offset(); i < layer.end(); i++) {
        if (saliency[i] > threshold) {
          kept[i] = true;
          value += saliency[i];
          bound += saliency[i] - threshold;
          macs += layer.macsPerWeight();
          nnz++;
        }
      }
    }
    return new Projection(
        Mask.ofKept(kept),
        value,
        bound,
        bound - value,
        0,
        mu,
        nnz,
        macs,
        budget.maxNnz() - nnz,
        budget.maxMacs() - macs,
        false);
  }
}
