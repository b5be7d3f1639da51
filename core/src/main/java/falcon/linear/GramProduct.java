package falcon.linear;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;

/// The product of a panel of columns with its own transpose, the one operation of the backsolve
/// whose cost is `n² |A|`.
///
/// A product of one panel may be formed in float32, as [BlockedGramProduct] does, or in less;
/// panels are added up in float64. `docs/adr/0007-matrix-products.md` lists measured figures.
public interface GramProduct {
  /// Returns the number of columns that a panel should have, 1 to 2,048; the last one of a matrix
  /// has fewer.
  int panelColumns();

  /// Adds `P Pᵀ` to a matrix.
  ///
  /// @param gram `[n, n]`, row-major; only entries right of and on the diagonal need to be right
  /// @param n rows of the panel
  /// @param panel P `[n, columns]` float32 in native memory, row-major; read only
  /// @param columns one to [#panelColumns()]
  void addTo(double[] gram, int n, MemorySegment panel, int columns, ExecutorService executor);
}
