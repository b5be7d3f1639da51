package falcon.projection.pattern;

import falcon.budget.WeightRows;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Rows of a layer whose weights are numbered in any order.
///
/// @param number `groups · outputs · rowLength` numbers, row after row
record ShuffledRows(int groups, int outputs, int rowLength, List<Integer> number)
    implements WeightRows {
  static ShuffledRows of(int groups, int outputs, int rowLength, SplittableRandom random) {
    List<Integer> number =
        new java.util.ArrayList<>(
            IntStream.range(0, groups * outputs * rowLength).boxed().toList());
    for (int i = number.size() - 1; i > 0; i--) {
      java.util.Collections.swap(number, i, random.nextInt(i + 1));
    }
    return new ShuffledRows(groups, outputs, rowLength, List.copyOf(number));
  }

  /// Returns the number of the weight of an output of a group at a place of its row.
  int at(int group, int output, int place) {
    return number.get((group * outputs + output) * rowLength + place);
  }

  @Override
  public int[] indexes(int firstRow, int rows) {
    var indexes = new int[rows * rowLength];
    Arrays.setAll(indexes, i -> number.get(firstRow * rowLength + i));
    return indexes;
  }
}
