package falcon.torch;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.NativeLibraries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/// Falcon's forward pass, from tensors to tensors.
public final class Forward {
  private Forward() {}

  /// @param inputs by name
  /// @return all outputs of the network, integers as INT64, truth values as BOOL
  public static List<Tensor> run(Network network, Map<String, Tensor> inputs, Precision precision) {
    NativeLibraries.ensureLoaded();
    try (var loaded = new LoadedNetwork(network, precision)) {
      var values = new ArrayList<org.bytedeco.pytorch.Tensor>();
      for (ValueInfo input : network.inputs()) {
        values.add(Torch.tensor(Objects.requireNonNull(inputs.get(input.name())), precision));
      }
      try (var execution =
          new GraphExecution(loaded.program(), loaded.parameters(), values, false)) {
        execution.runToEnd();
        return network.outputs().stream()
            .map(output -> tensor(execution.value(output.name())))
            .toList();
      }
    }
  }

  private static Tensor tensor(org.bytedeco.pytorch.Tensor value) {
    try (var _ = new PointerScope()) {
      List<Long> shape = Arrays.stream(value.shape()).boxed().toList();
      if (value.is_floating_point()) {
        return Tensor.ofFloats(shape, Torch.floats(value));
      }
      long[] longs = Torch.longs(value);
      if (Torch.type(value) != torch.ScalarType.Bool) {
        return Tensor.ofLongs(shape, longs);
      }
      var bytes = new byte[longs.length];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) longs[i];
      }
      return Tensor.ofBytes(DataType.BOOL, shape, bytes);
    }
  }
}
