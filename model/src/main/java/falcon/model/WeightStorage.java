package falcon.model;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// How a file stores a weight tensor that is not what a product uses: in another order, narrower,
/// quantised, with a factor that a node multiplies it by, as a part of a larger constant, or in
/// several constants.
///
/// The weights of the network are those that the product uses; the file keeps its constants in
/// their own types and shapes.
public interface WeightStorage {
  /// Returns the stored tensors from which the file's nodes compute these weights, or the nearest
  /// weights that they can store. Zero is stored as zero. A weight that is unchanged since the file
  /// was read keeps its bits, as do elements that are no part of the weights.
  ///
  /// @param weights finite, of the type and shape that the product uses
  /// @param constants the stored tensors before, by name; others are not read
  /// @return the tensors of [#constants]
  SequencedMap<String, Tensor> stored(Tensor weights, Map<String, Tensor> constants);

  /// Returns the weights nearest to these that can be stored.
  Tensor nearest(Tensor weights);

  /// Returns the shapes of the stored tensors by name.
  SequencedMap<String, List<Long>> constants();

  /// Returns the number of the weight that each element of the stored tensors makes, by name of the
  /// tensor; −1 for an element that makes none. Every weight is made of one element.
  SequencedMap<String, int[]> weightByElement();

  /// Returns which weights can be anything but zero.
  ///
  /// @return null if all can
  @Nullable BitSet variable();
}
