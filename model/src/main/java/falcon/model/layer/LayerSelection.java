package falcon.model.layer;

import falcon.model.ModelOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The user's selection of the layers to prune.
///
/// @param include tensors to prune, embeddings included; if empty, all weights of convolutions,
///     linear and recurrent layers
/// @param exclude tensors to leave alone, whatever `include` says
public record LayerSelection(List<NamePattern> include, List<NamePattern> exclude) {
  /// The selection of everything that is prunable without being requested by name.
  public static final LayerSelection DEFAULT = new LayerSelection(List.of(), List.of());

  /// The number of similar names that a message lists.
  private static final int NEAR_NAMES = 5;

  public LayerSelection {
    include = List.copyOf(include);
    exclude = List.copyOf(exclude);
  }

  /// Creates a selection from patterns as the user types them.
  ///
  /// @throws IllegalArgumentException if one is empty
  public static LayerSelection of(List<String> include, List<String> exclude) {
    return new LayerSelection(
        include.stream().map(NamePattern::new).toList(),
        exclude.stream().map(NamePattern::new).toList());
  }

  /// Returns whether a tensor is requested by name.
  boolean isIncluded(String tensor) {
    return include.stream().anyMatch(pattern -> pattern.matches(tensor));
  }

  /// Returns the reason why the user's patterns leave a tensor alone.
  ///
  /// @return null if they do not
  @Nullable String leftOut(String tensor) {
    for (NamePattern pattern : exclude) {
      if (pattern.matches(tensor)) {
        return "excluded by '%s'".formatted(pattern);
      }
    }
    return include.isEmpty() || isIncluded(tensor) ? null : "not among those included";
  }

  /// Rejects patterns that have no effect.
  ///
  /// @param layers all layers of the network
  /// @throws IllegalArgumentException if a pattern matches no weights, or one of `include` matches
  ///     only weights that cannot be pruned: gives the reason, or lists similar names
  void requireMeaning(List<Layer> layers) {
    List<String> names = layers.stream().map(Layer::tensor).toList();
    include.forEach(pattern -> requireMatch(ModelOption.INCLUDE, pattern, names));
    exclude.forEach(pattern -> requireMatch(ModelOption.EXCLUDE, pattern, names));
    for (NamePattern pattern : include) {
      List<Layer> meant = layers.stream().filter(l -> pattern.matches(l.tensor())).toList();
      if (meant.stream().noneMatch(Layer::isPrunable)) {
        Layer first = meant.getFirst();
        throw new IllegalArgumentException(
            "%s '%s': '%s' cannot be pruned: %s"
                .formatted(
                    ModelOption.INCLUDE, pattern, first.tensor(), first.notPrunableReason()));
      }
    }
  }

  /// Rejects a pattern that matches no name.
  ///
  /// @param option option that it was given with, as messages name it
  /// @throws IllegalArgumentException if no name matches: lists similar ones
  public static void requireMatch(Enum<?> option, NamePattern pattern, List<String> names) {
    if (names.stream().noneMatch(pattern::matches)) {
      throw new IllegalArgumentException(
          "%s '%s' matches no weights.%nNear names: %s. 'inspect' lists all; * stands for any text."
              .formatted(option, pattern, String.join(", ", near(pattern.text(), names))));
    }
  }

  /// Returns names that the user may have mistyped, nearest first.
  public static List<String> near(String text, List<String> names) {
    String wanted = text.toLowerCase(Locale.ROOT).replace("*", "").replace("?", "");
    var sorted = new ArrayList<>(names);
    sorted.sort(Comparator.comparingInt(name -> distance(wanted, name.toLowerCase(Locale.ROOT))));
    return sorted.subList(0, Math.min(NEAR_NAMES, sorted.size()));
  }

  /// Returns the least number of edits that turn a text into some part of a name, so that a
  /// fragment of a name is near it.
  private static int distance(String text, String name) {
    var previous = new int[name.length() + 1];
    for (int i = 1; i <= text.length(); i++) {
      var next = new int[name.length() + 1];
      next[0] = i;
      for (int j = 1; j <= name.length(); j++) {
        int replaced = previous[j - 1] + (text.charAt(i - 1) == name.charAt(j - 1) ? 0 : 1);
        next[j] = Math.min(replaced, Math.min(previous[j], next[j - 1]) + 1);
      }
      previous = next;
    }
    int least = text.length();
    for (int edits : previous) {
      least = Math.min(least, edits);
    }
    return least;
  }
}
