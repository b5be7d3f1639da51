package falcon.prune.costs;

import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.model.Network;
import falcon.model.WeightStorage;
import falcon.model.onnx.SparseSize;
import falcon.prune.options.CostModel;
import falcon.prune.options.LayerCosts;
import falcon.prune.options.PruningException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The length of the pruned network's file in [falcon.prune.storage.ModelFormat#ONNX_SPARSE].
///
/// ```
/// bytes = everything else + Σ (size of a value + 8) · kept weights
/// ```
///
/// A kept float32 weight takes 12 bytes, of which 8 are its index, as the format has it. The file
/// stores all weights of a layer where that is smaller, with more than a third kept; here they
/// count 12 bytes nevertheless, so that the file may be smaller than promised, and is never larger.
public record StoredBytes() implements CostModel {
  /// The name of the resource.
  public static final String NAME = "bytes";

  @Override
  public LayerCosts of(Subject subject) {
    Network stored = subject.network().stored();
    Map<String, List<String>> tensorsByLayer = new HashMap<>();
    for (CostTable.Layer layer : subject.costs().layers()) {
      WeightStorage storage = subject.network().storage(layer.name());
      tensorsByLayer.put(
          layer.name(),
          storage == null ? List.of(layer.name()) : List.copyOf(storage.constants().keySet()));
    }
    SparseSize size = size(stored, tensorsByLayer.values());
    var byLayer = new ArrayList<CostPattern>();
    long fixed = size.otherBytes();
    long weightBytes = 0;
    Set<String> counted = new HashSet<>();
    for (CostTable.Layer layer : subject.costs().layers()) {
      int each = 0;
      long elements = 0;
      for (String tensor : tensorsByLayer.getOrDefault(layer.name(), List.of())) {
        Integer bytes = size.bytesByTensor().get(tensor);
        if (bytes != null) {
          each = Math.max(each, bytes);
          elements += counted.add(tensor) ? stored.tensor(tensor).size() : 0;
        }
      }
      byLayer.add(CostPattern.same(each));
      weightBytes += (long) each * layer.count();
      // Elements that no weight uses stay as they are.
      fixed += (long) each * Math.max(0, elements - layer.count());
    }
    return new LayerCosts(
        byLayer,
        fixed,
        Math.max(size.denseBytes(), fixed),
        0,
        weightBytes == 0
            ? List.of(
                "No weight of the network can be left out of a file: the budget of bytes decides nothing.")
            : List.of());
  }

  private static SparseSize size(Network stored, Iterable<List<String>> tensorsByLayer) {
    Set<String> names = new HashSet<>();
    tensorsByLayer.forEach(names::addAll);
    try {
      return SparseSize.of(stored, names);
    } catch (IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s%s, and bytes are those of one file.%nGive a budget of weights instead, or a network in one file."
              .formatted(stored.place(), e.getMessage()),
          e);
    }
  }

  @Override
  public String unit() {
    return "bytes";
  }

  @Override
  public Map<String, BigDecimal> units() {
    return Map.of(
        "", BigDecimal.ONE,
        "k", BigDecimal.valueOf(1_000),
        "kB", BigDecimal.valueOf(1_000),
        "KiB", BigDecimal.valueOf(1 << 10),
        "M", BigDecimal.valueOf(1_000_000),
        "MB", BigDecimal.valueOf(1_000_000),
        "MiB", BigDecimal.valueOf(1 << 20),
        "G", BigDecimal.valueOf(1_000_000_000));
  }

  @Override
  public String identity() {
    return "the file in onnx-sparse";
  }
}
