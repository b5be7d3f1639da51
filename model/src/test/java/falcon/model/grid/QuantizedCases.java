package falcon.model.grid;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.util.List;

/// Quantised numbers and products of them over their options.
final class QuantizedCases {
  private static final long[] OPSETS = {10, 13, 21};

  private QuantizedCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      for (DataType type : List.of(DataType.UINT8, DataType.INT8)) {
        long zero = type == DataType.UINT8 ? 117 : 3;
        grids(cases, opset, type, zero);
        products(cases, opset, type, zero);
        convolutions(cases, opset, type, zero);
      }
      cases.add(new GridCase("DynamicQuantizeLinear", opset).floats(3, 7).outputs(3));
      cases.add(new GridCase("DynamicQuantizeLinear", opset).positive(3, 7).outputs(3));
      cases.add(
          new GridCase("DynamicQuantizeLinear", opset)
              .input(Tensor.ofFloats(List.of(2L, 2L), 0, 0, 0, 0))
              .outputs(3));
    }
    blocks(cases);
  }

  private static void grids(List<GridCase> cases, long opset, DataType type, long zero) {
    cases.add(new GridCase("QuantizeLinear", opset).floats(2, 3, 4).real(0.013));
    cases.add(
        new GridCase("QuantizeLinear", opset)
            .floats(2, 3, 4)
            .real(0.02)
            .constant(of(type, List.of(), zero)));
    GridCase numbers =
        new GridCase("DequantizeLinear", opset).whole(type, new long[] {2, 3}, 7, 250, 3);
    cases.add(numbers.real(0.02).constant(of(type, List.of(), zero)));
    if (opset >= 13) {
      for (long axis : new long[] {1, -2}) {
        cases.add(
            new GridCase("QuantizeLinear", opset)
                .floats(2, 3, 4)
                .reals(0.02, 0.5, 0.003)
                .constant(list(type, zero, 0, 1))
                .set("axis", axis));
        cases.add(
            new GridCase("DequantizeLinear", opset)
                .whole(type, new long[] {2, 3, 2}, 7, 250, 3, 99)
                .reals(0.02, 0.5, 0.003)
                .constant(list(type, zero, 0, 1))
                .set("axis", axis));
      }
      cases.add(
          new GridCase("DequantizeLinear", opset)
              .whole(DataType.INT32, new long[] {2}, 1234567, -70000)
              .reals(0.02, 0.5)
              .set("axis", 0));
    }
  }

  /// Some neighbouring numbers of an axis share scale and zero point.
  private static void blocks(List<GridCase> cases) {
    cases.add(
        new GridCase("DequantizeLinear", 21)
            .whole(DataType.INT8, new long[] {4, 3}, 7, 250, 3, 99, 100)
            .constant(Tensor.ofFloats(List.of(2L, 3L), 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f))
            .set("axis", 0)
            .set("block_size", 2));
    cases.add(
        new GridCase("QuantizeLinear", 21)
            .floats(2, 6)
            .constant(Tensor.ofFloats(List.of(2L, 2L), 0.1f, 0.2f, 0.03f, 0.04f))
            .set("axis", 1)
            .set("block_size", 3));
  }

  private static void products(List<GridCase> cases, long opset, DataType type, long zero) {
    long[] values = {7, 250, 3, 99, 100, 31, 180};
    for (long[][] shapes : new long[][][] {{{3, 4}, {4, 5}}, {{2, 3, 300}, {300, 2}}}) {
      cases.add(
          new GridCase("MatMulInteger", opset)
              .whole(DataType.UINT8, shapes[0], values)
              .whole(type, shapes[1], values)
              .constant(of(DataType.UINT8, List.of(), 12))
              .constant(of(type, List.of(), zero)));
      cases.add(
          new GridCase("MatMulInteger", opset)
              .whole(DataType.UINT8, shapes[0], values)
              .whole(type, shapes[1], values));
      cases.add(
          new GridCase("QLinearMatMul", opset)
              .whole(DataType.UINT8, shapes[0], values)
              .real(0.01)
              .constant(of(DataType.UINT8, List.of(), 12))
              .whole(type, shapes[1], values)
              .real(0.02)
              .constant(of(type, List.of(), zero))
              .real(0.7)
              .constant(of(DataType.UINT8, List.of(), 100)));
    }
  }

  private static void convolutions(List<GridCase> cases, long opset, DataType type, long zero) {
    long[] values = {7, 250, 3, 99, 100, 31, 180};
    for (long pad : new long[] {0, 1}) {
      cases.add(
          new GridCase("ConvInteger", opset)
              .whole(DataType.UINT8, new long[] {2, 3, 5, 5}, values)
              .whole(type, new long[] {4, 3, 3, 3}, values)
              .constant(of(DataType.UINT8, List.of(), 12))
              .list("pads", pad, pad, pad, pad));
      cases.add(
          new GridCase("QLinearConv", opset)
              .whole(DataType.UINT8, new long[] {2, 3, 5, 5}, values)
              .real(0.01)
              .constant(of(DataType.UINT8, List.of(), 12))
              .whole(type, new long[] {2, 3, 3, 3}, values)
              .reals(0.02, 0.05)
              .constant(
                  list(type, type == DataType.INT8 ? 0 : zero, type == DataType.INT8 ? 0 : zero))
              .real(0.7)
              .constant(of(DataType.UINT8, List.of(), 100))
              .constant(list(DataType.INT32, 1000, -500))
              .list("pads", pad, pad, pad, pad));
    }
  }

  private static Tensor list(DataType type, long... values) {
    return of(type, List.of((long) values.length), values);
  }

  private static Tensor of(DataType type, List<Long> shape, long... values) {
    var bytes = new byte[values.length * type.bytes()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[i / type.bytes()] >> (8 * (i % type.bytes())));
    }
    return Tensor.ofBytes(type, shape, bytes);
  }
}
