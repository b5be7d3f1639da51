package falcon.torch.gradient;

import falcon.data.Samples;
import falcon.data.Seeds;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.gradient.PerSampleGradients.RowKind;
import falcon.torch.sample.SampleBatch;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

/// The start of a backward pass: the gradient of the differentiated function by the network's
/// outputs.
final class RowGradients {
  /// Label of the drawn labels' seeds.
  private static final String LABELS = "labels of the outputs";

  private RowGradients() {}

  /// @param outputs `[b, …]`
  /// @param firstRow number of the batch's first sample
  /// @return the gradient, in the shape of the outputs
  static Tensor of(Tensor outputs, SampleBatch batch, int firstRow, RowKind kind) {
    return switch (kind) {
      case RowKind.Empirical() -> { // ∂(−log softmax_y)/∂logits = softmax − onehot(y)
        int classes = Math.toIntExact(outputs.size(1));
        var labels = new float[Math.toIntExact(outputs.numel())];
        boolean haveClasses = true;
        for (int i = 0; i < batch.size(); i++) {
          if (batch.labels()[i] == Samples.NO_CLASS) {
            haveClasses = false;
          } else {
            labels[i * classes + batch.labels()[i]] = 1;
          }
        }
        Tensor gradient = softmax(outputs, 1).sub(like(outputs, labels));
        yield haveClasses ? gradient : gradient.mul(like(outputs, withClass(batch, classes)));
      }
      case RowKind.EmpiricalBinary(BinaryOutput output) -> {
        float[] slopes = Torch.floats(outputs);
        for (int i = 0; i < batch.size(); i++) {
          slopes[i] = (float) output.slope(slopes[i], batch.labels()[i]);
        }
        yield like(outputs, slopes);
      }
      case RowKind.SampledLabels(long seed, int axis) -> sampled(outputs, firstRow, seed, axis);
      case RowKind.OutputSigns(long seed) -> {
        var signs = new float[Math.toIntExact(outputs.numel())];
        int each = signs.length / batch.size();
        for (int i = 0; i < batch.size(); i++) {
          System.arraycopy(
              PerSampleGradients.signs(seed, firstRow + i, each), 0, signs, i * each, each);
        }
        yield like(outputs, signs);
      }
    };
  }

  /// Returns 1 for the outputs of samples that have a class, 0 for others: these have no gradient.
  private static float[] withClass(SampleBatch batch, int classes) {
    var factors = new float[batch.size() * classes];
    for (int i = 0; i < batch.size(); i++) {
      boolean hasClass = batch.labels()[i] != Samples.NO_CLASS;
      Arrays.fill(factors, i * classes, (i + 1) * classes, hasClass ? 1 : 0);
    }
    return factors;
  }

  /// Returns softmax − onehot of a label drawn from the softmax, at every position.
  private static Tensor sampled(Tensor outputs, int firstRow, long seed, int axis) {
    Tensor last = softmax(outputs, axis).movedim(axis, outputs.dim() - 1); // [b, …, classes]
    int classes = Math.toIntExact(last.size(last.dim() - 1));
    double[] shares = Torch.doubles(last);
    var labels = new float[shares.length];
    int b = Math.toIntExact(outputs.size(0));
    int each = shares.length / b;
    for (int i = 0; i < b; i++) {
      SplittableRandom random = Seeds.of(seed, LABELS, firstRow + i);
      for (int from = i * each; from < (i + 1) * each; from += classes) {
        labels[from + drawn(shares, from, classes, random.nextDouble())] = 1;
      }
    }
    return last.sub(like(last, labels)).movedim(outputs.dim() - 1, axis);
  }

  /// @param uniform a number in `[0, 1)`
  private static int drawn(double[] shares, int from, int classes, double uniform) {
    double sum = Arrays.stream(shares, from, from + classes).sum();
    double left = uniform * sum;
    int label = 0;
    while (label < classes - 1 && left >= shares[from + label]) {
      left -= shares[from + label];
      label++;
    }
    return label;
  }

  private static Tensor softmax(Tensor outputs, int axis) {
    return outputs.softmax(axis, new ScalarTypeOptional());
  }

  /// @param values row-major, in the tensor's shape
  private static Tensor like(Tensor tensor, float[] values) {
    List<Long> shape = Arrays.stream(tensor.shape()).boxed().toList();
    return Torch.scoped(values, shape, Precision.FLOAT32).to(Torch.type(tensor));
  }
}
