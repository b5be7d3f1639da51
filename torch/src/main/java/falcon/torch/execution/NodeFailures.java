package falcon.torch.execution;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.UnusableNodeException;
import falcon.torch.OutOfNodeMemoryException;
import falcon.torch.Torch;
import falcon.torch.TorchOption;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.NativeLibraryException;
import falcon.torch.kernel.Workers;
import falcon.torch.operator.Operands;
import falcon.torch.operator.Operators;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// Describes failures at a node, with its file, name, operator and the shapes of its inputs.
///
/// Libtorch throws plain runtime exceptions, whose text is long: the first line is the reason.
final class NodeFailures {
  /// The phrases by which libtorch reports a failed allocation.
  private static final List<String> ALLOCATION =
      List.of("not enough memory", "can't allocate memory", "bad_alloc", "out of memory");

  private static final String LESS_MEMORY =
      "Fewer threads (%s 1) compute fewer samples at a time; otherwise it takes smaller inputs or a machine with more memory."
          .formatted(TorchOption.THREADS);

  private static final Pattern BYTES = Pattern.compile("tried to allocate (\\d+) bytes");

  private NodeFailures() {}

  /// Converts a failure to the exception that users see.
  ///
  /// @param in the node's operands; null if one of them is not available
  /// @param sampleNumbers numbers of the batch's samples, for messages; null if they are not known
  /// @return the failure itself if the node did not cause it
  /// @throws OutOfMemoryError the failure itself, if the system refused a thread
  static RuntimeException of(
      Network network,
      Node node,
      @Nullable Operands in,
      int @Nullable [] sampleNumbers,
      Throwable failure) {
    return switch (failure) {
      case UnusableNodeException e -> e.in(network);
      case UnsupportedNetworkException e -> placed(network, e);
      case OutOfNodeMemoryException e -> e;
      case NativeLibraryException e -> e;
      case IllegalStateException e -> e;
      case NullPointerException e -> e;
      case OutOfMemoryError e when Workers.isRefusedThread(e) -> throw e; // memory would not help
      default -> ofOperands(network, node, in, sampleNumbers, failure);
    };
  }

  /// Converts a failure of a backward pass through the network.
  static RuntimeException ofGradients(Network network, RuntimeException failure) {
    return isFailedAllocation(failure)
        ? new OutOfNodeMemoryException(
            "%sgradients need memory that there is not%s.%n%s"
                .formatted(network.place(), size(failure), LESS_MEMORY),
            failure)
        : new UnsupportedNetworkException(
            "%sgradients of the network's output cannot be computed: %s.%nUse %s magnitude, which needs none."
                .formatted(network.place(), firstLine(failure), TorchOption.METHOD),
            failure);
  }

  /// Returns whether libtorch failed to allocate memory.
  static boolean isFailedAllocation(Throwable failure) {
    String line = firstLine(failure).toLowerCase(Locale.ROOT);
    return ALLOCATION.stream().anyMatch(line::contains);
  }

  private static RuntimeException placed(Network network, UnsupportedNetworkException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith(network.place())
        ? failure
        : new UnsupportedNetworkException(network.place() + message, failure);
  }

  private static RuntimeException ofOperands(
      Network network,
      Node node,
      @Nullable Operands in,
      int @Nullable [] sampleNumbers,
      Throwable failure) {
    String place = network.place() + node.label();
    String shapes = in == null ? "" : "; its inputs have the shapes " + shapes(in);
    if (failure instanceof OutOfMemoryError) {
      return new OutOfNodeMemoryException(
          "%s needs more of the Java heap than there is (%s)%s.%nLet it grow: FALCON_HEAP=8g, for instance."
              .formatted(place, firstLine(failure), shapes),
          failure);
    }
    if (isFailedAllocation(failure)) {
      return new OutOfNodeMemoryException(
          "%s needs memory that there is not%s%s.%n%s"
              .formatted(place, size(failure), shapes, LESS_MEMORY),
          failure);
    }
    String wrongIndex = in == null ? null : wrongIndex(in, sampleNumbers);
    if (wrongIndex != null) {
      return new UnsupportedNetworkException(
          "%s cannot be executed: %s".formatted(place, wrongIndex), failure);
    }
    return new UnsupportedNetworkException(
        "%s cannot be executed: %s%s.%nExport the network again, or give it the inputs that it was made for."
            .formatted(place, firstLine(failure), shapes),
        failure);
  }

  private static String size(Throwable failure) {
    Matcher bytes = BYTES.matcher(firstLine(failure));
    return bytes.find() ? " (%,d bytes at once)".formatted(Long.parseLong(bytes.group(1))) : "";
  }

  /// Returns a description of the first index that is out of range, with its sample.
  private static @Nullable String wrongIndex(Operands in, int @Nullable [] sampleNumbers) {
    Node node = in.node();
    Tensor x = in.tensor(0);
    Tensor indices = in.tensor(1);
    if (!Operators.of(node).isIndexed()
        || x == null
        || indices == null
        || indices.is_floating_point()) {
      return null;
    }
    try (var _ = new PointerScope()) {
      long size = x.size(in.axis(0));
      long[] all = Torch.longs(indices);
      for (int i = 0; i < all.length; i++) {
        if (all[i] < -size || all[i] >= size) {
          return "index %d%s is not one of the %d of '%s'.%n%s"
              .formatted(
                  all[i],
                  sample(indices, i, sampleNumbers),
                  size,
                  node.inputs().getFirst(),
                  "Give it data that were made for this network, with numbers from 0 to %d."
                      .formatted(size - 1));
        }
      }
      return null;
    }
  }

  /// Returns the sample that an element belongs to, if the first axis counts samples.
  private static String sample(Tensor indices, int element, int @Nullable [] sampleNumbers) {
    if (sampleNumbers == null
        || indices.dim() == 0
        || indices.size(0) < sampleNumbers.length
        || sampleNumbers.length == 0) {
      return "";
    }
    long row = element / (indices.numel() / indices.size(0));
    int sample = sampleNumbers[(int) (row % sampleNumbers.length)];
    return " of sample %d (counted from 0)".formatted(sample);
  }

  private static String shapes(Operands in) {
    var shapes = new ArrayList<String>();
    for (int i = 0; i < in.count(); i++) {
      Tensor tensor = in.tensor(i);
      shapes.add(tensor == null ? "-" : Torch.type(tensor) + " " + Arrays.toString(tensor.shape()));
    }
    return shapes.toString();
  }

  private static String firstLine(Throwable failure) {
    String text = failure.getMessage();
    String line = text == null ? "" : text.lines().findFirst().orElse("");
    String what = line.isBlank() ? failure.getClass().getSimpleName() : line.strip();
    return what.endsWith(".") ? what.substring(0, what.length() - 1) : what;
  }
}
