package falcon.runtime.kernel;

import falcon.runtime.loop.EndLoop;
import falcon.runtime.loop.KernelSource;
import falcon.runtime.loop.RowItem;
import falcon.runtime.loop.RowKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A layer with positions in the lanes: tile by tile, chunk by chunk of input channels, output
/// channel by output channel.
final class TiledProgram implements LayerProgram {
  /// Records times vectors of a part at least; fewer are not worth a second thread.
  private static final long PART_WORK = 20_000;

  /// Bytes of sums of one channel after another that are finished together, while in the cache.
  private static final int END_BYTES = 8 * 1024;

  /// Parts at most.
  private static final int MOST_PARTS = 16;

  private final LayerPlan plan;
  private final Layouts layouts;
  private final EndLoop.Function function;
  private final boolean hasEnd;
  private final Streams streams;
  private final Masks masks;
  private final Cut cut;
  private final Tiles.Tile[] tiles;

  /// @param keep address of the mask of outputs
  /// @param hasJunk whether it clears any
  private record Masks(long keep, boolean hasJunk) {}

  /// @param tiles parts of the list of tiles of all blocks of images
  /// @param items parts of the list of items
  private record Cut(int tiles, int items) {}

  private TiledProgram(
      LayerPlan plan, Layouts layouts, Epilogue epilogue, Streams streams, Masks masks) {
    this.plan = plan;
    this.layouts = layouts;
    function = epilogue.function();
    hasEnd = epilogue.hasEnd() || masks.hasJunk();
    this.streams = streams;
    this.masks = masks;
    this.tiles = plan.tiles().tiles().toArray(Tiles.Tile[]::new);
    this.cut = cut();
  }

  static TiledProgram of(
      LayerWeights weights, Epilogue epilogue, Layouts layouts, LayerPlan plan, Arena arena) {
    Streams streams =
        new Streams.Writer(weights, layouts, plan.choice()).write(arena, epilogue, plan.channels());
    Masks masks = masks(weights.shape(), layouts, plan, arena);
    var program = new TiledProgram(plan, layouts, epilogue, streams, masks);
    streams.check(program.highestOffset());
    return program;
  }

  /// Writes the mask that keeps outputs and clears junk.
  private static Masks masks(ConvolutionShape shape, Layouts layouts, LayerPlan plan, Arena arena) {
    int entries = plan.tiles().keep();
    MemorySegment mask = arena.allocate((long) entries * Float.BYTES, PlaneLayout.ALIGNMENT);
    PlaneLayout output = layouts.output();
    boolean hasJunk = false;
    for (int i = 0; i < entries; i++) {
      boolean isOutput =
          output.lanes() > 1
              || (i % output.rowPitch() < shape.columns().outputs()
                  && i / output.rowPitch() < shape.rows().outputs());
      mask.setAtIndex(ValueLayout.JAVA_INT, i, isOutput ? -1 : 0);
      hasJunk |= !isOutput;
    }
    return new Masks(mask.address(), hasJunk);
  }

  /// Returns the greatest offset of a record with which no tile of any image reads behind the
  /// input.
  ///
  /// @throws IllegalStateException if a tile reads in front of the input, or writes outside of the
  ///     output
  private long highestOffset() {
    long vector = plan.bits() / Byte.SIZE;
    long input = start(layouts.input(), layouts.input().blocks() - 1);
    long output = start(layouts.output(), layouts.output().blocks() - 1);
    long plane =
        (long) (layouts.output().extent().channels() - 1)
            * layouts.output().planePitch()
            * layouts.output().lanes()
            * Float.BYTES;
    KernelSource.Steps steps = plan.tiles().steps();
    long read = 0;
    long written = 0;
    for (Tiles.Tile tile : tiles) {
      long more = tile.vectors() - 1L;
      read = Math.max(read, tile.input() + more * Math.max(steps.input(), vector) + vector);
      written = Math.max(written, tile.output() + more * Math.max(steps.output(), vector) + vector);
    }
    if (start(layouts.input(), 0) + streams.lowest() < 0
        || output + plane + written > layouts.output().bytes()) {
      throw new IllegalStateException("%s are too small for their tiles".formatted(layouts));
    }
    return layouts.input().bytes() - input - streams.lowest() - read;
  }

  /// Returns the bytes in front of the first element of plane 0 of a block of images.
  private static long start(PlaneLayout layout, int block) {
    return (block * layout.blockPitch() + layout.offset(0, 0, 0, 0)) * Float.BYTES;
  }

  private Cut cut() {
    int items = streams.blocks() + streams.singles();
    int allTiles = tiles.length * layouts.output().blocks();
    int parts = Math.clamp((long) (plan.cost() / PART_WORK), 1, MOST_PARTS);
    int ofTiles = Math.min(parts, allTiles);
    return new Cut(ofTiles, Math.min(items, Math.ceilDiv(parts, ofTiles)));
  }

  @Override
  public int parts() {
    return cut.tiles() * cut.items();
  }

  @Override
  public long streamBytes() {
    return streams.bytes();
  }

  @Override
  public void run(long input, long residual, long output, int part) {
    int allTiles = tiles.length * layouts.output().blocks();
    int items = streams.blocks() + streams.singles();
    int column = part % cut.items();
    int row = part / cut.items();
    int from = bound(items, column, cut.items());
    int to = bound(items, column + 1, cut.items());
    int end = bound(allTiles, row + 1, cut.tiles());
    for (int t = bound(allTiles, row, cut.tiles()); t < end; t++) {
      Tiles.Tile tile = tiles[t % tiles.length];
      int block = t / tiles.length;
      long x = input + start(layouts.input(), block) + streams.lowest() + tile.input();
      long place = start(layouts.output(), block) + tile.output();
      runTile(tile, x, residual == 0 ? 0 : residual + place, output + place, from, to);
    }
  }

  private static int bound(int count, int part, int parts) {
    return (int) ((long) count * part / parts);
  }

  /// @param from first item
  /// @param to end of the items
  private void runTile(Tiles.Tile tile, long input, long residual, long output, int from, int to) {
    int last = streams.chunks() - 1;
    for (int chunk = 0; chunk < last; chunk++) {
      sum(tile, chunk, input, output, from, to);
    }
    int step = Math.max(1, END_BYTES / (tile.vectors() * plan.bits() / Byte.SIZE));
    for (int item = from; item < to; item += step) {
      int end = Math.min(to, item + step);
      sum(tile, last, input, output, item, end);
      if (hasEnd) {
        end(tile, output, residual == 0 ? 0 : residual - output, item, end);
      }
    }
  }

  private void sum(Tiles.Tile tile, int chunk, long input, long output, int from, int to) {
    RowKernels.Loops loops = chunk == 0 ? plan.kernels().first() : plan.kernels().next();
    int blocks = Math.clamp((long) streams.blocks() - from, 0, to - from);
    if (blocks > 0) {
      loops.blocks().run(tile.vectors(), streams.item(chunk, from), blocks, input, output);
    }
    if (blocks < to - from) {
      long items = streams.item(chunk, from + blocks);
      loops.scattered().run(tile.vectors(), items, to - from - blocks, input, output);
    }
  }

  private void end(Tiles.Tile tile, long output, long residual, int from, int to) {
    long keep = masks.keep() + tile.keep();
    int blocks = Math.clamp((long) streams.blocks() - from, 0, to - from);
    EndLoop loop = plan.kernels().end();
    int vectors = tile.vectors();
    loop.run(
        function, vectors, streams.item(0, from), blocks, RowItem.BLOCK, output, residual, keep);
    loop.run(
        function,
        vectors,
        streams.item(0, from + blocks),
        to - from - blocks,
        1,
        output,
        residual,
        keep);
  }
}
