package falcon.model.grid;

import java.util.List;

/// Convolutions and pooling over their options.
final class WindowCases {
  private static final long[] OPSETS = {7, 11, 13, 22};

  private WindowCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      convolutions(cases, opset);
      transposed(cases, opset);
      for (String pool : List.of("MaxPool", "AveragePool", "LpPool")) {
        pools(cases, pool, opset);
      }
      for (String pool : List.of("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")) {
        cases.add(new GridCase(pool, opset).floats(2, 3, 5, 4));
        cases.add(new GridCase(pool, opset).floats(2, 3, 5));
        cases.add(new GridCase(pool, opset).floats(2, 3, 4, 3, 2));
      }
    }
    places(cases);
    folds(cases);
    for (long opset : new long[] {9, 11, 22}) {
      long[] image = {1, 2, 2, 2};
      GridCase plain = unpooling(opset, image, 0, 7, 8, 13, 16, 21, 27, 31);
      cases.add(plain.list("kernel_shape", 2, 2).list("strides", 2, 2));
      cases.add(
          unpooling(opset, image, 0, 4, 2, 8, 9, 10, 14, 17)
              .list("kernel_shape", 3, 3)
              .list("strides", 2, 2)
              .list("pads", 1, 1, 1, 1));
      cases.add(
          unpooling(opset, new long[] {1, 1, 3}, 0, 3, 5)
              .list("kernel_shape", 2)
              .list("strides", 2));
      cases.add(
          unpooling(opset, new long[] {1, 1, 1, 2, 1}, 3, 15)
              .list("kernel_shape", 2, 2, 2)
              .list("strides", 2, 2, 2));
    }
  }

  private static void folds(List<GridCase> cases) {
    for (long opset : new long[] {18, 22}) {
      cases.add(new GridCase("Col2Im", opset).floats(2, 12, 12).longs(4, 6).longs(2, 3));
      cases.add(
          new GridCase("Col2Im", opset)
              .floats(2, 12, 4)
              .longs(4, 6)
              .longs(2, 3)
              .list("strides", 2, 3));
      cases.add(
          new GridCase("Col2Im", opset)
              .floats(2, 18, 20)
              .longs(5, 4)
              .longs(3, 3)
              .list("pads", 1, 1, 1, 1));
      cases.add(
          new GridCase("Col2Im", opset)
              .floats(1, 8, 15)
              .longs(5, 6)
              .longs(2, 2)
              .list("pads", 0, 1, 2, 1)
              .list("strides", 2, 1)
              .list("dilations", 1, 3));
      cases.add(
          new GridCase("Col2Im", opset)
              .floats(2, 6, 6)
              .longs(6)
              .longs(3)
              .list("pads", 2, 0)
              .list("strides", 1)
              .list("dilations", 1));
    }
  }

  private static GridCase unpooling(long opset, long[] image, long... places) {
    GridCase each = new GridCase("MaxUnpool", opset).floats(image);
    return each.whole(image, places);
  }

  private static void convolutions(List<GridCase> cases, long opset) {
    for (long group : new long[] {1, 2, 4}) {
      for (long stride : new long[] {1, 2}) {
        for (long dilation : new long[] {1, 2}) {
          for (String pad : List.of("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")) {
            cases.add(
                new GridCase("Conv", opset)
                    .floats(2, 4, 9, 8)
                    .weights(8, 4 / group, 3, 2)
                    .weights(8)
                    .set("group", group)
                    .list("strides", stride, stride)
                    .list("dilations", dilation, dilation)
                    .set("auto_pad", pad));
          }
          cases.add(
              new GridCase("Conv", opset)
                  .floats(2, 4, 9, 8)
                  .weights(4, 4 / group, 3, 3)
                  .set("group", group)
                  .list("strides", stride, 3)
                  .list("dilations", 1, dilation)
                  .list("pads", 1, 0, 2, 3));
          cases.add(
              new GridCase("Conv", opset)
                  .floats(2, 4, 11)
                  .weights(4, 4 / group, 3)
                  .weights(4)
                  .set("group", group)
                  .list("strides", stride)
                  .list("dilations", dilation)
                  .list("pads", 2, 1)
                  .list("kernel_shape", 3));
          cases.add(
              new GridCase("Conv", opset)
                  .floats(1, 4, 5, 6, 5)
                  .weights(4, 4 / group, 2, 3, 2)
                  .set("group", group)
                  .list("strides", 1, stride, 2)
                  .list("dilations", 1, dilation, 1)
                  .list("pads", 1, 0, 1, 1, 2, 0));
        }
      }
    }
  }

  private static void transposed(List<GridCase> cases, long opset) {
    for (long group : new long[] {1, 2}) {
      for (long stride : new long[] {1, 2, 3}) {
        for (String pad : List.of("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")) {
          cases.add(
              new GridCase("ConvTranspose", opset)
                  .floats(2, 4, 5, 4)
                  .weights(4, 3, 3, 2)
                  .weights(3 * group)
                  .set("group", group)
                  .list("strides", stride, stride)
                  .set("auto_pad", pad));
        }
        for (long dilation : new long[] {1, 2}) {
          cases.add(
              new GridCase("ConvTranspose", opset)
                  .floats(2, 4, 5, 4)
                  .weights(4, 3, 3, 3)
                  .set("group", group)
                  .list("strides", stride, stride)
                  .list("dilations", dilation, dilation)
                  .list("pads", 1, 0, 2, 1));
          cases.add(
              new GridCase("ConvTranspose", opset)
                  .floats(2, 4, 6)
                  .weights(4, 3, 3)
                  .set("group", group)
                  .list("strides", stride)
                  .list("dilations", dilation)
                  .list("pads", 1, 1));
        }
        if (stride > 1) {
          cases.add(
              new GridCase("ConvTranspose", opset)
                  .floats(2, 4, 5, 4)
                  .weights(4, 3, 3, 3)
                  .weights(3 * group)
                  .set("group", group)
                  .list("strides", stride, stride)
                  .list("pads", 1, 1, 1, 1)
                  .list("output_padding", 1, 1));
          for (String pad : List.of("NOTSET", "SAME_UPPER", "SAME_LOWER")) {
            cases.add(
                new GridCase("ConvTranspose", opset)
                    .floats(1, 4, 5, 4)
                    .weights(4, 3, 3, 3)
                    .set("group", group)
                    .set("auto_pad", pad)
                    .list("strides", stride, stride)
                    .list("output_shape", 5 * stride, 4 * stride + 1));
          }
        }
      }
    }
    cases.add(
        new GridCase("ConvTranspose", opset)
            .floats(1, 2, 3, 4, 3)
            .weights(2, 3, 2, 3, 2)
            .list("strides", 2, 1, 2)
            .list("pads", 0, 1, 0, 1, 0, 0));
  }

  private static void pools(List<GridCase> cases, String pool, long opset) {
    boolean isAverage = pool.equals("AveragePool");
    for (long ceil : new long[] {0, 1}) {
      for (long counts : isAverage ? new long[] {0, 1} : new long[] {0}) {
        for (long stride : new long[] {1, 2, 3}) {
          for (String pad : List.of("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")) {
            cases.add(
                pool(pool, opset, ceil, counts)
                    .floats(2, 3, 9, 8)
                    .list("kernel_shape", 3, 2)
                    .list("strides", stride, stride)
                    .set("auto_pad", pad));
          }
          for (long[] pads : new long[][] {{1, 1, 1, 1}, {1, 0, 2, 1}, {2, 1, 0, 0}}) {
            cases.add(
                pool(pool, opset, ceil, counts)
                    .floats(2, 3, 9, 8)
                    .list("kernel_shape", 3, 3)
                    .list("strides", stride, 2)
                    .list("pads", pads));
          }
          cases.add(
              pool(pool, opset, ceil, counts)
                  .floats(2, 3, 10)
                  .list("kernel_shape", 3)
                  .list("strides", stride)
                  .list("pads", 1, 0));
          cases.add(
              pool(pool, opset, ceil, counts)
                  .floats(1, 2, 6, 5, 7)
                  .list("kernel_shape", 2, 2, 3)
                  .list("strides", stride, 2, 2)
                  .list("pads", 0, 1, 1, 0, 1, 1));
          if (opset >= 10) {
            cases.add(
                pool(pool, opset, ceil, counts)
                    .floats(2, 3, 11, 9)
                    .list("kernel_shape", 3, 2)
                    .list("strides", stride, 2)
                    .list("dilations", 2, 3)
                    .list("pads", 1, 0, 0, 1));
          }
        }
      }
    }
  }

  /// Options are set only where the operator's version knows them.
  private static GridCase pool(String pool, long opset, long ceil, long counts) {
    var each = new GridCase(pool, opset);
    if (ceil != 0) {
      each.set("ceil_mode", ceil);
    }
    return counts == 0 ? each : each.set("count_include_pad", counts);
  }

  private static void places(List<GridCase> cases) {
    for (long order : new long[] {0, 1}) {
      for (long[] pads : new long[][] {{0, 0, 0, 0}, {1, 1, 1, 1}, {1, 0, 0, 1}}) {
        cases.add(
            new GridCase("MaxPool", 12)
                .floats(2, 3, 7, 6)
                .list("kernel_shape", 3, 3)
                .list("strides", 2, 1)
                .list("pads", pads)
                .set("storage_order", order)
                .outputs(2));
      }
    }
    cases.add(new GridCase("MaxPool", 12).floats(2, 3, 9).list("kernel_shape", 2).outputs(2));
    cases.add(
        new GridCase("MaxPool", 12).floats(2, 3, 4, 5, 3).list("kernel_shape", 2, 2, 2).outputs(2));
  }
}
