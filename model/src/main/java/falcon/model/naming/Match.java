package falcon.model.naming;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was found out about one use of a constant.
///
/// @param targets where its values are in the state dict; empty if they are nowhere, not known, or
///     in the targets of the weights that they are the bias of
/// @param problem why they are not known, words that follow the constant's name; null if they are
record Match(List<Target> targets, @Nullable String problem) {
  Match {
    targets = List.copyOf(targets);
  }

  static Match of(Target... targets) {
    return new Match(List.of(targets), null);
  }

  static Match unknown(String problem) {
    return new Match(List.of(), problem);
  }
}
