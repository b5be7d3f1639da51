package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.leastsquares.ChannelLeastSquares;
import falcon.prune.report.StageNote;
import falcon.torch.curvature.LayerProblem;
import falcon.torch.curvature.LayerShape;
import falcon.torch.curvature.LeastSquaresSolver;
import falcon.torch.curvature.Ridge;
import falcon.torch.curvature.RowProblem;
import falcon.torch.kernel.Workers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/// Finds the best weights on a mask for the layers of a [Reconstruction].
final class LayerSolver implements LeastSquaresSolver {
  private final CostTable costs;
  private final Mask mask;
  private final Map<String, LayerShape> solvedOnRows = new LinkedHashMap<>();
  private final Ridge ridge;
  private final Workers workers;

  /// @param mask the mask of the weights in `costs`; those of other layers are all kept
  /// @param ridge κ of the least squares, relative to the mean diagonal
  LayerSolver(CostTable costs, Mask mask, Ridge ridge, Workers workers) {
    this.costs = costs;
    this.mask = mask;
    this.ridge = ridge;
    this.workers = workers;
  }

  @Override
  public float[] solve(LayerProblem problem) {
    LayerShape shape = problem.shape();
    return problem.solvedInInputUnits(scaled ->
        ChannelLeastSquares.of(
                shape.inputs(),
                shape.outputs(),
                scaled.gram(),
                scaled.cross(),
                ridge.of(shape.rows(), shape.inputs()))
            .solve(
                scaled.present(),
                isKept(shape.tensorName(), scaled::tensorIndex),
                workers.executor()));
  }

  @Override
  public float[] solve(RowProblem problem) {
    LayerShape shape = problem.shape();
    solvedOnRows.put(shape.tensorName(), shape);
    return problem.solve(
        isKept(shape.tensorName(), problem::tensorIndex),
        ridge.of(shape.rows(), shape.inputs()),
        workers);
  }

  private IntPredicate isKept(String tensorName, IntUnaryOperator tensorIndex) {
    CostTable.Layer layer = costs.layer(tensorName);
    return i -> layer == null || mask.isKept(layer.offset() + tensorIndex.applyAsInt(i));
  }

  /// Returns the notes for a reader of the report on how layers were solved; empty if there are
  /// none.
  List<StageNote> notes() {
    if (solvedOnRows.isEmpty()) {
      return List.of();
    }
    return List.of(
        new StageNote.SolvedOnRows(
            solvedOnRows.values().stream()
                .map(shape ->
                    new StageNote.RowLayer(shape.tensorName(), shape.inputs(), shape.rows()))
                .toList()));
  }
}
