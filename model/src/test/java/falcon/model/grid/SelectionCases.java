package falcon.model.grid;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.util.List;

/// Operators that take, replace or pad parts of a value, over their options.
final class SelectionCases {
  private static final long[] OPSETS = {7, 10, 11, 13, 18, 20};

  private SelectionCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      slices(cases, opset);
      gathers(cases, opset);
      scatters(cases, opset);
      pads(cases, opset);
      triangles(cases, opset);
      oneHots(cases, opset);
      grids(cases, opset);
      choices(cases, opset);
    }
  }

  private static void choices(List<GridCase> cases, long opset) {
    for (long axis : new long[] {0, 1, -1}) {
      cases.add(
          new GridCase("Compress", opset)
              .floats(4, 5, 3)
              .constant(truths(0, 1, 1))
              .set("axis", axis));
    }
    cases.add(new GridCase("Compress", opset).floats(4, 5).constant(truths(1, 0, 0, 1, 0, 1)));
    cases.add(new GridCase("NonZero", opset).indices(new long[] {3, 4}, 0, 2, -1, 0, 0));
    cases.add(new GridCase("NonZero", opset).indices(new long[] {2, 3, 2}, 1, 0, 0, 5, 7));
    cases.add(new GridCase("NonZero", opset).reals(0, 2, 0, -1));
    for (long time : new long[] {0, 1}) {
      cases.add(
          new GridCase("ReverseSequence", opset)
              .floats(4, 4, 3)
              .longs(1, 4, 2, 3)
              .set("time_axis", time)
              .set("batch_axis", 1 - time));
    }
  }

  private static Tensor truths(int... values) {
    var bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Tensor.ofBytes(DataType.BOOL, List.of((long) values.length), bytes);
  }

  private static void slices(List<GridCase> cases, long opset) {
    if (opset < 10) {
      cases.add(
          new GridCase("Slice", opset)
              .floats(5, 6, 4)
              .list("starts", 1, -3)
              .list("ends", 4, 1000)
              .list("axes", 0, 2));
      cases.add(new GridCase("Slice", opset).floats(5, 6).list("starts", 1, 0).list("ends", -1, 2));
      return;
    }
    cases.add(new GridCase("Slice", opset).floats(5, 6).longs(1, 2).longs(4, 1000));
    cases.add(new GridCase("Slice", opset).floats(5, 6).longs(-3).longs(-1).longs(1));
    cases.add(new GridCase("Slice", opset).floats(9, 6).longs(1).longs(8).longs(-2).longs(3));
    cases.add(
        new GridCase("Slice", opset)
            .floats(9, 6)
            .longs(-1, 4)
            .longs(Long.MIN_VALUE, 0)
            .longs(0, 1)
            .longs(-2, -1));
    cases.add(new GridCase("Slice", opset).floats(5, 6).longs(3).longs(2).longs(0).longs(1));
    cases.add(
        new GridCase("Slice", opset).floats(5, 6).longs(0).longs(Long.MAX_VALUE).longs(1).longs(2));
  }

  private static void gathers(List<GridCase> cases, long opset) {
    for (long axis : new long[] {0, 1, -1}) {
      cases.add(
          new GridCase("Gather", opset)
              .floats(4, 5, 3)
              .indices(new long[] {2, 3}, 0, 2, 1)
              .set("axis", axis));
      cases.add(new GridCase("Gather", opset).floats(4, 5, 3).number(1).set("axis", axis));
      cases.add(new GridCase("Gather", opset).floats(4, 5, 3).longs(-1, 0, -2).set("axis", axis));
      cases.add(
          new GridCase("GatherElements", opset)
              .floats(3, 3, 3)
              .indices(new long[] {2, 3, 1}, 0, 2, 1, -1)
              .set("axis", axis));
    }
    cases.add(new GridCase("Gather", opset).weights(7, 4).whole(new long[] {2, 3}, 0, 6, 3, 1));
    cases.add(
        new GridCase("GatherND", opset).floats(3, 4, 5).indices(new long[] {2, 2}, 0, 1, 2, -3));
    cases.add(new GridCase("GatherND", opset).floats(3, 4).indices(new long[] {3, 1}, 2, 0, 1));
    cases.add(
        new GridCase("GatherND", opset).floats(3, 4, 2).indices(new long[] {2, 2, 3}, 0, 1, 1, 2));
    cases.add(
        new GridCase("GatherND", opset)
            .floats(2, 3, 4)
            .indices(new long[] {2, 1}, 0, 2)
            .set("batch_dims", 1));
    cases.add(
        new GridCase("GatherND", opset)
            .floats(2, 3, 4, 2)
            .indices(new long[] {2, 2, 2}, 0, 2, 1, 1)
            .set("batch_dims", 1));
  }

  private static void scatters(List<GridCase> cases, long opset) {
    for (long axis : new long[] {0, 1}) {
      for (String reduction : List.of("none", "add", "mul", "max", "min")) {
        long[] places = reduction.equals("none") ? new long[] {0, 2, 1} : new long[] {0, 2, -1, 0};
        var each =
            new GridCase("ScatterElements", opset)
                .floats(3, 3)
                .indices(axis == 0 ? new long[] {1, 3} : new long[] {3, 1}, places)
                .floats(axis == 0 ? new long[] {1, 3} : new long[] {3, 1})
                .set("axis", axis);
        cases.add(reduction.equals("none") ? each : each.set("reduction", reduction));
        var blocks =
            new GridCase("ScatterND", opset)
                .floats(4, 3, 2)
                .indices(axis == 0 ? new long[] {2, 1} : new long[] {2, 2}, 0, 2, 3, 1)
                .floats(axis == 0 ? new long[] {2, 3, 2} : new long[] {2, 2});
        cases.add(reduction.equals("none") ? blocks : blocks.set("reduction", reduction));
      }
    }
    cases.add(
        new GridCase("Scatter", opset)
            .floats(3, 3)
            .indices(new long[] {1, 3}, 2, 0, 1)
            .floats(1, 3));
  }

  private static void pads(List<GridCase> cases, long opset) {
    for (String mode : List.of("constant", "reflect", "edge", "wrap")) {
      for (long[] pads :
          new long[][] {{0, 1, 2, 1}, {2, 0, 0, 3}, {0, 0, 0, 0}, {-1, 1, 2, -1}, {0, 2, 0, 2}}) {
        var each = new GridCase("Pad", opset).floats(3, 4).set("mode", mode);
        cases.add(opset < 11 ? each.list("pads", pads) : each.longs(pads));
      }
    }
    if (opset < 11) {
      cases.add(new GridCase("Pad", opset).floats(2, 3).list("pads", 1, 0, 0, 2).set("value", 1.5));
      return;
    }
    cases.add(new GridCase("Pad", opset).floats(2, 3).longs(1, 0, 0, 2).real(-0.5));
    cases.add(
        new GridCase("Pad", opset).whole(new long[] {2, 3}, 1, 2, 3).longs(1, 0, 0, 2).number(7));
    if (opset >= 18) {
      cases.add(new GridCase("Pad", opset).floats(2, 3, 4).longs(1, 2).none().longs(1));
      cases.add(new GridCase("Pad", opset).floats(2, 3, 4).longs(1, 0, 2, 1).real(2).longs(-1, 0));
    }
  }

  private static void triangles(List<GridCase> cases, long opset) {
    for (long upper : new long[] {0, 1}) {
      cases.add(new GridCase("Trilu", opset).floats(2, 3, 4).set("upper", upper));
      for (long diagonal : new long[] {0, 1, -1, 9}) {
        cases.add(new GridCase("Trilu", opset).floats(4, 3).number(diagonal).set("upper", upper));
      }
    }
    cases.add(new GridCase("Trilu", opset).whole(new long[] {3, 3}, 1, 2, 3, 4));
  }

  private static void oneHots(List<GridCase> cases, long opset) {
    for (long axis : new long[] {-1, 0, 1}) {
      cases.add(
          new GridCase("OneHot", opset)
              .whole(new long[] {2, 3}, 0, 3, 1, -1, 7)
              .longs(4)
              .reals(0.5, 2)
              .set("axis", axis));
      cases.add(
          new GridCase("OneHot", opset)
              .whole(new long[] {2, 3}, 0, 3, 1)
              .number(4)
              .longs(0, 1)
              .set("axis", axis));
    }
  }

  private static void grids(List<GridCase> cases, long opset) {
    List<String> modes =
        opset < 20
            ? List.of("bilinear", "nearest", "bicubic")
            : List.of("linear", "nearest", "cubic");
    for (String mode : modes) {
      for (String padding : List.of("zeros", "border", "reflection")) {
        for (long align : new long[] {0, 1}) {
          cases.add(
              new GridCase("GridSample", opset)
                  .floats(2, 3, 5, 4)
                  .floats(2, 3, 6, 2)
                  .set("mode", mode)
                  .set("padding_mode", padding)
                  .set("align_corners", align));
        }
      }
    }
    for (long align : new long[] {0, 1}) {
      GridCase plane = new GridCase("AffineGrid", opset).floats(2, 2, 3).longs(2, 3, 5, 4);
      cases.add(plane.set("align_corners", align));
      GridCase room = new GridCase("AffineGrid", opset).floats(2, 3, 4).longs(2, 1, 3, 4, 2);
      cases.add(room.set("align_corners", align));
    }
  }
}
