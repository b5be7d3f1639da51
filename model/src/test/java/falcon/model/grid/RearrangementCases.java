package falcon.model.grid;

import falcon.model.Attribute;
import falcon.model.Tensor;
import java.util.List;

/// Operators that lay elements out anew or make values of sizes, over their options.
final class RearrangementCases {
  private static final long[] OPSETS = {7, 11, 13, 18, 22};

  private RearrangementCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      shapes(cases, opset);
      axes(cases, opset);
      splits(cases, opset);
      blocks(cases, opset);
      creation(cases, opset);
    }
  }

  private static void shapes(List<GridCase> cases, long opset) {
    for (long[] target : new long[][] {{0, -1}, {4, 6}, {-1}, {2, 0, 2, -1}, {1, 24}, {3, 4, 2}}) {
      cases.add(new GridCase("Reshape", opset).floats(2, 3, 4).longs(target));
    }
    for (long axis = -3; axis <= 3; axis++) {
      cases.add(new GridCase("Flatten", opset).floats(2, 3, 4).set("axis", axis));
    }
    cases.add(new GridCase("Flatten", opset).floats(2, 3, 4, 5));
    cases.add(new GridCase("Shape", opset).floats(2, 3, 4));
    cases.add(new GridCase("Size", opset).floats(2, 3, 4));
    if (opset >= 18) {
      for (long[] range : new long[][] {{0, 2}, {1, 3}, {-2, -1}, {-9, 9}, {2, 1}}) {
        cases.add(
            new GridCase("Shape", opset)
                .floats(2, 3, 4)
                .set("start", range[0])
                .set("end", range[1]));
      }
    }
    for (long[] target : new long[][] {{2, 3, 4}, {3, 4}, {5, 1, 3, 1}, {1}, {2, 1, 4}}) {
      cases.add(new GridCase("Expand", opset).floats(3, 1).longs(target));
    }
    cases.add(new GridCase("Expand", opset).floats(2, 3, 1).longs(2, 1, 4));
    cases.add(new GridCase("Tile", opset).floats(2, 3).longs(2, 3));
    cases.add(new GridCase("Tile", opset).floats(2, 3, 1).longs(1, 2, 4));
    cases.add(new GridCase("Tile", opset).whole(new long[] {2, 3}, 1, 2, 3).longs(2, 1));
  }

  private static void axes(List<GridCase> cases, long opset) {
    cases.add(new GridCase("Transpose", opset).floats(2, 3, 4));
    for (long[] order : new long[][] {{0, 2, 1}, {2, 0, 1}, {1, 0, 2}}) {
      cases.add(new GridCase("Transpose", opset).floats(2, 3, 4).list("perm", order));
    }
    for (long[] axes : new long[][] {{0}, {2}, {0, 2}, {-2}}) {
      var squeeze = new GridCase("Squeeze", opset).floats(1, 3, 1, 2);
      var unsqueeze = new GridCase("Unsqueeze", opset).floats(3, 2);
      long[] added = axes[0] < 0 && opset < 11 ? new long[] {1} : axes;
      cases.add(opset < 13 ? squeeze.list("axes", axes) : squeeze.longs(axes));
      cases.add(opset < 13 ? unsqueeze.list("axes", added) : unsqueeze.longs(added));
    }
    cases.add(new GridCase("Squeeze", opset).floats(1, 3, 1, 2));
    for (long axis : new long[] {0, 1, 2, -1, -3}) {
      long[] other = {2, 3, 4};
      other[(int) Math.floorMod(axis, 3L)] = 5;
      cases.add(
          new GridCase("Concat", opset)
              .floats(2, 3, 4)
              .floats(other)
              .weights(2, 3, 4)
              .set("axis", axis));
    }
    cases.add(new GridCase("Concat", opset).floats(2, 3).set("axis", 0));
    cases.add(
        new GridCase("Concat", opset)
            .whole(new long[] {2}, 1, 2)
            .whole(new long[] {3}, 3, 4)
            .set("axis", 0));
  }

  private static void splits(List<GridCase> cases, long opset) {
    for (long axis : new long[] {1, -1}) {
      cases.add(split(opset, 4, 6).set("axis", axis).outputs(2));
      cases.add(split(opset, 4, 6).set("axis", axis).outputs(3));
      var sized = new GridCase("Split", opset).floats(4, 6);
      long[] sizes = {1, 2, 3};
      cases.add(
          (opset < 13 ? sized.list("split", sizes) : sized.longs(sizes))
              .set("axis", axis)
              .outputs(3));
    }
    if (opset >= 18) {
      cases.add(
          new GridCase("Split", opset).floats(7).set("num_outputs", 3).set("axis", 0).outputs(3));
      cases.add(
          new GridCase("Split", opset)
              .floats(2, 6)
              .set("num_outputs", 2)
              .set("axis", 1)
              .outputs(2));
    }
  }

  private static GridCase split(long opset, long... shape) {
    return new GridCase("Split", opset).floats(shape);
  }

  private static void blocks(List<GridCase> cases, long opset) {
    for (long block : new long[] {1, 2}) {
      cases.add(new GridCase("SpaceToDepth", opset).floats(2, 3, 4, 6).set("blocksize", block));
      cases.add(new GridCase("DepthToSpace", opset).floats(2, 8, 3, 2).set("blocksize", block));
      for (String mode : List.of("DCR", "CRD")) {
        cases.add(
            new GridCase("DepthToSpace", opset)
                .floats(2, 8, 3, 2)
                .set("blocksize", block)
                .set("mode", mode));
      }
    }
  }

  private static void creation(List<GridCase> cases, long opset) {
    cases.add(new GridCase("ConstantOfShape", opset).longs(2, 3));
    cases.add(
        new GridCase("ConstantOfShape", opset)
            .longs(4)
            .set("value", new Attribute.TensorValue(Tensor.ofLongs(List.of(1L), 7))));
    cases.add(
        new GridCase("ConstantOfShape", opset)
            .longs(2, 0)
            .set("value", new Attribute.TensorValue(Tensor.ofFloats(List.of(1L), 1.5f))));
    for (long[] range : new long[][] {{0, 5, 1}, {2, 11, 3}, {5, -2, -2}, {3, 3, 1}}) {
      cases.add(new GridCase("Range", opset).number(range[0]).number(range[1]).number(range[2]));
      cases.add(
          new GridCase("Range", opset)
              .real(range[0] + 0.5)
              .real((double) range[1])
              .real((double) range[2]));
    }
    for (long diagonal : new long[] {0, 1, -2}) {
      cases.add(new GridCase("EyeLike", opset).floats(3, 4).set("k", diagonal));
      cases.add(new GridCase("EyeLike", opset).floats(4, 2).set("k", diagonal).set("dtype", 7));
    }
  }
}
