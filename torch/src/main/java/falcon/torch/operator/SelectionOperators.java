package falcon.torch.operator;

import falcon.torch.Torch;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Operators that select parts of a value: by ranges, by indices, by triangles.
final class SelectionOperators {
  private SelectionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Slice", Operator.of(SelectionOperators::slice));
    all.put("Gather", Operator.of(SelectionOperators::gather).indexed());
    all.put("GatherElements", Operator.of(SelectionOperators::gatherElements).indexed());
    all.put("GatherND", Operator.of(SelectionOperators::gatherBlocks));
    all.put("Trilu", Operator.of(SelectionOperators::triangle));
    all.put("OneHot", Operator.of(SelectionOperators::oneHot));
    all.put("Compress", Operator.of(SelectionOperators::compress));
    all.put("NonZero", Operator.of(in -> in.x().nonzero().t()));
    all.put("ReverseSequence", Operator.of(SelectionOperators::reverseSequence));
    all.put("GridSample", Operator.of(SelectionOperators::gridSample));
    all.put("AffineGrid", Operator.of(SelectionOperators::affineGrid));
  }

  private static Tensor slice(Operands in) {
    long[] starts = in.longsOrAttribute(1, "starts");
    long[] ends = in.longsOrAttribute(2, "ends");
    long[] axes = in.longsOrAttribute(3, "axes");
    if (starts == null || ends == null) {
      throw in.unsupported("it has no start or no end");
    }
    long[] steps = in.has(4) ? in.longs(4) : null;
    Tensor result = in.x();
    for (int i = 0; i < starts.length; i++) {
      int axis = in.axis(axes == null ? i : axes[i], result.dim());
      result = sliced(result, axis, starts[i], ends[i], steps == null ? 1 : steps[i]);
    }
    return result.alias();
  }

  private static Tensor sliced(Tensor x, int axis, long start, long end, long step) {
    long size = x.size(axis);
    long first = fromFront(start, size, step);
    long last = fromFront(end, size, step);
    if (step > 0) {
      return x.slice(axis, new LongOptional(first), new LongOptional(Math.max(first, last)), step);
    }
    var taken = new long[(int) Math.max(0, Math.ceilDiv(last - first, step))];
    Arrays.setAll(taken, i -> first + i * step);
    return x.index_select(axis, Torch.list(taken));
  }

  /// Resolves the start or the end of a slice: a negative number counts from the back, and a
  /// position outside is clamped to the edge that the steps come from or go to.
  private static long fromFront(long place, long size, long step) {
    long counted = place < 0 ? place + size : place;
    return step > 0 ? Math.clamp(counted, 0L, size) : Math.clamp(counted, -1L, size - 1);
  }

  private static Tensor gather(Operands in) {
    Tensor x = in.x();
    int axis = in.axis(0);
    Tensor indices = in.y();
    Tensor picked = x.index_select(axis, fromFront(indices, x.size(axis)).reshape(-1));
    var shape = new long[(int) (x.dim() - 1 + indices.dim())];
    int place = 0;
    for (int i = 0; i < axis; i++) {
      shape[place++] = x.size(i);
    }
    for (long size : indices.shape()) {
      shape[place++] = size;
    }
    for (int i = axis + 1; i < x.dim(); i++) {
      shape[place++] = x.size(i);
    }
    return picked.reshape(shape);
  }

  /// Returns indices as int64; negative ones are counted from the back.
  static Tensor fromFront(Tensor indices, long size) {
    Tensor whole = indices.to(torch.ScalarType.Long);
    return torch.where(whole.lt(new Scalar(0L)), whole.add(new Scalar(size)), whole);
  }

  private static Tensor gatherElements(Operands in) {
    int axis = in.axis(0);
    return in.x().gather(axis, fromFront(in.y(), in.x().size(axis)), false);
  }

  /// Computes `GatherND`: `indices[…, k]` address blocks of the first k axes after the batch axes.
  private static Tensor gatherBlocks(Operands in) {
    Tensor x = in.x();
    Tensor indices = in.y();
    int batchAxes = (int) in.node().integer("batch_dims", 0);
    long[] shape = x.shape();
    int depth = (int) indices.size(-1);
    long batches = product(shape, 0, batchAxes);
    long blocks = product(shape, batchAxes, batchAxes + depth);
    Tensor places = blockPlaces(indices, shape, batchAxes); // [batch…, …]
    if (batchAxes > 0) {
      Tensor first = ReductionOperators.places(batches).mul(new Scalar(blocks)).unsqueeze(-1);
      places = places.reshape(batches, -1).add(first);
    }
    Tensor rows = x.reshape(batches * blocks, product(shape, batchAxes + depth, shape.length));
    Tensor picked = rows.index_select(0, places.reshape(-1));
    long[] outer = Arrays.copyOf(indices.shape(), (int) indices.dim() - 1);
    return picked.reshape(
        joined(outer, Arrays.copyOfRange(shape, batchAxes + depth, shape.length)));
  }

  /// Returns the row-major positions of blocks.
  ///
  /// @param indices `[…, k]`
  /// @param shape shape of the indexed value; its axes from `from` on are indexed
  static Tensor blockPlaces(Tensor indices, long[] shape, int from) {
    int depth = (int) indices.size(-1);
    Tensor places = torch.zeros_like(indices.select(-1, 0)).to(torch.ScalarType.Long);
    for (int i = 0; i < depth; i++) {
      Tensor index = fromFront(indices.select(-1, i), shape[from + i]);
      places = places.mul(new Scalar(shape[from + i])).add(index);
    }
    return places;
  }

  static long product(long[] shape, int from, int to) {
    long product = 1;
    for (int i = from; i < to; i++) {
      product *= shape[i];
    }
    return product;
  }

  static long[] joined(long[] first, long[] second) {
    long[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  private static Tensor triangle(Operands in) {
    long diagonal = in.has(1) ? in.number(1) : 0;
    return in.node().integer("upper", 1) != 0 ? in.x().triu(diagonal) : in.x().tril(diagonal);
  }

  private static Tensor oneHot(Operands in) {
    Tensor indices = in.x().to(torch.ScalarType.Long);
    long depth = (long) Torch.number(in.y());
    Tensor values = in.get(2);
    long rank = indices.dim() + 1;
    int axis = in.axis(in.node().integer("axis", -1), rank);
    var shape = new long[(int) rank];
    Arrays.fill(shape, 1);
    shape[axis] = depth;
    Tensor classes = ReductionOperators.places(depth).reshape(shape);
    Tensor isHot = fromFront(indices, depth).unsqueeze(axis).eq(classes);
    return torch.where(isHot, values.select(0, 1), values.select(0, 0));
  }

  /// Selects the slices of an axis, or the elements, by a list of truth values.
  private static Tensor compress(Operands in) {
    boolean isFlat = !in.node().attributes().containsKey("axis");
    Tensor x = isFlat ? in.x().reshape(-1) : in.x();
    return x.index_select(isFlat ? 0 : in.axis(0), in.y().nonzero().reshape(-1));
  }

  /// Reverses the first steps of each sample, as many as its length.
  private static Tensor reverseSequence(Operands in) {
    Tensor x = in.x();
    int time = in.axis(in.node().integer("time_axis", 0), x.dim());
    int batch = in.axis(in.node().integer("batch_axis", 1), x.dim());
    if (time == batch) {
      throw in.unsupported("time and samples are the same axis, %d".formatted(time));
    }
    var ofSteps = new long[(int) x.dim()];
    Arrays.fill(ofSteps, 1);
    long[] ofSamples = ofSteps.clone();
    ofSteps[time] = x.size(time);
    ofSamples[batch] = x.size(batch);
    Tensor steps = ReductionOperators.places(x.size(time)).reshape(ofSteps);
    Tensor lengths = in.y().to(torch.ScalarType.Long).reshape(ofSamples);
    Tensor turned = lengths.sub(steps).sub(new Scalar(1L));
    Tensor places = torch.where(steps.lt(lengths), turned, steps);
    return x.gather(time, places.expand(x.shape()), false);
  }

  /// Computes coordinates for `GridSample`, from a map for each image.
  private static Tensor affineGrid(Operands in) {
    boolean isAligned = in.node().integer("align_corners", 0) != 0;
    return torch.affine_grid_generator(in.x(), in.longs(1), isAligned);
  }

  private static Tensor gridSample(Operands in) {
    String mode = in.node().text("mode", "bilinear");
    String padding = in.node().text("padding_mode", "zeros");
    long modeNumber =
        switch (mode) {
          case "bilinear", "linear" -> 0;
          case "nearest" -> 1;
          case "bicubic", "cubic" -> 2;
          default -> throw in.unsupported("mode=" + mode);
        };
    long paddingNumber =
        switch (padding) {
          case "zeros" -> 0;
          case "border" -> 1;
          case "reflection" -> 2;
          default -> throw in.unsupported("padding_mode=" + padding);
        };
    boolean isAligned = in.node().integer("align_corners", 0) != 0;
    return torch.grid_sampler(in.x(), in.y(), modeNumber, paddingNumber, isAligned);
  }
}
