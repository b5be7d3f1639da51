package falcon.budget;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The cost of the prunable weights of a network, layer by layer.
///
/// All prunable weights are numbered in one sequence, layers in graph order: weight `i` of layer
/// `l` has the index `l.offset() + i`. All weights of a layer cost the same; layers of equal cost
/// form one *cost class*. What weights cost in resources besides NNZ and MACs is in [#further],
/// where costs may differ inside a layer. It is immutable and safe to share between threads.
public final class CostTable {
  /// One prunable layer.
  ///
  /// @param name its name, unique within the table
  /// @param offset index of its first weight among all prunable weights
  /// @param count number of weights, one or more
  /// @param macsPerWeight multiply-accumulates of one example that one kept weight costs, zero or
  ///     more (zero: the weight counts against the NNZ budget alone)
  public record Layer(String name, int offset, int count, long macsPerWeight) {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if a number is out of its range
    public Layer {
      if (offset < 0 || count < 1 || macsPerWeight < 0) {
        throw new IllegalArgumentException(
            "layer '%s': offset %d, count %d and MACs per weight %d must be at least 0, 1 and 0"
                .formatted(name, offset, count, macsPerWeight));
      }
    }

    /// Returns the index after its last weight.
    public int end() {
      return Math.addExact(offset, count);
    }

    /// Returns the multiply-accumulates of one example when every weight is kept.
    public long macs() {
      return Math.multiplyExact(count, macsPerWeight);
    }
  }

  private final List<Layer> layers;
  private final Map<String, Layer> layersByName = new HashMap<>();
  private final int weightCount;
  private final long totalMacs;
  private final ResourceTable further;

  private CostTable(List<Layer> layers, @Nullable ResourceTable furtherCosts) {
    this.layers = List.copyOf(layers);
    int nextOffset = 0;
    long macs = 0;
    for (Layer layer : this.layers) {
      if (layer.offset() != nextOffset) {
        throw new IllegalArgumentException(
            "layer '%s' starts at weight %d, but the layers before it end at %d; layers follow one another without gaps"
                .formatted(layer.name(), layer.offset(), nextOffset));
      }
      if (layersByName.put(layer.name(), layer) != null) {
        throw new IllegalArgumentException("two layers are named '%s'".formatted(layer.name()));
      }
      nextOffset = layer.end();
      macs = Math.addExact(macs, layer.macs());
    }
    weightCount = nextOffset;
    totalMacs = macs;
    further = furtherCosts == null ? ResourceTable.NONE : furtherCosts;
    if (!further.resources().isEmpty()) {
      refuseOtherLayers(further);
    }
  }

  private void refuseOtherLayers(ResourceTable table) {
    boolean isSame = table.layers().size() == layers.size();
    for (int l = 0; isSame && l < layers.size(); l++) {
      isSame =
          table.layers().get(l).name().equals(layers.get(l).name())
              && table.layers().get(l).count() == layers.get(l).count();
    }
    if (!isSame) {
      throw new IllegalArgumentException("%s is not of the layers of %s".formatted(table, this));
    }
  }

  /// Returns the table of layers that follow one another without gaps, the first at offset 0.
  ///
  /// @throws IllegalArgumentException if there is a gap or an overlap, or a name occurs twice
  /// @throws ArithmeticException if the weights overflow an `int` or the MACs a `long`
  public static CostTable of(List<Layer> layers) {
    return new CostTable(layers, null);
  }

  /// Returns the same layers with costs in further resources.
  ///
  /// @param value of the same layers
  /// @throws IllegalArgumentException if it is of other layers
  public CostTable withFurther(ResourceTable value) {
    return new CostTable(layers, value);
  }

  /// Returns an empty builder, which computes the offsets.
  public static Builder builder() {
    return new Builder();
  }

  /// Returns the layers in graph order; unmodifiable.
  public List<Layer> layers() {
    return layers;
  }

  /// Returns the layer of a name, or null if the table has none.
  public @Nullable Layer layer(String name) {
    return layersByName.get(name);
  }

  /// Returns the number of prunable weights, p.
  public int weightCount() {
    return weightCount;
  }

  /// Returns the multiply-accumulates of one example when every prunable weight is kept.
  public long totalMacs() {
    return totalMacs;
  }

  /// Returns the costs in resources besides NNZ and MACs; a table without resources if there are
  /// none.
  public ResourceTable further() {
    return further;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CostTable that
        && layers.equals(that.layers)
        && further.equals(that.further);
  }

  @Override
  public int hashCode() {
    return layers.hashCode();
  }

  @Override
  public String toString() {
    return "CostTable[%d layers, %d weights, %d MACs]"
        .formatted(layers.size(), weightCount, totalMacs);
  }

  /// Collects layers in graph order. It is not safe for use by several threads.
  public static final class Builder {
    private final List<Layer> layers = new ArrayList<>();
    private int nextOffset;

    private Builder() {}

    /// Appends a layer after the present ones.
    ///
    /// @param count number of weights, one or more
    /// @param macsPerWeight multiply-accumulates of one weight, zero or more
    /// @throws ArithmeticException if all weights together overflow an `int`
    public Builder layer(String name, int count, long macsPerWeight) {
      Layer layer = new Layer(name, nextOffset, count, macsPerWeight);
      nextOffset = layer.end();
      layers.add(layer);
      return this;
    }

    /// Returns the table of the layers appended so far.
    ///
    /// @throws IllegalArgumentException if a name occurs twice
    public CostTable build() {
      return new CostTable(layers, null);
    }
  }
}
