package falcon.model.stored;

import falcon.model.Network;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A network whose products read their weights from constants, where a file has other nodes in
/// between.
///
/// Exporters store weights in another layout (`Transpose`, `Reshape`, `Squeeze`, `Unsqueeze`,
/// `Flatten`), in a narrower type (`Cast`), quantised (`DequantizeLinear`, with or without a
/// `QuantizeLinear` before it), multiplied by a constant (`Mul`, `Where` with zeros), as a part of
/// a constant (`Slice`, `Split`, `Gather`) or in several of them (`Concat`): steps that can be
/// undone. The constant of the network found here is what the product uses, under the stored
/// constant's name, or that of the value that the product reads if it is not one whole constant;
/// [Network#stored] turns changed weights back into what the file holds.
///
/// `MatMulInteger` and `ConvInteger` behind `DynamicQuantizeLinear` become products of the real
/// numbers that their operands stand for, where their scales are found.
///
/// @param network the network with these weights; the network that was given if all products read
///     their weights directly
/// @param reasonByOperand for operands of products behind steps that cannot be undone: why not
public record StoredWeights(Network network, Map<String, String> reasonByOperand) {
  /// Copies the reasons.
  public StoredWeights {
    reasonByOperand = Map.copyOf(reasonByOperand);
  }

  /// Finds the stored weights of a network; no change to one that they were found of before.
  public static StoredWeights of(Network network) {
    var integers = new IntegerProducts(network);
    List<IntegerProducts.Found> products = integers.all();
    var reasons = new HashMap<String, String>();
    while (true) {
      var search = new StorageSearch(integers.replaced(products));
      StoredWeights found = search.run(network);
      var solved = new ArrayList<IntegerProducts.Found>();
      for (IntegerProducts.Found product : products) {
        String reason = found.reason(product.realWeights());
        if (reason != null) {
          reasons.putIfAbsent(product.weights(), reason);
        } else if (search.isReplaced(product.realWeights())) {
          solved.add(product);
        }
      }
      if (solved.size() == products.size()) {
        reasons.putAll(found.reasonByOperand());
        return new StoredWeights(found.network(), reasons);
      }
      products = solved; // the others stay products of whole numbers
    }
  }

  /// Returns the network whose products read their weights from constants.
  public static Network unfolded(Network network) {
    return of(network).network();
  }

  /// Returns why an operand of a product is not weights that can be pruned.
  ///
  /// @return null if it is behind no steps
  public @Nullable String reason(String operand) {
    return reasonByOperand.get(operand);
  }
}
