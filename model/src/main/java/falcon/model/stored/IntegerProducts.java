package falcon.model.stored;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Products of whole numbers, as dynamic quantisation writes them, in the form of products of real
/// numbers.
///
/// ```
/// (numbers, scale, zero) = DynamicQuantizeLinear(x)
/// y = Cast(MatMulInteger(numbers, weights, zero, weightZero)) · (scale · weightScale)
/// ```
///
/// is `MatMul(DequantizeLinear(numbers, scale, zero), DequantizeLinear(weights, weightScale,
/// weightZero))`, but for the rounding of float32; the same for `ConvInteger`.
final class IntegerProducts {
  /// Attribute of a `DequantizeLinear` whose zero point may be any number: the product subtracts it
  /// from whole numbers, so that a weight that is stored as the zero point adds nothing.
  static final String ANY_ZERO_POINT = "falcon.anyZeroPoint";

  private final Network network;
  private final Set<String> outputs;

  IntegerProducts(Network network) {
    this.network = network;
    this.outputs = network.outputs().stream().map(o -> o.name()).collect(Collectors.toSet());
  }

  /// A product with the nodes around it.
  ///
  /// @param integer the `MatMulInteger` or `ConvInteger`
  /// @param cast makes its result a real number
  /// @param scaling the `Mul` by both scales, whose output is the product's
  /// @param scale of the first factor
  /// @param weightScale of the weights, a constant
  record Found(Node integer, Node cast, Node scaling, String scale, String weightScale) {
    /// Returns the name of the weights.
    String weights() {
      return integer.inputs().get(1);
    }

    /// Returns the name of the real weights.
    String realWeights() {
      return integer.outputs().getFirst() + "/weights";
    }

    /// Returns the name of the real first factor.
    String realNumbers() {
      return integer.inputs().get(0) + "/real";
    }
  }

  /// Returns the products whose scales are known.
  List<Found> all() {
    var found = new ArrayList<Found>();
    for (Node node : network.nodes()) {
      if (node.is("MatMulInteger") || node.is("ConvInteger")) {
        Found product = product(node);
        if (product != null) {
          found.add(product);
        }
      }
    }
    return found;
  }

  private @Nullable Found product(Node node) {
    Node cast = onlyReader(node);
    Node scaling = cast != null && isToFloat(cast) ? onlyReader(cast) : null;
    String numbers = node.input(0);
    Node quantised = numbers == null ? null : network.producer(numbers);
    if (cast == null
        || scaling == null
        || !scaling.is("Mul")
        || quantised == null
        || !quantised.is("DynamicQuantizeLinear")
        || !Objects.equals(node.input(2), quantised.outputs().get(2))) {
      return null;
    }
    int own = scaling.inputs().indexOf(cast.outputs().getFirst());
    Node scales = network.producer(scaling.inputs().get(1 - own));
    if (scales == null || !scales.is("Mul")) {
      return null;
    }
    int first = scales.inputs().indexOf(quantised.outputs().get(1));
    String weightScale = first < 0 ? null : scales.inputs().get(1 - first);
    Tensor scale = weightScale == null ? null : network.initializers().get(weightScale);
    if (weightScale == null || scale == null || !isOfProduct(scale, node)) {
      return null;
    }
    var found = new Found(node, cast, scaling, quantised.outputs().get(1), weightScale);
    return isNew(found.realWeights()) && isNew(found.realNumbers()) ? found : null;
  }

  private boolean isNew(String name) {
    return network.producer(name) == null
        && !network.initializers().containsKey(name)
        && !network.opaqueInitializers().containsKey(name)
        && network.inputs().stream().noneMatch(input -> input.name().equals(name));
  }

  /// Returns whether there is one scale, or one for each column of a matrix.
  private static boolean isOfProduct(Tensor scale, Node node) {
    return scale.type() == DataType.FLOAT32
        && (scale.size() == 1 || (scale.shape().size() == 1 && node.is("MatMulInteger")));
  }

  private static boolean isToFloat(Node node) {
    return node.is("Cast") && node.integer("to", 0) == DataType.FLOAT32.onnxCode();
  }

  private @Nullable Node onlyReader(Node node) {
    String value = node.outputs().getFirst();
    List<Node> readers = network.consumers(value);
    boolean isOne =
        readers.size() == 1
            && readers.getFirst().inputs().stream().filter(value::equals).count() == 1;
    return isOne && !outputs.contains(value) ? readers.getFirst() : null;
  }

  /// Returns the network with products of real numbers in place of some.
  Network replaced(List<Found> products) {
    if (products.isEmpty()) {
      return network;
    }
    var gone = new HashSet<Node>();
    var made = new HashMap<Node, List<Node>>();
    var reals = new HashSet<String>();
    for (Found product : products) {
      gone.addAll(List.of(product.integer(), product.cast(), product.scaling()));
      made.put(product.scaling(), nodes(product, reals));
    }
    var nodes = new ArrayList<Node>();
    for (Node node : network.nodes()) {
      nodes.addAll(made.getOrDefault(node, gone.contains(node) ? List.of() : List.of(node)));
    }
    return network.withNodes(nodes, Map.of(), Map.of());
  }

  /// @param reals names of real first factors that were made before; added to
  private static List<Node> nodes(Found product, Set<String> reals) {
    var nodes = new ArrayList<Node>();
    Node integer = product.integer();
    String real = product.realNumbers();
    if (reals.add(real)) {
      List<String> inputs =
          List.of(integer.inputs().get(0), product.scale(), integer.inputs().get(2));
      nodes.add(new Node(real, "DequantizeLinear", "", inputs, List.of(real), Map.of()));
    }
    String weights = product.realWeights();
    var inputs = new ArrayList<>(List.of(product.weights(), product.weightScale()));
    String zero = integer.input(3);
    if (zero != null) {
      inputs.add(zero);
    }
    var attributes = new LinkedHashMap<String, Attribute>();
    attributes.put("axis", new Attribute.IntegerValue(-1));
    attributes.put(ANY_ZERO_POINT, new Attribute.IntegerValue(1));
    nodes.add(new Node(weights, "DequantizeLinear", "", inputs, List.of(weights), attributes));
    nodes.add(
        new Node(
            integer.name(),
            integer.is("MatMulInteger") ? "MatMul" : "Conv",
            "",
            List.of(real, weights),
            product.scaling().outputs(),
            integer.attributes()));
    return nodes;
  }
}
