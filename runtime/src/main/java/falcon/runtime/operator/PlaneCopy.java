package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import falcon.runtime.kernel.Extent;
import falcon.runtime.kernel.PlaneLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Copies planes from one layout to another by way of arrays; what is between the elements stays
/// zero.
///
/// The source has one phase of columns. Both sides may have images in the lanes.
final class PlaneCopy implements Step {
  private final MemorySegment from;
  private final PlaneLayout source;
  private final MemorySegment to;
  private final PlaneLayout target;
  private final Extent extent;
  private final int images;
  private final int blocks;
  private final int parts;

  PlaneCopy(MemorySegment from, PlaneLayout source, MemorySegment to, PlaneLayout target) {
    this.from = from;
    this.source = source;
    this.to = to;
    this.target = target;
    extent = source.extent();
    images = Math.max(source.lanes(), target.lanes());
    blocks = Math.ceilDiv(extent.images(), images);
    long elements = (long) extent.images() * extent.channels() * extent.height() * extent.width();
    parts = Step.parts(elements, (long) blocks * extent.channels());
  }

  @Override
  public int parts() {
    return parts;
  }

  @Override
  public void run(int part, Workspace workspace) {
    int all = blocks * extent.channels();
    int end = Step.begin(part + 1, parts, all);
    if (images == 1) {
      for (int i = Step.begin(part, parts, all); i < end; i++) {
        plane(i / extent.channels(), i % extent.channels(), workspace);
      }
      return;
    }
    float[][] rows = workspace.rows(0, images, extent.width());
    for (int i = Step.begin(part, parts, all); i < end; i++) {
      int first = i / extent.channels() * images;
      int count = Math.min(images, extent.images() - first);
      for (int y = 0; y < extent.height(); y++) {
        load(first, count, i % extent.channels(), y, rows, workspace);
        store(first, count, i % extent.channels(), y, rows, workspace);
      }
    }
  }

  private void load(int first, int count, int channel, int y, float[][] rows, Workspace workspace) {
    int width = extent.width();
    if (source.lanes() == 1) {
      for (int l = 0; l < count; l++) {
        long at = 4 * source.offset(first + l, channel, y, 0);
        MemorySegment.copy(from, JAVA_FLOAT, at, rows[l], 0, width);
      }
      return;
    }
    int lanes = source.lanes();
    float[] both = workspace.floats(0, width * lanes);
    long at = 4 * source.offset(first, channel, y, 0);
    MemorySegment.copy(from, JAVA_FLOAT, at, both, 0, width * lanes);
    for (int l = 0; l < count; l++) {
      float[] row = rows[l];
      for (int x = 0; x < width; x++) {
        row[x] = both[x * lanes + l];
      }
    }
  }

  private void store(
      int first, int count, int channel, int y, float[][] rows, Workspace workspace) {
    int width = extent.width();
    int lanes = target.lanes();
    if (lanes > 1) {
      float[] both = workspace.floats(0, width * lanes);
      Arrays.fill(both, 0, width * lanes, 0);
      for (int l = 0; l < count; l++) {
        float[] row = rows[l];
        for (int x = 0; x < width; x++) {
          both[x * lanes + l] = row[x];
        }
      }
      long at = 4 * target.offset(first, channel, y, 0);
      MemorySegment.copy(both, 0, to, JAVA_FLOAT, at, width * lanes);
      return;
    }
    for (int l = 0; l < count; l++) {
      long at = 4 * target.offset(first + l, channel, y, 0);
      MemorySegment.copy(rows[l], 0, to, JAVA_FLOAT, at, width);
    }
  }

  /// Copies a plane of one image, with the zeros between its rows, to each phase of the target.
  private void plane(int image, int channel, Workspace workspace) {
    int height = extent.height();
    int width = extent.width();
    int pitch = source.rowPitch();
    int size = (height - 1) * pitch + width;
    float[] plane = workspace.floats(0, size);
    long start = 4 * source.offset(image, channel, 0, 0);
    MemorySegment.copy(from, JAVA_FLOAT, start, plane, 0, size);
    int rowStep = target.rowPhases();
    int step = target.columnPhases();
    for (int top = 0; top < Math.min(rowStep, height); top++) {
      for (int left = 0; left < Math.min(step, width); left++) {
        int rows = Math.ceilDiv(height - top, rowStep);
        int columns = Math.ceilDiv(width - left, step);
        int length = (rows - 1) * target.rowPitch() + columns;
        float[] phase = workspace.floats(1, length);
        Arrays.fill(phase, 0, length, 0);
        for (int y = 0; y < rows; y++) {
          int read = (y * rowStep + top) * pitch + left;
          int write = y * target.rowPitch();
          for (int x = 0; x < columns; x++) {
            phase[write + x] = plane[read + x * step];
          }
        }
        long at = 4 * target.offset(image, channel, top, left);
        MemorySegment.copy(phase, 0, to, JAVA_FLOAT, at, length);
      }
    }
  }
}
