package falcon.model.grid;

import falcon.model.DataType;
import java.util.List;

/// Reductions along axes over their options.
final class ReductionCases {
  private static final long[] OPSETS = {7, 11, 13, 18, 20};
  private static final List<String> REDUCTIONS =
      List.of(
          "ReduceMean",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "ReduceL1",
          "ReduceL2",
          "ReduceLogSum",
          "ReduceLogSumExp",
          "ReduceSumSquare",
          "ReduceSum");

  private ReductionCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      for (String name : REDUCTIONS) {
        for (long keep : new long[] {0, 1}) {
          for (long[] axes : new long[][] {{0}, {1}, {-1}, {0, 2}, {1, -1}, {0, 1, 2}}) {
            cases.add(reduction(name, opset, axes).set("keepdims", keep));
          }
          cases.add(new GridCase(name, opset).positive(2, 3, 4).set("keepdims", keep));
          if (opset >= 18 || (opset >= 13 && name.equals("ReduceSum"))) {
            cases.add(
                new GridCase(name, opset)
                    .positive(2, 3)
                    .set("keepdims", keep)
                    .set("noop_with_empty_axes", 1));
          }
        }
        cases.add(
            new GridCase(name, opset).whole(DataType.INT32, new long[] {2, 3}, 1, 2, 4, 3, 7));
        cases.add(new GridCase(name, opset).whole(new long[] {2, 3}, 1, 2, 4, 3, 7));
      }
      places(cases, opset);
      sums(cases, opset);
      largest(cases, opset);
    }
  }

  private static GridCase reduction(String name, long opset, long... axes) {
    boolean isInput = opset >= 18 || (opset >= 13 && name.equals("ReduceSum"));
    var each = new GridCase(name, opset).positive(2, 3, 4);
    return isInput ? each.longs(axes) : each.list("axes", axes);
  }

  private static void places(List<GridCase> cases, long opset) {
    for (String name : List.of("ArgMax", "ArgMin")) {
      for (long keep : new long[] {0, 1}) {
        for (long axis : new long[] {0, 1, -1}) {
          cases.add(
              new GridCase(name, opset).floats(2, 3, 4).set("axis", axis).set("keepdims", keep));
          cases.add(
              new GridCase(name, opset)
                  .whole(DataType.INT32, new long[] {3, 4, 2}, 1, 1, 0, 2, 2)
                  .set("axis", axis)
                  .set("keepdims", keep)
                  .set("select_last_index", 1));
        }
      }
      cases.add(new GridCase(name, opset).floats(2, 3, 4));
    }
  }

  private static void sums(List<GridCase> cases, long opset) {
    for (long exclusive : new long[] {0, 1}) {
      for (long reverse : new long[] {0, 1}) {
        for (long axis : new long[] {0, 1, -1}) {
          cases.add(
              new GridCase("CumSum", opset)
                  .floats(2, 3, 4)
                  .number(axis)
                  .set("exclusive", exclusive)
                  .set("reverse", reverse));
        }
      }
    }
  }

  private static void largest(List<GridCase> cases, long opset) {
    for (long axis : new long[] {0, 1, -1}) {
      if (opset < 10) {
        cases.add(
            new GridCase("TopK", opset).floats(3, 4, 5).set("k", 2).set("axis", axis).outputs(2));
        continue;
      }
      for (long isLargest : new long[] {0, 1}) {
        cases.add(
            new GridCase("TopK", opset)
                .floats(3, 4, 5)
                .longs(3)
                .set("axis", axis)
                .set("largest", isLargest)
                .outputs(2));
        cases.add(
            new GridCase("TopK", opset)
                .whole(new long[] {3, 4, 3}, 1, 1, 2, 0)
                .longs(2)
                .set("axis", axis)
                .set("largest", isLargest)
                .outputs(2));
      }
    }
  }
}
