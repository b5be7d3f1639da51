package falcon.torch.operator;

import falcon.model.Node;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/// The libtorch implementation of a node's operator, with properties that an execution needs.
public final class Operator {
  /// An operator with one output.
  @FunctionalInterface
  interface Single {
    Tensor run(Operands in);
  }

  /// An operator with any outputs.
  @FunctionalInterface
  interface Several {
    /// @return the node's outputs in order; trailing outputs that no node reads may be omitted
    List<Tensor> run(Operands in);
  }

  /// An operator that lets an observer see internal values.
  @FunctionalInterface
  interface Observed {
    /// @return as [Several#run]
    List<Tensor> run(Operands in, Observer observer);
  }

  /// An observer of the internal values of a node.
  public interface Observer {
    /// @return whether the value is wanted
    boolean isWanted(String value);

    /// @return whether gradients with respect to the value are wanted
    boolean isDifferentiated(String value);

    /// Receives a value that [#isWanted] or [#isDifferentiated] accepts.
    void see(String value, Tensor tensor);
  }

  /// An observer that wants no values.
  private enum Nobody implements Observer {
    NOBODY;

    @Override
    public boolean isWanted(String value) {
      return false;
    }

    @Override
    public boolean isDifferentiated(String value) {
      return false;
    }

    @Override
    public void see(String value, Tensor tensor) {}
  }

  private final Observed work;
  private final Function<Node, List<String>> inside;
  private final boolean isFresh;
  private final boolean isIndexed;

  private Operator(
      Observed work, Function<Node, List<String>> inside, boolean isFresh, boolean isIndexed) {
    this.work = work;
    this.inside = inside;
    this.isFresh = isFresh;
    this.isIndexed = isIndexed;
  }

  static Operator of(Single operator) {
    return ofSeveral(in -> List.of(operator.run(in)));
  }

  static Operator ofSeveral(Several operator) {
    return new Operator((in, _) -> operator.run(in), _ -> List.of(), false, false);
  }

  /// @param inside names of the internal values that an observer can see
  static Operator ofObserved(Observed operator, Function<Node, List<String>> inside) {
    return new Operator(operator, inside, false, false);
  }

  /// Returns this operator, marked as producing a new tensor that nothing else refers to: the next
  /// node may overwrite it.
  Operator fresh() {
    return new Operator(work, inside, true, isIndexed);
  }

  /// Returns this operator, marked as one whose second input holds indices along an axis of the
  /// first: messages name the one that is out of range.
  Operator indexed() {
    return new Operator(work, inside, isFresh, true);
  }

  /// @param observer sees the internal values that it wants
  /// @return the node's outputs in order; trailing outputs that no node reads may be omitted
  /// @throws falcon.torch.UnsupportedNetworkException if the operator or one of the node's
  ///     attributes is not supported
  public List<Tensor> run(Operands in, Observer observer) {
    return work.run(in, observer);
  }

  /// Runs as [#run(Operands, Observer)] without an observer.
  List<Tensor> run(Operands in) {
    return work.run(in, Nobody.NOBODY);
  }

  /// Returns the names of the internal values of a node that an observer can see.
  public List<String> inside(Node node) {
    return inside.apply(node);
  }

  /// Returns whether the result is a new tensor that nothing else refers to.
  public boolean isFresh() {
    return isFresh;
  }

  /// Returns whether the second input holds indices along an axis of the first.
  public boolean isIndexed() {
    return isIndexed;
  }
}
