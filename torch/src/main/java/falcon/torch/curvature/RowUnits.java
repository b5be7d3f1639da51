package falcon.torch.curvature;

import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.layer.WeightOrder;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// Powers of two that scale the rows of a matrix of weights near 1 where they are far from it, so
/// that float32 can represent the squares of results computed from them. Rows are independent
/// problems, so that only rounding depends on the units; rows of usual size keep their bits.
final class RowUnits {
  /// Greatest exponent of the usual size: rows whose greatest weight is within 2^±40 are not
  /// scaled.
  private static final int USUAL = 40;

  private final int length;
  private final float[] units;

  private RowUnits(int length, float[] units) {
    this.length = length;
    this.units = units;
  }

  /// Returns the units of a layer's outputs, one group after the other.
  ///
  /// @param weights the tensor's elements, finite
  static RowUnits of(WeightOrder order, float[] weights) {
    var rows = new float[order.groups() * order.groupSize()];
    for (int group = 0; group < order.groups(); group++) {
      float[] matrix = order.matrix(weights, group);
      System.arraycopy(matrix, 0, rows, group * matrix.length, matrix.length);
    }
    return of(rows, order.rowLength());
  }

  /// @param rows `[o, length]`, finite
  static RowUnits of(float[] rows, int length) {
    var units = new float[rows.length / Math.max(1, length)];
    for (int row = 0; row < units.length; row++) {
      float greatest = 0;
      for (int i = row * length; i < (row + 1) * length; i++) {
        greatest = Math.max(greatest, Math.abs(rows[i]));
      }
      int exponent = greatest == 0 ? 0 : Math.getExponent((double) greatest);
      // No more than 2^126, whose inverse is a normal number, too.
      units[row] =
          Math.abs(exponent) <= USUAL ? 1 : Math.scalb(1f, Math.clamp(-exponent, -126, 126));
    }
    return new RowUnits(length, units);
  }

  /// Returns whether all units are 1.
  boolean areOne() {
    for (float unit : units) {
      if (unit != 1) {
        return false;
      }
    }
    return true;
  }

  /// Returns the units of some rows.
  RowUnits part(int from, int to) {
    return new RowUnits(length, Arrays.copyOfRange(units, from, to));
  }

  /// Returns the unit of a row.
  float of(int row) {
    return units[row];
  }

  /// Multiplies a layer's weights by the units of their outputs, in place.
  ///
  /// @param weights the tensor's elements
  void apply(WeightOrder order, float[] weights) {
    for (int row = 0; row < units.length; row++) {
      if (units[row] != 1) {
        for (int index : order.indexes(row, 1)) {
          weights[index] *= units[row];
        }
      }
    }
  }

  /// Multiplies rows by their units, in place.
  void apply(float[] rows) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= units[i / length];
    }
  }

  /// Multiplies the rows of a matrix by their units.
  ///
  /// @return the matrix itself if all units are 1
  Tensor applied(Tensor rows) {
    return areOne()
        ? rows
        : rows.mul(
            Torch.scoped(units.clone(), List.of((long) units.length, 1L), Precision.FLOAT32));
  }

  /// Divides rows by their units, in place; values beyond float32 become its greatest number.
  void undo(float[] rows) {
    for (int i = 0; i < rows.length; i++) {
      rows[i] = undone(rows[i], i / length);
    }
  }

  /// Returns an element of a row divided by the row's unit.
  float undone(float value, int row) {
    return units[row] == 1
        ? value
        : Math.clamp(value / units[row], -Float.MAX_VALUE, Float.MAX_VALUE);
  }
}
