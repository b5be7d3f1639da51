package falcon.torch.operator;

import falcon.model.Node;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/// What libtorch computes for a node, and what an execution asks about that.
public final class Operator {
  /// An operator with one output.
  @FunctionalInterface
  interface Single {
    Tensor run(Operands in);
  }

  /// An operator with any outputs.
  @FunctionalInterface
  interface Several {
    /// @return the node's outputs in order; those at the end that no one reads may be left out
    List<Tensor> run(Operands in);
  }

  /// An operator that lets an observer see values inside.
  @FunctionalInterface
  interface Observed {
    /// @return as [Several#run]
    List<Tensor> run(Operands in, Observer observer);
  }

  /// Who looks at values inside of a node.
  public interface Observer {
    /// @return whether the value is wanted
    boolean isWanted(String value);

    /// @return whether gradients by the value are wanted
    boolean isDifferentiated(String value);

    /// Gets a value that is wanted or differentiated by.
    void see(String value, Tensor tensor);
  }

  /// Looks at nothing.
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

  /// @param inside names of the values inside that an observer can see
  static Operator ofObserved(Observed operator, Function<Node, List<String>> inside) {
    return new Operator(operator, inside, false, false);
  }

  /// The same operator, whose result is a fresh tensor that nothing else points into: the next node
  /// may write over it.
  Operator fresh() {
    return new Operator(work, inside, true, isIndexed);
  }

  /// The same operator, whose second input holds places along an axis of the first: messages say
  /// which of them is out of range.
  Operator indexed() {
    return new Operator(work, inside, isFresh, true);
  }

  /// @param observer sees the values inside that it wants
  /// @return the node's outputs in order; those at the end that no one reads may be left out
  /// @throws falcon.torch.UnsupportedNetworkException if the operator or one of the node's options
  ///     is not known here
  public List<Tensor> run(Operands in, Observer observer) {
    return work.run(in, observer);
  }

  /// As [#run(Operands, Observer)] where nobody looks.
  List<Tensor> run(Operands in) {
    return work.run(in, Nobody.NOBODY);
  }

  /// Names of values inside of a node that an observer can see.
  public List<String> inside(Node node) {
    return inside.apply(node);
  }

  /// Whether its result is a fresh tensor that nothing else points into.
  public boolean isFresh() {
    return isFresh;
  }

  /// Whether its second input holds places along an axis of the first.
  public boolean isIndexed() {
    return isIndexed;
  }
}
