package falcon.quadratic;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;

/// The product of a panel of columns with its own transpose, the one operation of [Backsolve] whose
/// cost is `n² |A|`.
///
/// [BlockedGramProduct] is the plain one; a native matrix product may take its place. A product of
/// one panel may be formed in float32, panels are added up in float64.
public interface GramProduct {
  /// How many columns a panel should have; the last one of a matrix has fewer.
  int panelColumns();

  /// Adds `P Pᵀ` to a matrix.
  ///
  /// @param gram `[n, n]` rows; only entries right of and on the diagonal need to be right
  /// @param panel P `[n, columns]` float32 in native memory, row-major; read only
  /// @param columns one to [#panelColumns()]
  void addTo(double[][] gram, MemorySegment panel, int columns, ExecutorService executor);
}
