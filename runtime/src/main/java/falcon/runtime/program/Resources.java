package falcon.runtime.program;

import falcon.runtime.kernel.CompiledLayer;
import falcon.runtime.kernel.LayerReport;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The native memory of a program: an arena, and the compiled layers, which have arenas of their
/// own.
final class Resources implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final List<CompiledLayer> layers = new ArrayList<>();
  private final SequencedMap<String, LayerReport> reports = new LinkedHashMap<>();

  Arena arena() {
    return arena;
  }

  /// Adds a compiled layer, which is handed over.
  void add(String label, CompiledLayer layer) {
    layers.add(layer);
    reports.put(label, layer.report());
  }

  /// Returns what each layer was compiled to, by its node, in order.
  SequencedMap<String, LayerReport> reports() {
    return Collections.unmodifiableSequencedMap(reports);
  }

  @Override
  public void close() {
    layers.forEach(CompiledLayer::close);
    arena.close();
  }
}
