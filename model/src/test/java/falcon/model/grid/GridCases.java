package falcon.model.grid;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Every operator over its options, for all who compute operators.
public final class GridCases {
  private GridCases() {}

  /// Returns all cases, by operator.
  public static Map<String, List<GridCase>> byOperator() {
    var cases = new ArrayList<GridCase>();
    WindowCases.addTo(cases);
    ElementCases.addTo(cases);
    LinearCases.addTo(cases);
    QuantizedCases.addTo(cases);
    AttentionCases.addTo(cases);
    ReductionCases.addTo(cases);
    RearrangementCases.addTo(cases);
    SelectionCases.addTo(cases);
    ResizeCases.addTo(cases);
    var sorted = new TreeMap<String, List<GridCase>>();
    for (GridCase each : cases) {
      sorted.computeIfAbsent(each.opType(), _ -> new ArrayList<>()).add(each);
    }
    return sorted;
  }
}
