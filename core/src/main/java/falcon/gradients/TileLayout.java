package falcon.gradients;

import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import falcon.kernel.RowPanel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The layout of a gradient matrix in memory or in a file: *tiles* of a few columns of one layer by
/// all rows, one after the other, each row-major.
///
/// Both products run over a tile from its first byte to its last, a block of rows is written as one
/// run of bytes per tile, and a range of columns is read as few long runs.
final class TileLayout {
  /// A tile: some columns of one layer, all rows.
  ///
  /// @param layer number of the layer
  /// @param from index of its first column among all weights
  /// @param columns number of columns
  /// @param offsetBytes offset at which the tile begins
  /// @param strideBytes distance from row to row
  record Tile(int layer, int from, int columns, long offsetBytes, long strideBytes) {
    /// Returns the index after its last column.
    int end() {
      return from + columns;
    }
  }

  private final int rows;
  private final FloatFormat format;
  private final List<CostTable.Layer> layers;
  private final List<Tile> tiles;
  private final int[] firstTileOfLayer;
  private final int weightCount;
  private final long byteSize;

  /// @param tileColumns greatest number of columns of a tile
  /// @param alignmentBytes alignment of a tile's rows, counted from the tile's start
  TileLayout(
      int rows,
      FloatFormat format,
      List<CostTable.Layer> layers,
      int tileColumns,
      int alignmentBytes) {
    this.rows = rows;
    this.format = format;
    this.layers = List.copyOf(layers);
    this.firstTileOfLayer = new int[layers.size() + 1];
    var cut = new ArrayList<Tile>();
    long offset = 0;
    for (int l = 0; l < layers.size(); l++) {
      CostTable.Layer layer = layers.get(l);
      firstTileOfLayer[l] = cut.size();
      for (int from = layer.offset(); from < layer.end(); from += tileColumns) {
        int columns = Math.min(tileColumns, layer.end() - from);
        long stride = Math.ceilDiv((long) columns * format.bytes(), alignmentBytes);
        cut.add(new Tile(l, from, columns, offset, stride * alignmentBytes));
        offset += rows * stride * alignmentBytes;
      }
    }
    firstTileOfLayer[layers.size()] = cut.size();
    this.tiles = List.copyOf(cut);
    this.weightCount = layers.isEmpty() ? 0 : layers.getLast().end();
    this.byteSize = offset;
  }

  int rows() {
    return rows;
  }

  FloatFormat format() {
    return format;
  }

  List<CostTable.Layer> layers() {
    return layers;
  }

  int weightCount() {
    return weightCount;
  }

  /// Returns the bytes of all tiles.
  long byteSize() {
    return byteSize;
  }

  int tileCount() {
    return tiles.size();
  }

  Tile tile(int index) {
    return tiles.get(index);
  }

  /// Returns the bytes of a tile.
  long tileBytes(int index) {
    return rows * tile(index).strideBytes();
  }

  /// Returns the bytes of the largest tile.
  long largestTileBytes() {
    long largest = 0;
    for (int t = 0; t < tiles.size(); t++) {
      largest = Math.max(largest, tileBytes(t));
    }
    return largest;
  }

  /// Returns the number of the first tile of a layer; the tiles of layer `count` begin after the
  /// last.
  int firstTile(int layer) {
    return firstTileOfLayer[layer];
  }

  /// Returns the number of the tile that holds a column.
  int tileOf(int column) {
    int low = 0;
    int high = tiles.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (tiles.get(middle).from() <= column) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// Returns some columns of a tile, all rows.
  ///
  /// @param values the tile's bytes
  /// @param first the first column, counted within the tile
  RowPanel panel(int index, MemorySegment values, int first, int columns) {
    Tile tile = tile(index);
    return new RowPanel(
        values, (long) first * format.bytes(), tile.strideBytes(), rows, columns, format);
  }
}
