package falcon.model.zoo;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A built-in architecture: the graph that a bare state dict needs.
///
/// Tensors of the graph have the names of the state dict. The input is `input`
/// `[batch, channels, height, width]`, the output is `logits` `[batch, classes]`.
public enum Architecture {
  /// The residual network of 20 layers for small images (He et al., arXiv:1512.03385, section 4.2);
  /// its two shortcuts that change the size are a 1×1 convolution and BatchNorm each. These two
  /// convolutions are not prunable, as in the experiments of arXiv:2403.07094.
  RESNET20("resnet20");

  private static final String PARALLEL_PREFIX = "module.";
  private static final String BATCH_COUNTER = "num_batches_tracked";

  private final String id;

  Architecture(String id) {
    this.id = id;
  }

  /// Returns the name on the command line and in metadata.
  public String id() {
    return id;
  }

  /// Returns the architecture of a name.
  ///
  /// @return null if there is none
  public static @Nullable Architecture ofId(String id) {
    for (Architecture architecture : values()) {
      if (architecture.id.equals(id)) {
        return architecture;
      }
    }
    return null;
  }

  /// Returns the names of all architectures, for messages: `resnet20`.
  public static String ids() {
    return Stream.of(values()).map(Architecture::id).collect(Collectors.joining(", "));
  }

  /// Builds the network that a state dict belongs to.
  ///
  /// Channels and classes follow from the shapes. The input's size is the metadata
  /// [Network#INPUT_SHAPE], or 32×32 without it. The prefix `module.` is dropped,
  /// `num_batches_tracked` is ignored, floating-point tensors of another type become FLOAT32.
  ///
  /// @param source file named in messages
  /// @throws MalformedModelException if tensors are missing, extra, or of another shape or type:
  ///     names all of them
  public Network fromState(StateDict state, Path source) {
    SequencedMap<String, Tensor> tensors = bare(state, source);
    long[] input = inputShape(state, tensors, source);
    long classes = sizeOr(tensors.get("fc.weight"), 0, 10);
    ResNet20 wanted = new ResNet20(input[0], input[1], input[2], classes);
    StateCheck.check(wanted.shapes(), tensors, source, this);
    var metadata = new LinkedHashMap<String, String>();
    state
        .metadata()
        .forEach((key, value) -> {
          if (key.startsWith(Network.METADATA_PREFIX)) {
            metadata.put(key, value);
          }
        });
    return network(wanted, tensors, metadata);
  }

  /// Builds a network to train: Kaiming-normal convolutions (fan-out, He et al.,
  /// arXiv:1502.01852), BatchNorm as identity, linear layer uniform in ±1/√inputs.
  ///
  /// @param channels number of channels of the input, 1 or more
  /// @param height height of the input in pixels, 1 or more
  /// @param width width of the input in pixels, 1 or more
  /// @param classes number of outputs, 1 or more
  /// @param seed same seed, same weights
  public Network initial(int channels, int height, int width, int classes, long seed) {
    ResNet20 wanted = new ResNet20(channels, height, width, classes);
    var random = new SplittableRandom(seed);
    var tensors = new LinkedHashMap<String, Tensor>();
    wanted
        .shapes()
        .forEach(
            (name, shape) -> tensors.put(name, InitialWeights.draw(name, shape, random.split())));
    return network(wanted, tensors, Map.of());
  }

  /// Returns the state dict of a network, for safetensors: all initializers, and Falcon's metadata.
  public static StateDict toState(Network network) {
    var metadata = new LinkedHashMap<String, String>();
    network
        .metadata()
        .forEach((key, value) -> {
          if (key.startsWith(Network.METADATA_PREFIX)) {
            metadata.put(key, value);
          }
        });
    return new StateDict(network.initializers(), metadata);
  }

  private Network network(
      ResNet20 wanted, Map<String, Tensor> tensors, Map<String, String> metadata) {
    var properties = new LinkedHashMap<>(metadata);
    properties.put(Network.ARCHITECTURE, id);
    properties.put(Network.INPUT_SHAPE, wanted.inputShape());
    properties.put(Network.NOT_PRUNABLE, String.join(",", wanted.notPrunable()));
    Network.Builder builder = wanted.graph(id, tensors);
    properties.forEach(builder::metadata);
    return builder.build();
  }

  private static SequencedMap<String, Tensor> bare(StateDict state, Path source) {
    var tensors = new LinkedHashMap<String, Tensor>();
    state
        .tensors()
        .forEach((name, tensor) -> {
          String bare =
              name.startsWith(PARALLEL_PREFIX) ? name.substring(PARALLEL_PREFIX.length()) : name;
          if (!bare.endsWith(BATCH_COUNTER) && tensors.putIfAbsent(bare, tensor) != null) {
            throw new MalformedModelException(
                source,
                "tensor '%s' is there twice, with and without the prefix '%s'"
                    .formatted(bare, PARALLEL_PREFIX),
                "Save the state dict of one network only.");
          }
        });
    return tensors;
  }

  private static long[] inputShape(StateDict state, Map<String, Tensor> tensors, Path source) {
    long channels = sizeOr(tensors.get("conv1.weight"), 1, 3);
    String text = state.metadata().get(Network.INPUT_SHAPE);
    if (text == null) {
      return new long[] {channels, 32, 32};
    }
    try {
      long[] shape =
          Stream.of(text.split(",", -1)).mapToLong(part -> Long.parseLong(part.strip())).toArray();
      if (shape.length == 3 && shape[0] == channels && fits(shape[1]) && fits(shape[2])) {
        return shape;
      }
    } catch (NumberFormatException _) {
      // Control continues with the message for all wrong texts.
    }
    throw new MalformedModelException(
        source,
        "metadata '%s' is '%s'".formatted(Network.INPUT_SHAPE, text),
        "Give channels, height and width, such as '%d,32,32'; conv1.weight reads %d channels."
            .formatted(channels, channels));
  }

  private static boolean fits(long pixels) {
    return pixels >= 1 && pixels <= 1 << 16;
  }

  private static long sizeOr(@Nullable Tensor tensor, int axis, long otherwise) {
    return tensor != null && tensor.shape().size() > axis ? tensor.shape().get(axis) : otherwise;
  }
}
