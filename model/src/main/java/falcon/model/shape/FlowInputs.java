package falcon.model.shape;

import falcon.model.GraphOrder;
import falcon.model.Network;
import falcon.model.Node;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/// The inputs of a network whose values decide what a node of control flow runs.
final class FlowInputs {
  private FlowInputs() {}

  /// Returns the names of the inputs for a message: `input 'sr'`; empty if none decides by its
  /// values, or all of them do: none would be left for samples if they were fixed.
  static String of(Network network, Node flow) {
    var deciding = new ArrayDeque<String>();
    int count = flow.is("If") ? 1 : 2;
    for (int i = 0; i < count; i++) {
      String input = flow.input(i);
      if (input != null) {
        deciding.add(input);
      }
    }
    var seen = new HashSet<String>();
    while (!deciding.isEmpty()) {
      String value = deciding.pop();
      Node maker = seen.add(value) ? network.producer(value) : null;
      if (maker != null && !maker.is("Shape") && !maker.is("Size")) {
        deciding.addAll(GraphOrder.valuesRead(maker));
      }
    }
    List<String> names =
        network.inputs().stream()
            .map(input -> "'" + input.name() + "'")
            .filter(name -> seen.contains(name.substring(1, name.length() - 1)))
            .toList();
    return names.isEmpty() || names.size() == network.inputs().size()
        ? ""
        : (names.size() == 1 ? "input " : "inputs ")
            + names.stream().collect(Collectors.joining(", "));
  }
}
