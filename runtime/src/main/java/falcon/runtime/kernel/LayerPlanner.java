package falcon.runtime.kernel;

import falcon.runtime.loop.KernelSource;
import falcon.runtime.loop.RowItem;
import falcon.runtime.loop.RowKernels;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Chooses kernel, tiles and chunks by estimated cost.
///
/// Costs are in multiplications of a vector of [PlaneLayout#IMAGES] float32; their constants were
/// fitted to `docs/results/runtime.md`. The rule that follows: blocks where four neighbouring
/// output channels share most of their places, or more than about half of all weights are kept.
final class LayerPlanner {
  /// Bytes of input that a tile may touch so that it stays in the first-level cache.
  private static final long CACHE_BYTES = 24 * 1024;

  /// Fewest kept weights of an output channel in a chunk: sums are loaded and stored once per
  /// chunk.
  private static final double CHUNK_RECORDS = 12;

  /// Most vectors of a tile whose input channels are cut into chunks.
  private static final int CHUNKED_VECTORS = 8;

  /// Cost of a weight at one vector of positions: the load takes longer than the multiplication.
  private static final double UNALIGNED = 2.0;

  /// The same with images in the lanes, where no load crosses a cache line.
  private static final double ALIGNED = 1.6;

  /// Cost of four weights at one vector of positions.
  private static final double BLOCK = 4.2;

  /// Cost of a record however many vectors there are.
  private static final double RECORD = 2;

  /// Cost of an output vector: stored, loaded, finished and stored.
  private static final double OUTPUT = 3;

  /// Cost of an item however many vectors there are.
  private static final double ITEM = 15;

  /// Cost of a kept weight of a product with one vector.
  private static final double POINT_KEPT = 1.6;

  /// Cost of a weight of a dense product with one vector.
  private static final double POINT_DENSE = 0.22;

  private final KernelSource source;
  private final int bits;

  LayerPlanner(KernelSource source) {
    this(source, source.widths().getFirst());
  }

  /// @param bits width of vectors, one of the source's
  LayerPlanner(KernelSource source, int bits) {
    this.source = source;
    this.bits = bits;
  }

  /// Returns the cheapest plan for the kernel, or of all kernels.
  LayerPlan plan(LayerWeights weights, Layouts layouts, LayerChoice wanted) {
    return layouts.isPoint()
        ? pointPlan(weights, layouts, wanted)
        : tiledPlan(weights, layouts, wanted);
  }

  /// One vector per image: a kept weight costs an instruction each; a dense matrix costs the time
  /// of its bytes. There are no blocks; a layer with several groups is scattered.
  private LayerPlan pointPlan(LayerWeights weights, Layouts layouts, LayerChoice wanted) {
    RowKernels kernels = source.kernels(bits, KernelSource.Steps.TOUCHING);
    int images = layouts.input().extent().images();
    double scattered = weights.kept() * POINT_KEPT * images;
    double dense = weights.shape().weights() * POINT_DENSE * images;
    boolean isScattered =
        weights.shape().groups() > 1
            || wanted == LayerChoice.SCATTERED
            || (wanted == LayerChoice.AUTO && scattered <= dense);
    return new LayerPlan(
        isScattered ? LayerChoice.SCATTERED : LayerChoice.DENSE,
        bits,
        kernels,
        new Tiles(List.of(), KernelSource.Steps.TOUCHING, 0),
        weights.inputsOfGroup(),
        isScattered ? scattered : dense,
        isScattered ? dense : scattered);
  }

  private LayerPlan tiledPlan(LayerWeights weights, Layouts layouts, LayerChoice wanted) {
    List<LayerPlan> plans =
        Stream.of(LayerChoice.SCATTERED, LayerChoice.DENSE, LayerChoice.BLOCKS)
            .map(choice -> planOf(weights, layouts, choice))
            .sorted(Comparator.comparingDouble(LayerPlan::cost))
            .toList();
    LayerPlan best =
        plans.stream()
            .filter(plan -> wanted == LayerChoice.AUTO || plan.choice() == wanted)
            .findFirst()
            .orElseThrow();
    double other =
        plans.stream()
            .filter(plan -> plan.choice() != best.choice())
            .mapToDouble(LayerPlan::cost)
            .min()
            .orElseThrow();
    return best.withOtherCost(other);
  }

  private LayerPlan planOf(LayerWeights weights, Layouts layouts, LayerChoice choice) {
    RowKernels kernels = source.kernels(bits, Tiles.steps(weights.shape(), layouts));
    Records records = Records.of(weights, choice);
    int channels = chunk(weights, layouts, records);
    boolean isChunked = channels < weights.inputsOfGroup();
    int[] vectors =
        kernels.vectors(
            choice != LayerChoice.SCATTERED, isChunked ? CHUNKED_VECTORS : Integer.MAX_VALUE);
    Tiles tiles = Tiles.of(weights.shape(), layouts, kernels, vectors);
    double cost = 0;
    for (Tiles.Tile tile : tiles.tiles()) {
      cost += records.cost(tile.vectors(), layouts.input().lanes() > 1);
    }
    cost *= (double) kernels.lanes() / PlaneLayout.IMAGES * layouts.output().blocks();
    return new LayerPlan(choice, bits, kernels, tiles, channels, cost, cost);
  }

  /// Returns the input channels of a chunk: few enough that their part of a tile stays in the cache
  /// for all output channels. Blocks are not bound by loads and need no chunks.
  private int chunk(LayerWeights weights, Layouts layouts, Records records) {
    int inputs = weights.inputsOfGroup();
    long tile = (long) CHUNKED_VECTORS * bits / Byte.SIZE;
    long more = weights.shape().rows().window().size() - 1L;
    long row = (long) layouts.input().rowPitch() * layouts.input().lanes() * Float.BYTES;
    long touched = tile + more * Math.min(row, tile);
    double perChannel = (double) records.singles() / records.items() / inputs;
    double least = CHUNK_RECORDS / Math.max(perChannel, Double.MIN_NORMAL);
    double chunk = Math.max((double) CACHE_BYTES / touched, least);
    return records.blocks() > 0 || chunk * 1.5 >= inputs ? inputs : Math.max(1, (int) chunk);
  }

  /// The records of a layer.
  ///
  /// @param blocks records with four weights
  /// @param singles records with one weight
  /// @param items blocks of output channels, and other output channels
  /// @param outputs output channels
  private record Records(long blocks, long singles, long items, long outputs) {
    static Records of(LayerWeights weights, LayerChoice choice) {
      long inBlocks = weights.blockOutputs();
      long outputs = weights.shape().outputs();
      long blocks = inBlocks / RowItem.BLOCK;
      long items = outputs - inBlocks + blocks;
      return switch (choice) {
        case AUTO, SCATTERED -> new Records(0, weights.kept(), outputs, outputs);
        case BLOCKS -> new Records(weights.keptBlocks(), weights.keptBeside(), items, outputs);
        case DENSE ->
            new Records(
                blocks * weights.shape().weightsOfOutput(), weights.keptBeside(), items, outputs);
      };
    }

    /// Returns the cost in a tile.
    double cost(int vectors, boolean isAligned) {
      double load = isAligned ? ALIGNED : UNALIGNED;
      return singles * (Math.max(vectors, Tiles.LATENCY) * load + RECORD)
          + blocks * (vectors * BLOCK + RECORD)
          + outputs * vectors * OUTPUT
          + items * ITEM;
    }
  }
}
