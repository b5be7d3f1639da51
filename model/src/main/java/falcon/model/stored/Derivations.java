package falcon.model.stored;

import falcon.model.Network;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The values of a network that steps which can be undone make of constants.
final class Derivations {
  /// Greatest number of nodes and constants in the tree of a value that is followed; trees are
  /// walked by recursion, and the same value may be in one many times.
  private static final int MOST_NODES = 1_000;

  private final Network network;
  private final StepReader reader;
  private final Map<String, Derivation> byValue = new HashMap<>();
  private final Map<List<Object>, Integer> keys = new HashMap<>();

  Derivations(Network network) {
    this.network = network;
    reader = new StepReader(new Constants(network, byValue::get));
    network
        .initializers()
        .forEach((name, tensor) ->
            byValue.put(name, new Derivation.Source(name, Form.of(tensor), key(List.of(name)))));
    network.nodes().forEach(this::add);
  }

  /// Returns how a value is made.
  ///
  /// @return null if it depends on the network's inputs, or is made in a way that is not followed
  @Nullable Derivation of(String value) {
    return byValue.get(value);
  }

  /// Returns whether an operand of a node is followed to what the node makes, so that a change of
  /// the operand changes weights alone.
  boolean isFollowed(Node node, int operand) {
    return node.outputs().stream()
        .map(byValue::get)
        .anyMatch(made ->
            switch (made) {
              case null -> false;
              case Derivation.Source _ -> false;
              case Derivation.Joined _ -> true;
              case Derivation.Made by -> by.from().value().equals(node.inputs().get(operand));
            });
  }

  private int key(List<Object> way) {
    return keys.computeIfAbsent(way, _ -> keys.size());
  }

  private void add(Node node) {
    if (node.is("Concat") && node.outputs().size() == 1) {
      join(node);
      return;
    }
    for (int output = 0; output < node.outputs().size() && StepReader.isKnown(node); output++) {
      for (int operand = 0; operand < node.inputs().size(); operand++) {
        String input = node.inputs().get(operand);
        Derivation from = byValue.get(input);
        boolean isReadOnce = node.inputs().indexOf(input) == node.inputs().lastIndexOf(input);
        Link link =
            from == null || from.nodes() >= MOST_NODES || !isReadOnce
                ? null
                : reader.read(node, output, operand, from.form());
        if (from != null && link != null && !link.value().isEmpty()) {
          int key = key(List.of(from.key(), link.key()));
          byValue.put(link.value(), new Derivation.Made(link, from, key));
          break;
        }
      }
    }
  }

  private void join(Node node) {
    var parts = new ArrayList<Derivation>();
    int nodes = 1;
    for (String input : node.inputs()) {
      Derivation part = byValue.get(input);
      if (part == null || nodes + part.nodes() > MOST_NODES) {
        return;
      }
      nodes += part.nodes();
      parts.add(part);
    }
    Form first = parts.isEmpty() ? null : parts.getFirst().form();
    int axis =
        first == null ? -1 : SelectionReader.axis(node.integer("axis", 0), first.shape().size());
    if (first == null || axis < 0) {
      return;
    }
    long size = 0;
    var sources = new LinkedHashSet<String>();
    for (Derivation part : parts) {
      if (part.form().type() != first.type()
          || !without(axis, part.form().shape()).equals(without(axis, first.shape()))) {
        return;
      }
      size = Math.addExact(size, part.form().shape().get(axis));
      part.addSources(sources);
    }
    var shape = new ArrayList<>(first.shape());
    shape.set(axis, size);
    if (elements(shape) > elementsOf(sources)) {
      return; // it holds elements twice
    }
    var way = new ArrayList<Object>(List.of("Concat", axis));
    parts.forEach(part -> way.add(part.key()));
    byValue.put(
        node.outputs().getFirst(),
        new Derivation.Joined(
            node, new Form(first.type(), shape), axis, List.copyOf(parts), key(way)));
  }

  private long elementsOf(Set<String> sources) {
    long all = 0;
    for (String source : sources) {
      all += network.tensor(source).size();
    }
    return Math.min(all, Integer.MAX_VALUE);
  }

  private static long elements(List<Long> shape) {
    long all = 1;
    for (long size : shape) {
      all = Math.multiplyExact(all, size);
    }
    return all;
  }

  private static List<Long> without(int axis, List<Long> shape) {
    var others = new ArrayList<>(shape);
    return axis < others.size() && others.remove(axis) != null ? others : List.of(-1L);
  }
}
