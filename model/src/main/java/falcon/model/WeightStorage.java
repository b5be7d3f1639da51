package falcon.model;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a file stores a weight tensor that is not what a product uses: in another order, narrower,
/// quantised, or with a factor that a node multiplies it by.
///
/// The weights of the network are those that the product uses; the file keeps its constant in the
/// constant's own type and shape.
public interface WeightStorage {
  /// Returns the stored tensor from which the file's nodes compute these weights, or the nearest
  /// weights that it can store. Zero is stored as zero, and a weight that is unchanged since the
  /// file was read keeps its bits.
  ///
  /// @param weights finite, of the type and shape that the product uses
  Tensor stored(Tensor weights);

  /// Returns the weights that the file's nodes compute from a stored tensor.
  Tensor weights(Tensor stored);

  /// Returns the shape of the stored tensor.
  List<Long> storedShape();

  /// Returns the index in the stored tensor of each weight, `[weights]`.
  int[] storedIndexes();

  /// Returns which weights can be anything but zero.
  ///
  /// @return null if all can
  @Nullable BitSet variable();
}
