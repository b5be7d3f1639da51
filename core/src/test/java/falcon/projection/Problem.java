package falcon.projection;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import java.util.Arrays;
import java.util.SplittableRandom;

/// A projection to solve, and the checks that need nothing but the problem itself.
public record Problem(String name, Saliency saliency, CostTable costs, Budget budget) {
  /// The saliencies of a problem; the array is not copied.
  public static final class Saliency {
    private final float[] values;

    public Saliency(float... values) {
      this.values = values;
    }

    public float[] values() {
      return values;
    }

    @Override
    public String toString() {
      return values.length > 64 ? values.length + " values" : Arrays.toString(values);
    }
  }

  /// Returns the costs of ResNet20 for CIFAR-10 without its 1×1 shortcuts: 268,336 weights,
  /// 40,551,040 MACs.
  public static CostTable resNet20() {
    CostTable.Builder builder = CostTable.builder().layer("conv1", 432, 1024);
    for (int i = 0; i < 6; i++) {
      builder.layer("stage1." + i, 2304, 1024);
    }
    builder.layer("stage2.0", 4608, 256);
    for (int i = 1; i < 6; i++) {
      builder.layer("stage2." + i, 9216, 256);
    }
    builder.layer("stage3.0", 18432, 64);
    for (int i = 1; i < 6; i++) {
      builder.layer("stage3." + i, 36864, 64);
    }
    return builder.layer("linear", 640, 1).build();
  }

  /// Returns a small problem of a random kind.
  public static Problem small(long seed, int maxWeights) {
    SplittableRandom random = new SplittableRandom(seed);
    int weightCount = 1 + random.nextInt(maxWeights);
    CostTable.Builder builder = CostTable.builder();
    long[] costs = {0, 1, 3, 7, 16, 64, 100, 256, 1024};
    int distinct = 1 + random.nextInt(costs.length);
    for (int left = weightCount, l = 0; left > 0; l++) {
      int count = 1 + random.nextInt(Math.min(left, Math.max(1, weightCount / 2)));
      builder.layer("layer" + l, count, costs[random.nextInt(distinct)]);
      left -= count;
    }
    CostTable table = builder.build();
    float[] saliency = saliencies(random, weightCount, random.nextInt(6));
    long maxNnz = random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextInt(weightCount + 2);
    long maxMacs = random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextLong(table.totalMacs() + 2);
    return new Problem("seed " + seed, new Saliency(saliency), table, new Budget(maxNnz, maxMacs));
  }

  /// Returns random saliencies: squares of normal deviates, uniform, few values, huge range,
  /// denormals or nearly all zero.
  public static float[] saliencies(SplittableRandom random, int count, int kind) {
    float[] saliency = new float[count];
    for (int i = 0; i < count; i++) {
      double normal = random.nextGaussian();
      saliency[i] =
          switch (kind) {
            case 0 -> (float) (normal * normal * 1e-3);
            case 1 -> random.nextFloat();
            case 2 -> random.nextInt(4);
            case 3 -> (float) Math.exp(40 * normal);
            case 4 -> random.nextInt(5) * Float.MIN_VALUE;
            default -> random.nextInt(3) == 0 ? random.nextFloat() : -0f;
          };
      saliency[i] = Math.min(saliency[i], Float.MAX_VALUE);
    }
    return saliency;
  }

  Problem withBudget(Budget other) {
    return new Problem(name, saliency, costs, other);
  }

  Problem withSaliency(float[] other) {
    return new Problem(name, new Saliency(other), costs, budget);
  }

  double valueOf(Mask mask) {
    double value = 0;
    for (int i = mask.nextKept(0); i < mask.weightCount(); i = mask.nextKept(i + 1)) {
      value += saliency.values()[i];
    }
    return value;
  }

  long macs(int i) {
    for (CostTable.Layer layer : costs.layers()) {
      if (i < layer.end()) {
        return layer.macsPerWeight();
      }
    }
    throw new IndexOutOfBoundsException(i);
  }

  /// Returns g(α, μ), computed from its definition.
  double dual(double alpha, double mu) {
    double g = (alpha == 0 ? 0 : alpha * budget.maxNnz()) + (mu == 0 ? 0 : mu * budget.maxMacs());
    for (CostTable.Layer layer : costs.layers()) {
      for (int i = layer.offset(); i < layer.end(); i++) {
        g += Math.max(0, saliency.values()[i] - alpha - mu * layer.macsPerWeight());
      }
    }
    return g;
  }

  double bestByEnumeration() {
    int count = costs.weightCount();
    double best = 0;
    for (int bits = 0; bits < 1 << count; bits++) {
      long macs = 0;
      double value = 0;
      for (int i = 0; i < count; i++) {
        if ((bits >> i & 1) != 0) {
          macs += macs(i);
          value += saliency.values()[i];
        }
      }
      if (value > best && budget.allows(Integer.bitCount(bits), macs)) {
        best = value;
      }
    }
    return best;
  }
}
