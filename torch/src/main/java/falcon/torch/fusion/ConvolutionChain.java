package falcon.torch.execution;

import falcon.model.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A convolution and what follows it and nothing else reads on the way: a BatchNormalization in eval mode,
/// the sum with another value, a ReLU; each of them may be missing. [FusedChain] computes them in one.
///
/// @param nodes numbers of the nodes, in running order
/// @param convolution the first of them
/// @param filters name of the initializer that holds them
/// @param bias name of the initializer, null if the convolution has none
/// @param normalized the convolution with its BatchNormalization, null without one
/// @param other value that is added, null without a sum
/// @param relu whether a ReLU is the last
record ConvolutionChain(
    List<Integer> nodes,
    Node convolution,
    String filters,
    @Nullable String bias,
    @Nullable NormalizedConvolution normalized,
    @Nullable String other,
    boolean relu) {
  /// @param origins as [NormalizedConvolution#origins] gives them
  /// @return all chains by their first node; no node is in two
  static Map<Integer, ConvolutionChain> byConvolution(
      GraphProgram program,
      Map<String, String> origins,
      Map<Integer, NormalizedConvolution> normalized) {
    Map<String, Integer> readers = readers(program);
    var taken = new HashSet<Integer>();
    var chains = new HashMap<Integer, ConvolutionChain>();
    // of two convolutions that are added up the later one takes the sum, so that it waits for
    // nothing
    for (int i = program.nodes().size() - 1; i >= 0; i--) {
      Node node = program.nodes().get(i);
      if (!node.is("Conv") || node.inputs().size() < 2) {
        continue;
      }
      String filters = origins.get(node.inputs().get(1));
      String bias = node.input(2) == null ? null : origins.get(node.input(2));
      if (filters != null && (bias != null || node.input(2) == null)) {
        var chain = new Growing(program, readers, taken, i);
        NormalizedConvolution pair = normalized.get(i);
        if (pair != null) {
          chain.append(pair.normalizationIndex());
        }
        String other = chain.appendSum();
        boolean relu = chain.appendRelu();
        taken.addAll(chain.nodes);
        chains.put(
            i,
            new ConvolutionChain(List.copyOf(chain.nodes), node, filters, bias, pair, other, relu));
      }
    }
    return chains;
  }

  /// The one node that reads a value, where there is but one.
  private static Map<String, Integer> readers(GraphProgram program) {
    var readers = new HashMap<String, Integer>();
    IntStream.range(0, program.nodes().size())
        .forEach(i ->
            program
                .nodes()
                .get(i)
                .inputs()
                .forEach(input -> readers.merge(input, i, (_, _) -> -1)));
    return readers;
  }

  /// Names of the initializers that it reads.
  List<String> initializers() {
    var names = new ArrayList<>(normalized == null ? List.of(filters) : normalized.initializers());
    if (normalized == null && bias != null) {
      names.add(bias);
    }
    names.removeIf(String::isEmpty);
    return names;
  }

  /// Values that are never made when the whole is computed in one.
  Stream<String> skipped(GraphProgram program) {
    return nodes.subList(0, nodes.size() - 1).stream()
        .map(node -> program.nodes().get(node).outputs().getFirst());
  }

  /// Number of the last node, whose turn is that of the whole.
  int last() {
    return nodes.getLast();
  }

  /// A chain while it is put together.
  private static final class Growing {
    private final GraphProgram program;
    private final Map<String, Integer> readers;
    private final Set<Integer> taken;
    private final List<Integer> nodes = new ArrayList<>();

    Growing(
        GraphProgram program, Map<String, Integer> readers, Set<Integer> taken, int convolution) {
      this.program = program;
      this.readers = readers;
      this.taken = taken;
      nodes.add(convolution);
    }

    void append(int node) {
      nodes.add(node);
    }

    /// @return the value that is added, null if the next node is no sum of two values
    @Nullable String appendSum() {
      int next = next("Add");
      if (next < 0) {
        return null;
      }
      List<String> terms = program.nodes().get(next).inputs();
      String other = terms.get(terms.getFirst().equals(end()) ? 1 : 0);
      append(next);
      return other;
    }

    boolean appendRelu() {
      int next = next("Relu");
      if (next >= 0) {
        append(next);
      }
      return next >= 0;
    }

    /// @return number of the node of that kind that alone reads the chain's end, −1 if there is none
    private int next(String kind) {
      int reader = program.uses(end()) == 1 ? readers.getOrDefault(end(), -1) : -1;
      return reader >= 0 && program.nodes().get(reader).is(kind) && !taken.contains(reader)
          ? reader
          : -1;
    }

    private String end() {
      return program.nodes().get(nodes.getLast()).outputs().getFirst();
    }
  }
}
