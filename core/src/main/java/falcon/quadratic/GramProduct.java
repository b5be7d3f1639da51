package falcon.quadratic;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;

/// The product of a panel of columns with its own transpose, the one operation of [Backsolve] whose
/// cost is `n² |A|`.
///
/// [BlockedGramProduct] is the one in use; `docs/adr/0007-matrix-products.md` says why and what a
/// native one in lower precision would gain. A product of one panel may be formed in float32 or less,
/// panels are added up in float64.
public interface GramProduct {
  /// How many columns a panel should have; the last one of a matrix has fewer.
  int panelColumns();

  /// Adds `P Pᵀ` to a matrix.
  ///
  /// @param gram `[n, n]`, row-major; only entries right of and on the diagonal need to be right
  /// @param n rows of the panel
  /// @param panel P `[n, columns]` float32 in native memory, row-major; read only
  /// @param columns one to [#panelColumns()]
  void addTo(double[] gram, int n, MemorySegment panel, int columns, ExecutorService executor);
}
