package falcon.torch.operator;

import falcon.model.Node;
import java.util.List;

/// Names of the observable internal values of a recurrent node: for its input weights W and its
/// recurrent weights R, the factors that they are multiplied with and the products. Each value is
/// `[b, steps, features]`; steps beyond a sample's length are zero.
///
/// | value | features |
/// |---|---|
/// | [#wInput] | inputs |
/// | [#wOutput] | directions · gates · hidden |
/// | [#rInput] | groups · hidden |
/// | [#rOutput] | directions · gates · hidden |
///
/// A GRU that resets before its product multiplies other states for its last gate than for the
/// first two: each gate of a direction is a group then, otherwise each direction.
///
/// @param owner first output of the node that is not omitted
public record RecurrentValues(String owner) {
  public static boolean has(Node node) {
    return node.is("LSTM") || node.is("GRU") || node.is("RNN");
  }

  public static RecurrentValues of(Node node) {
    return new RecurrentValues(
        node.outputs().stream().filter(name -> !name.isEmpty()).findFirst().orElse(""));
  }

  public String wInput() {
    return owner + "\0W in";
  }

  public String wOutput() {
    return owner + "\0W out";
  }

  public String rInput() {
    return owner + "\0R in";
  }

  public String rOutput() {
    return owner + "\0R out";
  }

  public List<String> all() {
    return List.of(wInput(), wOutput(), rInput(), rOutput());
  }
}
