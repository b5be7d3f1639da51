package falcon.model;

import java.io.Serializable;

/// The size of one axis of a graph input or output.
public sealed interface Dimension extends Serializable {

  /// A size that the graph fixes.
  record Fixed(long size) implements Dimension {
    @Override
    public String toString() {
      return Long.toString(size);
    }
  }

  /// A size that is known when the network runs.
  ///
  /// @param name name in the file, equal names mean equal sizes; empty if the file gives none
  record Symbolic(String name) implements Dimension {
    @Override
    public String toString() {
      return name.isEmpty() ? "?" : name;
    }
  }
}
