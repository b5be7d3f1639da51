package falcon.torch.gradient;

import falcon.torch.execution.ChunkWork;
import falcon.torch.layer.LayerMatrix;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/// The per-sample gradients of a chunk, as bytes a layer: what [PerSampleGradients] passes on where
/// chunks are mapped in other processes.
///
/// @param tensorNames weight tensors of the layers
/// @param innerRows rows of a sample, for each use of the layers in their order
/// @param kind what is differentiated
/// @param size number of samples of a chunk
record RowsWork(
    ArrayList<String> tensorNames,
    ArrayList<Long> innerRows,
    PerSampleGradients.RowKind kind,
    int size)
    implements ChunkWork<ArrayList<byte[]>> {
  @Override
  public ArrayList<byte[]> of(Task task) {
    List<LayerMatrix> layers =
        tensorNames.stream().map(name -> LayerMatrix.of(task.network().program(), name)).toList();
    var uses = layers.stream().flatMap(layer -> layer.uses().stream()).toList();
    var inner = new HashMap<LayerMatrix.Use, Long>();
    for (int u = 0; u < uses.size(); u++) {
      inner.put(uses.get(u), innerRows.get(u));
    }
    var rows = new ArrayList<byte[]>();
    PerSampleGradients.gradients(
        task.network(),
        new PerSampleGradients.Batch(task.batch(), task.number() * size, task.length(), layers),
        inner,
        kind,
        (_, _, segment) -> rows.add(segment.toArray(ValueLayout.JAVA_BYTE)));
    return rows;
  }
}
