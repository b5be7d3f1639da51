package falcon.torch.curvature;

import falcon.torch.layer.LayerMatrix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A use of a layer's weights, where a pass stops to look at the inputs.
///
/// @param layer number of the layer
record MomentStop(int layer, LayerMatrix.Use use) {
  /// Returns all stops in the order in which a pass reaches them.
  static List<MomentStop> of(List<LayerMatrix> layers) {
    var stops = new ArrayList<MomentStop>();
    for (int l = 0; l < layers.size(); l++) {
      for (LayerMatrix.Use use : layers.get(l).products()) {
        stops.add(new MomentStop(l, use));
      }
    }
    stops.sort(Comparator.comparingInt(stop -> stop.use().nodeIndex()));
    return stops;
  }

  /// Returns the inputs of recurrent nodes, which a pass makes inside of them.
  static List<String> inside(List<MomentStop> stops) {
    return stops.stream()
        .filter(stop -> stop.use().isRecurrent())
        .map(stop -> stop.use().input())
        .toList();
  }
}
