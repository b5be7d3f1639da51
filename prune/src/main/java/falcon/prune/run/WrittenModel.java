package falcon.prune.run;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.OnnxOption;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.stored.StoredWeights;
import falcon.prune.options.Option;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.storage.ModelFormat;
import falcon.prune.storage.WrittenFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A pruned network's file, read again after it was written: what it really holds.
///
/// @param layers prunable layers with what is not zero in the file
/// @param files the model and its files of external data
/// @param denseBytes length that the files would have with every zero stored
record WrittenModel(List<Report.LayerReport> layers, List<WrittenFile> files, long denseBytes) {

  WrittenModel {
    layers = List.copyOf(layers);
    files = List.copyOf(files);
  }

  /// Writes a network, reads the file again, compares every tensor with the one in memory, and
  /// counts.
  ///
  /// @throws falcon.model.UnwritableFileException if the file cannot be written
  /// @throws MalformedModelException if the file does not hold what was written
  static WrittenModel write(PrunedNetwork pruned, ModelFormat format, Path path) {
    Network network = pruned.network();
    Path folder = path.resolveSibling("");
    var macsPerWeight = new LinkedHashMap<String, Long>();
    pruned.plan().layers().forEach(layer -> macsPerWeight.put(layer.name(), layer.macsPerWeight()));
    List<WrittenFile> files =
        Networks.write(network, path, format.options().toArray(OnnxOption[]::new)).stream()
            .map(file -> WrittenFile.of(folder, file))
            .toList();
    Map<String, Tensor> read;
    if (format != ModelFormat.SAFETENSORS || network.metadata().containsKey(Network.ARCHITECTURE)) {
      Network again = Networks.read(path);
      read = again.initializers();
      for (Layer layer : Layers.of(again).all()) {
        if (layer.isCounted() && pruned.plan().isCounted()) {
          macsPerWeight.put(layer.tensor(), layer.macsPerWeight());
        }
      }
    } else {
      read = SafetensorsFile.read(path).tensors();
    }
    requireSame(network, read, path);
    long denseBytes =
        format == ModelFormat.ONNX_SPARSE ? OnnxFile.sizeBytes(network) : bytes(files);
    return new WrittenModel(
        count(pruned.plan(), weights(network, read), macsPerWeight), files, denseBytes);
  }

  private static long bytes(List<WrittenFile> files) {
    return files.stream().mapToLong(WrittenFile::bytes).sum();
  }

  /// Length of all files.
  long bytes() {
    return bytes(files);
  }

  private static void requireSame(Network network, Map<String, Tensor> read, Path path) {
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (!Objects.equals(tensor, read.get(name))) {
            throw new MalformedModelException(
                path,
                "tensor '%s' is not in the file as it was written".formatted(name),
                "Check that disk, then run again with %s.".formatted(Option.RESUME));
          }
        });
  }

  /// Returns the weights that the products of a network use with the tensors of its file.
  private static Map<String, Tensor> weights(Network network, Map<String, Tensor> read) {
    var own = new LinkedHashMap<>(read);
    own.keySet().retainAll(network.initializers().keySet());
    return StoredWeights.unfolded(network.withTensors(own)).initializers();
  }

  private static List<Report.LayerReport> count(
      PruningPlan plan, Map<String, Tensor> read, Map<String, Long> macsPerWeight) {
    var layers = new ArrayList<Report.LayerReport>();
    for (PruningPlan.PrunableLayer layer : plan.layers()) {
      long kept = 0;
      for (float weight : tensor(read, layer.name()).toFloats()) {
        kept += weight == 0 ? 0 : 1;
      }
      long macs = macsPerWeight.getOrDefault(layer.name(), layer.macsPerWeight());
      layers.add(new Report.LayerReport(layer.name(), layer.shape(), layer.count(), kept, macs));
    }
    return layers;
  }

  private static Tensor tensor(Map<String, Tensor> read, String name) {
    Tensor tensor = read.get(name);
    if (tensor == null) {
      throw new IllegalStateException("the file has no tensor '%s'".formatted(name));
    }
    return tensor;
  }

  /// Number of weights that are not zero.
  long nnz() {
    return layers.stream().mapToLong(Report.LayerReport::kept).sum();
  }

  /// Multiply-accumulates that they cost for one example.
  long macs() {
    return layers.stream().mapToLong(Report.LayerReport::macsKept).sum();
  }
}
