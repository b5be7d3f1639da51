package falcon.torch.curvature;

import falcon.torch.execution.ChunkWork;
import falcon.torch.execution.GraphExecution;
import falcon.torch.layer.Grid;
import falcon.torch.layer.LayerMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The moments of some chunks, of all layers, as arrays: what [LayerMoments] adds up where chunks
/// are mapped in other processes.
///
/// @param tensorNames weight tensors of the layers
/// @param forms form of each layer's inputs
/// @param positionsPerSample as in [LayerMoments]
/// @param together number of chunks of a task
record MomentsWork(
    ArrayList<String> tensorNames,
    ArrayList<MomentForm> forms,
    int positionsPerSample,
    int together)
    implements ChunkWork<ArrayList<@Nullable Object>> {

  /// Returns for each stop an [InputProducts.Sent], [InputRows], or null.
  @Override
  public ArrayList<@Nullable Object> of(Task task) {
    List<LayerMatrix> layers =
        tensorNames.stream()
            .map(name ->
                Objects.requireNonNull(LayerMatrix.solvable(task.network().program(), name)))
            .toList();
    List<MomentStop> stops = MomentStop.of(layers);
    var found = new ArrayList<@Nullable Object>();
    var executions = new ArrayList<GraphExecution>();
    try {
      task.batches().forEach(batch -> executions.add(task.network().start(batch)));
      executions.forEach(execution -> MomentStop.inside(stops).forEach(execution::watch));
      for (MomentStop stop : stops) {
        found.add(of(task, stop.use(), forms.get(stop.layer()), executions));
      }
    } finally {
      executions.forEach(GraphExecution::close);
    }
    return found;
  }

  private @Nullable Object of(
      Task task, LayerMatrix.Use use, MomentForm form, List<GraphExecution> executions) {
    if (form == MomentForm.NONE) {
      return null;
    }
    try (var _ = new PointerScope()) {
      var rows = new Tensor[executions.size()];
      for (int i = 0; i < rows.length; i++) {
        Tensor input = executions.get(i).compute(use.input());
        int samples = task.batches().get(i).size();
        int chunk = task.number() * together + i;
        Grid grid = use.geometry().grid(input, samples, positionsPerSample, chunk);
        rows[i] = use.geometry().rows(input, grid);
      }
      Tensor all = rows.length == 1 ? rows[0] : torch.cat(new TensorVector(rows), 1);
      Object found =
          form == MomentForm.PRODUCTS
              ? InputProducts.ofInputs(all).sent()
              : InputRows.ofInputs(all);
      executions.forEach(execution -> execution.unwatch(use.input()));
      return found;
    }
  }
}
