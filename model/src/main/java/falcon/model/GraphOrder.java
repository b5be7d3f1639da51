package falcon.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SequencedSet;
import java.util.Set;

/// Puts the nodes of a graph in an order in which they can be executed.
public final class GraphOrder {
  private GraphOrder() {}

  /// Sorts topologically; nodes whose order is free keep that of the list.
  ///
  /// @param given names of inputs and constants
  /// @throws IllegalArgumentException if a value is made twice, is read and never made, or depends
  ///     on itself
  static List<Node> sort(List<Node> nodes, Set<String> given, List<ValueInfo> outputs) {
    Map<String, Integer> makers = makers(nodes, given);
    for (ValueInfo output : outputs) {
      requireMade(output.name(), "graph output", makers, given);
    }
    int[] waitingFor = new int[nodes.size()];
    List<List<Integer>> readers = new ArrayList<>();
    nodes.forEach(_ -> readers.add(new ArrayList<>()));
    for (int i = 0; i < nodes.size(); i++) {
      var from = new HashSet<Integer>();
      for (String input : valuesRead(nodes.get(i))) {
        requireMade(input, nodes.get(i).label(), makers, given);
        Integer maker = makers.get(input);
        if (maker != null && from.add(maker)) {
          readers.get(maker).add(i);
        }
      }
      waitingFor[i] = from.size();
    }
    return inOrder(nodes, readers, waitingFor);
  }

  /// Returns the names of all values that a node needs, those of its subgraphs included.
  public static SequencedSet<String> valuesRead(Node node) {
    var read = new LinkedHashSet<String>();
    for (String input : node.inputs()) {
      if (!input.isEmpty()) {
        read.add(input);
      }
    }
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.GraphValue(Attribute.Subgraph body)) {
        addFree(body, read);
      } else if (attribute instanceof Attribute.GraphList(List<Attribute.Subgraph> bodies)) {
        bodies.forEach(body -> addFree(body, read));
      }
    }
    return read;
  }

  /// Adds the values that a body reads from the graph around it.
  private static void addFree(Attribute.Subgraph body, Set<String> read) {
    var own = new HashSet<String>(body.inputs());
    own.addAll(body.tensors().keySet());
    own.addAll(body.opaque().keySet());
    body.nodes().forEach(node -> own.addAll(node.outputs()));
    var free = new LinkedHashSet<String>(body.outputs());
    body.nodes().forEach(node -> free.addAll(valuesRead(node)));
    free.removeAll(own);
    read.addAll(free);
  }

  private static Map<String, Integer> makers(List<Node> nodes, Set<String> given) {
    var makers = new HashMap<String, Integer>();
    for (int i = 0; i < nodes.size(); i++) {
      for (String output : nodes.get(i).outputs()) {
        if (output.isEmpty()) {
          continue;
        }
        if (given.contains(output) || makers.putIfAbsent(output, i) != null) {
          throw new IllegalArgumentException(
              "%s makes value '%s', which exists already".formatted(nodes.get(i).label(), output));
        }
      }
    }
    return makers;
  }

  private static void requireMade(
      String value, String reader, Map<String, Integer> makers, Set<String> given) {
    if (!makers.containsKey(value) && !given.contains(value)) {
      throw new IllegalArgumentException(
          "%s needs value '%s', which nothing makes".formatted(reader, value));
    }
  }

  private static List<Node> inOrder(
      List<Node> nodes, List<List<Integer>> readers, int[] waitingFor) {
    var ready = new PriorityQueue<Integer>();
    for (int i = 0; i < waitingFor.length; i++) {
      if (waitingFor[i] == 0) {
        ready.add(i);
      }
    }
    var order = new ArrayList<Node>();
    while (!ready.isEmpty()) {
      int next = ready.remove();
      order.add(nodes.get(next));
      for (int reader : readers.get(next)) {
        if (--waitingFor[reader] == 0) {
          ready.add(reader);
        }
      }
    }
    if (order.size() < nodes.size()) {
      int stuck = 0;
      while (waitingFor[stuck] == 0) {
        stuck++;
      }
      throw new IllegalArgumentException(
          "%s depends on its own output, or on a node that does"
              .formatted(nodes.get(stuck).label()));
    }
    return List.copyOf(order);
  }
}
