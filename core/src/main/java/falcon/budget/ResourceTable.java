package falcon.budget;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// The cost of the prunable weights of a network in any number of resources: weights, MACs, bytes,
/// measured time, …
///
/// [CostTable] is the common case of two resources (NNZ and MACs) with equal costs inside a layer.
/// Here each layer has a [CostPattern] instead. Costs are whole numbers of zero or more in a unit
/// of the caller's choice; measured times go in as nanoseconds. Instances are immutable and safe to
/// share between threads.
public final class ResourceTable {
  /// A table of no resources and no layers.
  public static final ResourceTable NONE = builder().build();

  /// One prunable layer.
  ///
  /// @param name its name, unique within the table
  /// @param offset index of its first weight among all prunable weights
  /// @param count number of weights, one or more
  /// @param pattern cost of each weight
  public record Layer(String name, int offset, int count, CostPattern pattern) {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if a number is out of its range
    public Layer {
      if (offset < 0 || count < 1) {
        throw new IllegalArgumentException(
            "layer '%s': offset %d and count %d must be at least 0 and 1"
                .formatted(name, offset, count));
      }
    }

    /// Returns the index after its last weight.
    public int end() {
      return Math.addExact(offset, count);
    }
  }

  private final List<String> resources;
  private final List<Layer> layers;
  private final int weightCount;

  private ResourceTable(List<String> resources, List<Layer> layers) {
    this.resources = List.copyOf(resources);
    this.layers = List.copyOf(layers);
    refuseRepeated("resource", this.resources);
    refuseRepeated("layer", this.layers.stream().map(Layer::name).toList());
    weightCount = layers.isEmpty() ? 0 : layers.getLast().end();
    for (int r = 0; r < resources.size(); r++) {
      total(r);
    }
  }

  private static void refuseRepeated(String what, List<String> names) {
    var seen = new HashSet<String>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new IllegalArgumentException("two %ss are named '%s'".formatted(what, name));
      }
    }
  }

  /// Returns a cost table as a table of the two resources `nnz` and `macs`.
  public static ResourceTable of(CostTable costs) {
    Builder builder = builder("nnz", "macs");
    for (CostTable.Layer layer : costs.layers()) {
      builder.layer(layer.name(), layer.count(), CostPattern.same(1, layer.macsPerWeight()));
    }
    return builder.build();
  }

  /// Returns a cost table with its further resources as a table of `nnz`, `macs` and these.
  public static ResourceTable ofAll(CostTable costs) {
    ResourceTable further = costs.further();
    var names = new ArrayList<>(List.of("nnz", "macs"));
    names.addAll(further.resources());
    Builder builder = builder(names.toArray(String[]::new));
    for (int l = 0; l < costs.layers().size(); l++) {
      CostTable.Layer layer = costs.layers().get(l);
      CostPattern pattern =
          further.resources().isEmpty()
              ? CostPattern.same(1, layer.macsPerWeight())
              : further.layers().get(l).pattern().prefixed(1, layer.macsPerWeight());
      builder.layer(layer.name(), layer.count(), pattern);
    }
    return builder.build();
  }

  /// Returns an empty builder.
  ///
  /// @param resources names of the resources, in the order in which costs and limits are given
  public static Builder builder(String... resources) {
    return new Builder(List.of(resources));
  }

  /// Returns the names of the resources; unmodifiable.
  public List<String> resources() {
    return resources;
  }

  /// Returns the layers in graph order; unmodifiable.
  public List<Layer> layers() {
    return layers;
  }

  /// Returns the number of prunable weights, p.
  public int weightCount() {
    return weightCount;
  }

  /// Returns the use of a resource by all weights together.
  public long total(int resource) {
    long total = 0;
    for (Layer layer : layers) {
      int[] counts = layer.pattern().countByKind(layer.count());
      for (int kind = 0; kind < counts.length; kind++) {
        long cost = layer.pattern().cost(kind, resource);
        total = Math.addExact(total, Math.multiplyExact(counts[kind], cost));
      }
    }
    return total;
  }

  /// Returns the use of a resource by the kept weights.
  ///
  /// @throws IllegalArgumentException if the mask is of another number of weights
  public long used(Mask mask, int resource) {
    if (mask.weightCount() != weightCount) {
      throw new IllegalArgumentException(
          "mask of %d weights, costs of %d".formatted(mask.weightCount(), weightCount));
    }
    long used = 0;
    for (Layer layer : layers) {
      CostPattern pattern = layer.pattern();
      if (pattern.kindCount() == 1) {
        used += mask.keptCount(layer.offset(), layer.end()) * pattern.cost(0, resource);
        continue;
      }
      for (int i = mask.nextKept(layer.offset()); i < layer.end(); i = mask.nextKept(i + 1)) {
        used += pattern.cost(pattern.kindOf(i - layer.offset()), resource);
      }
    }
    return used;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ResourceTable that
        && resources.equals(that.resources)
        && layers.equals(that.layers);
  }

  @Override
  public int hashCode() {
    return 31 * resources.hashCode() + layers.hashCode();
  }

  @Override
  public String toString() {
    return "ResourceTable[%s, %d layers, %d weights]"
        .formatted(String.join(", ", resources), layers.size(), weightCount);
  }

  /// Collects layers in graph order. It is not safe for use by several threads.
  public static final class Builder {
    private final List<String> resources;
    private final List<Layer> layers = new ArrayList<>();
    private int nextOffset;

    private Builder(List<String> resources) {
      this.resources = resources;
    }

    /// Appends a layer whose weights all cost the same.
    ///
    /// @param count number of weights, one or more
    /// @param costs `[R]`, what one of them costs of each resource, zero or more; copied
    /// @throws IllegalArgumentException if a number is out of its range or the number of costs is
    ///     not that of the resources
    /// @throws ArithmeticException if all weights together overflow an `int`
    public Builder layer(String name, int count, long... costs) {
      return layer(name, count, CostPattern.same(costs));
    }

    /// Appends a layer after the present ones.
    ///
    /// @param count number of weights, one or more
    /// @param pattern cost of each weight
    /// @throws IllegalArgumentException if a number is out of its range or the pattern is of
    ///     another number of resources
    /// @throws ArithmeticException if all weights together overflow an `int`
    public Builder layer(String name, int count, CostPattern pattern) {
      if (pattern.resourceCount() != resources.size()) {
        throw new IllegalArgumentException(
            "layer '%s' has costs in %d resources, the table in %d (%s)"
                .formatted(
                    name, pattern.resourceCount(), resources.size(), String.join(", ", resources)));
      }
      Layer layer = new Layer(name, nextOffset, count, pattern);
      nextOffset = layer.end();
      layers.add(layer);
      return this;
    }

    /// Returns the table of the layers appended so far.
    ///
    /// @throws IllegalArgumentException if a name occurs twice
    /// @throws ArithmeticException if the total of a resource overflows a `long`
    public ResourceTable build() {
      return new ResourceTable(resources, layers);
    }
  }
}
