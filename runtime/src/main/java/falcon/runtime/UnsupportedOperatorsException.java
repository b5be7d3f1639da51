package falcon.runtime;

import java.util.List;

/// A network that has operators which the runtime does not compute; the message names all of them.
public final class UnsupportedOperatorsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param place prefix that names the file
  /// @param operators a line for each: its name and nodes
  UnsupportedOperatorsException(String place, List<String> operators) {
    super(
        "%sthe runtime does not compute these operators:%n  %s%n%s"
            .formatted(
                place,
                String.join("%n  ".formatted(), operators),
                "Run this network by ONNX Runtime, which has all of ONNX's operators."));
  }
}
