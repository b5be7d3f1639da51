package falcon.torch.kernel;

import falcon.torch.Torch;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Convolutions as products of rows and weights, without oneDNN: the elements under the window at
/// each position are copied to a row, and libtorch multiplies matrices.
///
/// A transposed convolution is the convolution of stride 1 with the window reversed, over the input
/// with `stride − 1` zeros between its elements. Gradients pass through all steps.
public final class RowConvolution {
  /// Greatest number of bytes of the rows of one product; a single sample may take more.
  private static final long BYTES = 64L << 20;

  private RowConvolution() {}

  /// Computes a convolution.
  ///
  /// @return `[b, out, positions…]`, in the innermost scope
  public static Tensor run(Convolution convolution) {
    if (convolution.isTransposed()) {
      return plain(asPlain(convolution));
    }
    return plain(convolution);
  }

  /// Returns the plain convolution that a transposed one equals.
  private static Convolution asPlain(Convolution c) {
    int axes = c.spatialAxes();
    long[] kernel = c.window().kernel();
    var pads = new long[axes];
    var ones = new long[axes];
    var reversed = new long[axes];
    for (int axis = 0; axis < axes; axis++) {
      pads[axis] = c.dilations()[axis] * (kernel[axis] - 1);
      ones[axis] = 1;
      reversed[axis] = axis + 2L;
    }
    long groups = c.groups();
    Tensor weight = // [g · in, out, k…] to [g · out, in, k…]
        c.weight().unflatten(0, groups, c.inputs()).transpose(1, 2).flatten(0, 1).flip(reversed);
    return new Convolution(
        Torch.stuffed(c.x(), c.strides()),
        weight,
        c.bias(),
        Window.symmetric(kernel, ones, c.dilations(), pads),
        groups,
        false);
  }

  private static Tensor plain(Convolution c) {
    Tensor x = Torch.padded(c.x(), c.pads(), c.pads(), 0);
    long samples = x.size(0);
    long[] positions = positions(c, x);
    long rowBytes = c.groups() * c.inputs() * elements(c.window().kernel()) * x.element_size();
    long each = Math.max(1, elements(positions) * rowBytes);
    long atATime = Math.max(1, BYTES / each);
    if (atATime >= samples) {
      return samples(c, x, positions);
    }
    List<Tensor> parts = new ArrayList<>();
    for (long first = 0; first < samples; first += atATime) {
      parts.add(samples(c, x.narrow(0, first, Math.min(atATime, samples - first)), positions));
    }
    var all = new TensorVector(parts.size());
    for (int i = 0; i < parts.size(); i++) {
      all.put(i, parts.get(i));
    }
    return torch.cat(all, 0);
  }

  /// @param x the padded input of some of the samples
  private static Tensor samples(Convolution c, Tensor x, long[] positions) {
    int axes = c.spatialAxes();
    long[] kernel = c.window().kernel();
    var sizes = new long[3 + 2 * axes]; // [g, b, positions…, in, kernel…]
    var strides = new long[sizes.length];
    sizes[0] = c.groups();
    strides[0] = c.inputs() * x.stride(1);
    sizes[1] = x.size(0);
    strides[1] = x.stride(0);
    sizes[2 + axes] = c.inputs();
    strides[2 + axes] = x.stride(1);
    for (int axis = 0; axis < axes; axis++) {
      long step = x.stride(axis + 2L);
      sizes[2 + axis] = positions[axis];
      strides[2 + axis] = c.strides()[axis] * step;
      sizes[3 + axes + axis] = kernel[axis];
      strides[3 + axes + axis] = c.dilations()[axis] * step;
    }
    Tensor rows =
        x.as_strided(sizes, strides, new LongOptional(x.storage_offset()))
            .reshape(c.groups(), x.size(0) * elements(positions), c.inputs() * elements(kernel));
    Tensor filters =
        c.weight().reshape(c.groups(), c.outputs(), c.inputs() * elements(kernel)).transpose(1, 2);
    Tensor products = // [g, b · positions, out of a group]
        c.bias() == null
            ? rows.bmm(filters)
            : c.bias().reshape(c.groups(), 1, c.outputs()).baddbmm(rows, filters);
    var shape = new long[2 + axes];
    shape[0] = x.size(0);
    System.arraycopy(positions, 0, shape, 1, axes);
    shape[1 + axes] = c.groups() * c.outputs();
    return products.transpose(0, 1).reshape(shape).movedim(1L + axes, 1);
  }

  /// @param x the padded input
  private static long[] positions(Convolution c, Tensor x) {
    long[] kernel = c.window().kernel();
    var positions = new long[kernel.length];
    for (int axis = 0; axis < kernel.length; axis++) {
      long span = (kernel[axis] - 1) * c.dilations()[axis] + 1;
      positions[axis] = Math.max(0, (x.size(axis + 2L) - span) / c.strides()[axis] + 1);
    }
    return positions;
  }

  private static long elements(long[] sizes) {
    long product = 1;
    for (long size : sizes) {
      product *= size;
    }
    return product;
  }
}
