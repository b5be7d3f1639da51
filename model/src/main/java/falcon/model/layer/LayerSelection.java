package falcon.model.layer;

import falcon.model.ModelOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Which layers the user wants pruned.
///
/// @param include tensors to prune, embeddings too; empty: all weights of convolutions, linear and
///     recurrent layers
/// @param exclude tensors to leave alone, whatever `include` says
public record LayerSelection(List<NamePattern> include, List<NamePattern> exclude) {
  /// Everything that is prunable without being asked for by name.
  public static final LayerSelection DEFAULT = new LayerSelection(List.of(), List.of());

  /// How many near names a message lists.
  private static final int NEAR_NAMES = 5;

  public LayerSelection {
    include = List.copyOf(include);
    exclude = List.copyOf(exclude);
  }

  /// A selection by patterns as they are typed.
  ///
  /// @throws IllegalArgumentException if one is empty
  public static LayerSelection of(List<String> include, List<String> exclude) {
    return new LayerSelection(
        include.stream().map(NamePattern::new).toList(),
        exclude.stream().map(NamePattern::new).toList());
  }

  /// Whether a tensor is asked for by name.
  boolean isIncluded(String tensor) {
    return include.stream().anyMatch(pattern -> pattern.matches(tensor));
  }

  /// Why the user's patterns leave a tensor alone.
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

  /// Refuses patterns that mean nothing.
  ///
  /// @param layers all of the network
  /// @throws IllegalArgumentException if a pattern matches no weights, or one of `include` only
  ///     such as cannot be pruned: says why, or lists near names
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

  /// Refuses a pattern that matches no name.
  ///
  /// @param option that it was given with, as messages name it
  /// @throws IllegalArgumentException if no name matches: lists near ones
  public static void requireMatch(Enum<?> option, NamePattern pattern, List<String> names) {
    if (names.stream().noneMatch(pattern::matches)) {
      throw new IllegalArgumentException(
          "%s '%s' matches no weights.%nNear names: %s. 'inspect' lists all; * stands for any text."
              .formatted(option, pattern, String.join(", ", near(pattern.text(), names))));
    }
  }

  /// Names that a typing error may have meant, nearest first.
  private static List<String> near(String text, List<String> names) {
    String wanted = text.toLowerCase(Locale.ROOT).replace("*", "").replace("?", "");
    var sorted = new ArrayList<>(names);
    sorted.sort(Comparator.comparingInt(name -> distance(wanted, name.toLowerCase(Locale.ROOT))));
    return sorted.subList(0, Math.min(NEAR_NAMES, sorted.size()));
  }

  /// Edits that turn a text into some part of a name, so that a piece of a name is near it.
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
