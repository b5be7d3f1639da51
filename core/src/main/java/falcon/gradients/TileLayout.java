package falcon.gradients;

import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import falcon.kernel.RowPanel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Where each number of a gradient matrix stands: *tiles* of a few columns of one layer by all
/// rows, one after the other, each row-major.
///
/// Both products run over a tile from its first byte to its last, a block of rows is written as one
/// run of bytes a tile, and a range of columns is read as few long runs.
final class TileLayout {
  /// Columns of a tile.
  ///
  /// @param layer number of the layer
  /// @param from index of its first column among all weights
  /// @param columns how many
  /// @param offsetBytes where the tile begins
  /// @param strideBytes from row to row
  record Tile(int layer, int from, int columns, long offsetBytes, long strideBytes) {
    /// Index after its last column.
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

  /// @param tileColumns columns of a tile at most
  /// @param alignmentBytes a row of a tile begins at a multiple of it, counted from the tile's
  ///     start
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

  /// Bytes of all tiles.
  long byteSize() {
    return byteSize;
  }

  int tileCount() {
    return tiles.size();
  }

  Tile tile(int index) {
    return tiles.get(index);
  }

  /// Bytes of a tile.
  long tileBytes(int index) {
    return rows * tile(index).strideBytes();
  }

  /// Bytes of the largest tile.
  long largestTileBytes() {
    long largest = 0;
    for (int t = 0; t < tiles.size(); t++) {
      largest = Math.max(largest, tileBytes(t));
    }
    return largest;
  }

  /// Number of the first tile of a layer; the tiles of layer `count` begin after the last.
  int firstTile(int layer) {
    return firstTileOfLayer[layer];
  }

  /// Number of the tile that holds a column.
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

  /// Some columns of a tile, all rows.
  ///
  /// @param values the tile's bytes
  /// @param first column, counted within the tile
  RowPanel panel(int index, MemorySegment values, int first, int columns) {
    Tile tile = tile(index);
    return new RowPanel(
        values, (long) first * format.bytes(), tile.strideBytes(), rows, columns, format);
  }
}
