package falcon.runtime.kernel;

import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowItem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The kept weights of a layer in native memory: [RowItem]s and their streams.
///
/// Input channels are cut into chunks. A chunk has an item for each block of four output channels,
/// then one for each other output channel, both in the order of channels.
///
/// @param items the items, chunk by chunk
/// @param records the streams
/// @param chunks number of chunks of input channels
/// @param blocks number of blocks of four output channels
/// @param singles number of other output channels
/// @param lowest bytes that offsets of records are counted from, 0 or less; relative to the first
///     element of plane 0
record Streams(
    MemorySegment items, MemorySegment records, int chunks, int blocks, int singles, long lowest) {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /// Returns the address of an item.
  long item(int chunk, int index) {
    return items.address() + ((long) chunk * (blocks + singles) + index) * RowItem.BYTES;
  }

  long bytes() {
    return records.byteSize();
  }

  /// Checks every record: its offset is not negative, and what it reads ends inside of the input.
  ///
  /// @param highest greatest offset that all tiles may add to
  /// @throws IllegalStateException if a record would read outside
  void check(long highest) {
    int count = chunks * (blocks + singles);
    for (int i = 0; i < count; i++) {
      long item = (long) i * RowItem.BYTES;
      long stream = items.get(LONG, item + RowItem.STREAM) - records.address();
      int size = i % (blocks + singles) < blocks ? RowItem.BLOCK_RECORD : RowItem.SCATTERED_RECORD;
      for (int k = 0; k < items.get(INT, item + RowItem.COUNT); k++) {
        int offset = records.get(INT, stream + (long) k * size);
        if (offset < 0 || offset > highest) {
          throw new IllegalStateException(
              "record %d of item %d reads at %d, outside of 0 to %d"
                  .formatted(k, i, offset, highest));
        }
      }
    }
  }

  /// Writes the streams of one layer.
  static final class Writer {
    private final LayerWeights weights;
    private final Layouts layouts;
    private final LayerChoice choice;
    private final long[] offsets;
    private final long lowest;
    private final List<Integer> outputs = new ArrayList<>();
    private final int blocks;

    /// @param choice not [LayerChoice#AUTO]
    /// @throws IllegalArgumentException if one image of the input has 2 GiB or more
    Writer(LayerWeights weights, Layouts layouts, LayerChoice choice) {
      this.weights = weights;
      this.layouts = layouts;
      this.choice = choice;
      offsets = offsets(weights.shape(), layouts.input());
      long least = 0;
      long most = 0;
      for (long offset : offsets) {
        least = Math.min(least, offset);
        most = Math.max(most, offset);
      }
      if (most - least > Raw.OFFSET) {
        throw new IllegalArgumentException(
            "an image of the input takes %d bytes; a layer reads 2 GiB at most"
                .formatted(most - least));
      }
      lowest = least;
      boolean isBlocks = choice != LayerChoice.SCATTERED;
      int inBlocks = isBlocks ? weights.outputsOfGroup() / RowItem.BLOCK * RowItem.BLOCK : 0;
      for (int g = 0; g < weights.shape().groups(); g++) {
        for (int o = 0; o < inBlocks; o += RowItem.BLOCK) {
          outputs.add(g * weights.outputsOfGroup() + o);
        }
      }
      blocks = outputs.size();
      for (int g = 0; g < weights.shape().groups(); g++) {
        for (int o = inBlocks; o < weights.outputsOfGroup(); o++) {
          outputs.add(g * weights.outputsOfGroup() + o);
        }
      }
    }

    /// Returns the bytes from the first element of plane 0 to what each weight of each group reads
    /// for the first output.
    private static long[] offsets(ConvolutionShape shape, PlaneLayout input) {
      Window rows = shape.rows().window();
      Window columns = shape.columns().window();
      long origin = input.offset(0, 0, 0, 0);
      long[] offsets = new long[Math.multiplyExact(shape.groups(), shape.weightsOfOutput())];
      int next = 0;
      for (int channel = 0; channel < shape.inputs(); channel++) {
        for (int u = 0; u < rows.size(); u++) {
          for (int v = 0; v < columns.size(); v++) {
            long at = input.offset(0, channel, rows.position(0, u), columns.position(0, v));
            offsets[next++] = (at - origin) * Float.BYTES;
          }
        }
      }
      return offsets;
    }

    /// @param channels input channels of a chunk
    Streams write(Arena arena, Epilogue epilogue, int channels) {
      int chunks = Math.ceilDiv(weights.inputsOfGroup(), channels);
      int perChunk = channels * weights.taps();
      int[] counts = new int[chunks * outputs.size()];
      long bytes = 0;
      for (int chunk = 0; chunk < chunks; chunk++) {
        for (int i = 0; i < outputs.size(); i++) {
          int count = count(i, chunk * perChunk, end(chunk, perChunk));
          counts[chunk * outputs.size() + i] = count;
          bytes += (long) count * recordBytes(i);
        }
      }
      MemorySegment items =
          arena.allocate((long) counts.length * RowItem.BYTES, PlaneLayout.ALIGNMENT);
      MemorySegment records = arena.allocate(Math.max(bytes, 1), PlaneLayout.ALIGNMENT);
      long stream = 0;
      for (int chunk = 0; chunk < chunks; chunk++) {
        for (int i = 0; i < outputs.size(); i++) {
          int index = chunk * outputs.size() + i;
          MemorySegment item = items.asSlice((long) index * RowItem.BYTES, RowItem.BYTES);
          item.set(LONG, RowItem.STREAM, records.address() + stream);
          item.set(INT, RowItem.COUNT, counts[index]);
          describe(item, i, chunk == 0 ? epilogue : Epilogue.NONE);
          stream = writeRecords(records, stream, i, chunk * perChunk, end(chunk, perChunk));
        }
      }
      return new Streams(items, records, chunks, blocks, outputs.size() - blocks, lowest);
    }

    private int end(int chunk, int perChunk) {
      return Math.min((chunk + 1) * perChunk, weights.shape().weightsOfOutput());
    }

    private int recordBytes(int item) {
      return item < blocks ? RowItem.BLOCK_RECORD : RowItem.SCATTERED_RECORD;
    }

    private boolean isRecorded(int item, int weight) {
      int output = outputs.get(item);
      return item < blocks
          ? choice == LayerChoice.DENSE || weights.isBlockKept(output, weight)
          : weights.isKept(output, weight);
    }

    private int count(int item, int from, int to) {
      int count = 0;
      for (int k = from; k < to; k++) {
        count += isRecorded(item, k) ? 1 : 0;
      }
      return count;
    }

    private void describe(MemorySegment item, int index, Epilogue epilogue) {
      long pitch = (long) layouts.output().planePitch() * layouts.output().lanes() * Float.BYTES;
      int output = outputs.get(index);
      item.set(LONG, RowItem.PLANE, output * pitch);
      item.set(LONG, RowItem.PITCH, pitch);
      int rows = index < blocks ? RowItem.BLOCK : 1;
      for (int r = 0; r < rows; r++) {
        item.set(FLOAT, RowItem.BIAS + (long) r * Float.BYTES, epilogue.bias(output + r));
      }
    }

    private long writeRecords(MemorySegment records, long stream, int item, int from, int to) {
      int output = outputs.get(item);
      int group = output / weights.outputsOfGroup();
      int rows = item < blocks ? RowItem.BLOCK : 1;
      long at = stream;
      for (int k = from; k < to; k++) {
        if (isRecorded(item, k)) {
          long offset = offsets[group * weights.shape().weightsOfOutput() + k] - lowest;
          records.set(INT, at, (int) offset);
          at += Integer.BYTES;
          for (int r = 0; r < rows; r++) {
            records.set(FLOAT, at, weights.value(output + r, k));
            at += Float.BYTES;
          }
        }
      }
      return at;
    }
  }
}
