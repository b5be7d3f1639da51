package falcon.torch.execution;

import falcon.model.Node;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.sample.SampleBatch;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// Rejects outputs that are NaN: neither an evaluation nor a fit is possible with them.
final class NotANumber {
  private NotANumber() {}

  /// Rejects outputs of which one is NaN.
  ///
  /// @param outputs outputs of the network for the batch
  /// @throws UnsupportedNetworkException names the node that computed the first NaN, and the sample
  static void refuse(float[] outputs, LoadedNetwork network, SampleBatch batch) {
    for (float output : outputs) {
      if (Float.isNaN(output)) {
        throw found(network, batch);
      }
    }
  }

  /// Runs the batch again, node by node, to find the first NaN.
  private static UnsupportedNetworkException found(LoadedNetwork network, SampleBatch batch) {
    GraphProgram program = network.program();
    String place = program.network().place();
    try (var _ = new PointerScope();
        var execution = network.start(batch)) {
      for (int i = 0; i < program.nodes().size(); i++) {
        Node node = program.nodes().get(i);
        List<String> made =
            node.outputs().stream().filter(output -> program.uses(output) > 0).toList();
        made.forEach(execution::watch);
        execution.runTo(i + 1);
        for (String output : made) {
          int row = firstRow(execution.value(output));
          if (row >= 0) {
            return new UnsupportedNetworkException(
                "%s%s makes NaN%s.%nThe network's values overflow on this data; check the preprocessing and the weights."
                    .formatted(place, node.label(), sample(batch, row)));
          }
          execution.unwatch(output);
        }
      }
    }
    return new UnsupportedNetworkException(
        "%sthe outputs of the network are NaN.%nCheck the preprocessing and the weights."
            .formatted(place));
  }

  /// @return index along the first axis of the first NaN, −1 if there is none
  private static int firstRow(Tensor value) {
    if (!value.is_floating_point() || value.numel() == 0) {
      return -1;
    }
    try (var _ = new PointerScope()) {
      Tensor isNone = value.isnan();
      if (!isNone.any().item_bool()) {
        return -1;
      }
      long each = value.dim() == 0 ? 1 : value.numel() / value.size(0);
      return (int) (Torch.longs(isNone.reshape(-1).nonzero())[0] / each);
    }
  }

  private static String sample(SampleBatch batch, int row) {
    int[] numbers = batch.numbers();
    return numbers == null || row >= numbers.length
        ? ""
        : " for sample %d (counted from 0)".formatted(numbers[row]);
  }
}
