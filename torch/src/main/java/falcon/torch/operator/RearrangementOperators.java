package falcon.torch.operator;

import falcon.model.DataType;
import falcon.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Operators that rearrange or repeat the same elements, or convert their type; shapes as numbers.
final class RearrangementOperators {
  /// First opset in which Split may be given the number of parts.
  private static final long SPLIT_BY_COUNT = 18;

  private RearrangementOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Identity", Operator.of(in -> in.x().alias()));
    all.put("Dropout", Operator.ofSeveral(RearrangementOperators::dropout));
    all.put("Cast", Operator.of(RearrangementOperators::cast));
    all.put("CastLike", Operator.of(in -> converted(in.x(), Torch.type(in.y()))));
    all.put("Shape", Operator.of(RearrangementOperators::shape));
    all.put("Size", Operator.of(in -> Torch.scalar(in.x().numel())));
    all.put("Flatten", Operator.of(RearrangementOperators::flatten));
    all.put("Reshape", Operator.of(RearrangementOperators::reshape));
    all.put("Squeeze", Operator.of(RearrangementOperators::squeeze));
    all.put("Unsqueeze", Operator.of(RearrangementOperators::unsqueeze));
    all.put("Transpose", Operator.of(RearrangementOperators::transpose));
    all.put("Concat", Operator.of(RearrangementOperators::concat));
    all.put("Split", Operator.ofSeveral(RearrangementOperators::split));
    all.put("Expand", Operator.of(RearrangementOperators::expand));
    all.put("Tile", Operator.of(in -> in.x().repeat(in.longs(1))));
    all.put("DepthToSpace", Operator.of(RearrangementOperators::depthToSpace));
    all.put("SpaceToDepth", Operator.of(RearrangementOperators::spaceToDepth));
  }

  /// Computes `Dropout`, which drops nothing: in training mode it is supported at a ratio of 0
  /// only. The mask keeps all elements.
  private static List<Tensor> dropout(Operands in) {
    boolean drops = !in.has(1) || Torch.number(in.y()) != 0; // its ratio is 1/2 if none is given
    if (drops && in.has(2) && in.number(2) != 0) {
      throw in.unsupported("it was exported in training mode");
    }
    return in.makes(1)
        ? List.of(in.x().alias(), torch.ones_like(in.x()).to(torch.ScalarType.Bool))
        : List.of(in.x().alias());
  }

  private static Tensor cast(Operands in) {
    DataType type = DataType.ofOnnxCode((int) in.node().integer("to", 0));
    if (type == null) {
      throw in.unsupported("it makes elements of type " + in.node().integer("to", 0));
    }
    return converted(in.x(), Torch.scalarType(type, in.precision()));
  }

  private static Tensor converted(Tensor x, torch.ScalarType type) {
    return Torch.type(x) == type ? x.alias() : x.to(type);
  }

  private static Tensor shape(Operands in) {
    long[] shape = in.x().shape();
    int start = clamped(in.node().integer("start", 0), shape.length);
    int end = clamped(in.node().integer("end", shape.length), shape.length);
    return Torch.list(Arrays.copyOfRange(shape, start, Math.max(start, end)));
  }

  private static int clamped(long place, int rank) {
    return (int) Math.clamp(place < 0 ? place + rank : place, 0L, (long) rank);
  }

  /// Flattens into a matrix; axes before `axis` become rows.
  static Tensor flatten(Operands in) {
    Tensor x = in.x();
    long axis = in.node().integer("axis", 1);
    axis = axis < 0 ? axis + x.dim() : axis;
    long rows = 1;
    long columns = 1;
    for (int i = 0; i < x.dim(); i++) {
      if (i < axis) {
        rows *= x.size(i);
      } else {
        columns *= x.size(i);
      }
    }
    return x.reshape(rows, columns);
  }

  private static Tensor reshape(Operands in) {
    Tensor x = in.x();
    long[] target = in.longs(1);
    if (in.node().integer("allowzero", 0) == 0) {
      for (int i = 0; i < target.length; i++) {
        if (target[i] == 0 && i >= x.dim()) {
          throw in.unsupported("it keeps axis %d of %d".formatted(i, x.dim()));
        }
        target[i] = target[i] == 0 ? x.size(i) : target[i];
      }
    }
    return x.reshape(target);
  }

  private static Tensor squeeze(Operands in) {
    long[] axes = in.longsOrAttribute(1, "axes");
    return axes == null ? in.x().squeeze() : in.x().squeeze(axes);
  }

  private static Tensor unsqueeze(Operands in) {
    long[] axes = in.longsOrAttribute(1, "axes");
    if (axes == null) {
      throw in.unsupported("it names no axes");
    }
    long rank = in.x().dim() + axes.length;
    Tensor result = in.x();
    for (long axis : LongStream.of(axes).map(axis -> in.axis(axis, rank)).sorted().toArray()) {
      result = result.unsqueeze(axis);
    }
    return result;
  }

  private static Tensor transpose(Operands in) {
    List<Long> order = in.node().integers("perm", List.of());
    if (!order.isEmpty()) {
      return in.x().permute(Torch.longs(order));
    }
    var reversed = new long[(int) in.x().dim()];
    Arrays.setAll(reversed, i -> reversed.length - 1L - i);
    return in.x().permute(reversed);
  }

  private static Tensor concat(Operands in) {
    return torch.cat(ProductOperators.all(in), in.axis(1));
  }

  private static List<Tensor> split(Operands in) {
    Tensor x = in.x();
    int axis = in.axis(0);
    long[] sizes = in.longsOrAttribute(1, "split");
    if (sizes == null) {
      long parts =
          in.opset() >= SPLIT_BY_COUNT
              ? in.node().integer("num_outputs", in.node().outputs().size())
              : in.node().outputs().size();
      long size = x.size(axis);
      long each = Math.ceilDiv(size, parts);
      sizes = new long[(int) parts];
      Arrays.fill(sizes, each);
      sizes[sizes.length - 1] = size - each * (parts - 1);
    }
    var parts = new ArrayList<Tensor>();
    long from = 0;
    for (long size : sizes) {
      parts.add(x.narrow(axis, from, size));
      from += size;
    }
    return parts;
  }

  /// Broadcasts in both directions: an axis of size 1 in the target keeps the operand's size.
  private static Tensor expand(Operands in) {
    Tensor x = in.x();
    long[] target = in.longs(1);
    int rank = Math.max(target.length, (int) x.dim());
    var shape = new long[rank];
    for (int i = 0; i < rank; i++) {
      int own = i - rank + (int) x.dim();
      int wanted = i - rank + target.length;
      long size = own < 0 ? 1 : x.size(own);
      shape[i] = wanted < 0 || target[wanted] == 1 ? size : target[wanted];
    }
    return x.expand(shape);
  }

  private static Tensor depthToSpace(Operands in) {
    Tensor x = in.x();
    long block = in.node().integer("blocksize", 1);
    long channels = x.size(1) / (block * block);
    long height = x.size(2);
    long width = x.size(3);
    boolean isColumnFirst = in.node().text("mode", "DCR").equals("CRD");
    Tensor apart =
        isColumnFirst
            ? x.reshape(x.size(0), channels, block, block, height, width).permute(0, 1, 4, 2, 5, 3)
            : x.reshape(x.size(0), block, block, channels, height, width).permute(0, 3, 4, 1, 5, 2);
    return apart.reshape(x.size(0), channels, height * block, width * block);
  }

  private static Tensor spaceToDepth(Operands in) {
    Tensor x = in.x();
    long block = in.node().integer("blocksize", 1);
    long height = x.size(2) / block;
    long width = x.size(3) / block;
    return x.reshape(x.size(0), x.size(1), height, block, width, block)
        .permute(0, 3, 5, 1, 2, 4)
        .reshape(x.size(0), x.size(1) * block * block, height, width);
  }
}
