package falcon.prune.options;

import falcon.budget.CostTable;
import falcon.budget.SparsityPattern;
import falcon.model.Network;
import falcon.model.layer.Layers;
import java.math.BigDecimal;
import java.util.Map;

/// What the weights of a network cost in one resource.
///
/// Implementations are immutable. `falcon.prune.costs` has those of the command line; another one
/// is a budget of the caller's own.
public interface CostModel {
  /// The network whose costs are asked for.
  ///
  /// @param network the network, with its weights
  /// @param layers all of its layers
  /// @param costs the prunable ones among them, in the order in which costs are wanted
  /// @param pattern the pattern of the zeros
  record Subject(Network network, Layers layers, CostTable costs, SparsityPattern pattern) {}

  /// Returns the costs of a network's layers.
  ///
  /// @throws PruningException if the costs are of another network, or incomplete: the message says
  ///     where, and how to mend it
  LayerCosts of(Subject subject);

  /// Returns the unit of the costs, such as `bytes` or `ms`; empty if they have none.
  String unit();

  /// Returns the units that an amount may be written in, with the number of [#unit] that one of
  /// them is; the empty name is an amount without a unit, if that is allowed.
  Map<String, BigDecimal> units();

  /// Returns a text that differs where costs may differ: the hash of a file, or a description.
  String identity();
}
