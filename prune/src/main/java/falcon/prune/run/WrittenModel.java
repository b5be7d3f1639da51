package falcon.prune.run;

import falcon.budget.Mask;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.WeightStorage;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.OnnxOption;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.stored.StoredWeights;
import falcon.prune.method.WeightVector;
import falcon.prune.options.Option;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.storage.ModelFormat;
import falcon.prune.storage.WrittenFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The file of a pruned network, read again after it was written: its actual content.
///
/// @param layers prunable layers with the number of weights that are not zero in the file
/// @param files the model and its files of external data
/// @param denseBytes length that the files would have with every zero stored
/// @param resources use of the plan's further resources by these weights, fixed costs included
/// @param storages how the file stores the weights of layers, by layer, where not as they are
record WrittenModel(
    List<Report.LayerReport> layers,
    List<WrittenFile> files,
    long denseBytes,
    List<Long> resources,
    Map<String, WeightStorage> storages) {

  WrittenModel {
    layers = List.copyOf(layers);
    files = List.copyOf(files);
    resources = List.copyOf(resources);
    storages = Map.copyOf(storages);
  }

  /// Writes a network, reads the file again, compares every tensor with the one in memory, and
  /// counts weights and MACs.
  ///
  /// @throws falcon.model.UnwritableFileException if the file cannot be written
  /// @throws MalformedModelException if the file does not hold the written network
  static WrittenModel write(PrunedNetwork pruned, ModelFormat format, Path path) {
    Network network = pruned.network();
    Path folder = path.resolveSibling("");
    List<WrittenFile> files =
        Networks.write(network, path, format.options().toArray(OnnxOption[]::new)).stream()
            .map(file -> WrittenFile.of(folder, file))
            .toList();
    Map<String, Tensor> read;
    Map<String, Tensor> written;
    if (format != ModelFormat.SAFETENSORS || network.metadata().containsKey(Network.ARCHITECTURE)) {
      read = OnnxFile.tensors(Networks.read(path));
      written = OnnxFile.tensors(network);
    } else {
      read = SafetensorsFile.read(path).tensors();
      written = network.initializers();
    }
    requireSame(written, read, path);
    long denseBytes =
        format == ModelFormat.ONNX_SPARSE ? OnnxFile.sizeBytes(network) : bytes(files);
    PruningPlan plan = pruned.plan();
    Network used = unfolded(network, read);
    Mask kept = WeightVector.nonZero(name -> tensor(used.initializers(), name), plan.costs());
    var storages = new LinkedHashMap<String, WeightStorage>();
    for (PruningPlan.PrunableLayer layer : plan.layers()) {
      WeightStorage storage = used.storage(layer.name());
      if (storage != null) {
        storages.put(layer.name(), storage);
      }
    }
    List<Long> resources =
        Report.resources(plan, kept, null).stream().map(Report.ResourceReport::used).toList();
    return new WrittenModel(Report.layers(plan, kept), files, denseBytes, resources, storages);
  }

  private static long bytes(List<WrittenFile> files) {
    return files.stream().mapToLong(WrittenFile::bytes).sum();
  }

  /// Returns the length of all files.
  long bytes() {
    return bytes(files);
  }

  /// Returns a network whose products read their weights directly, with the tensors of its file.
  private static Network unfolded(Network network, Map<String, Tensor> read) {
    var own = new LinkedHashMap<>(read);
    own.keySet().retainAll(network.initializers().keySet());
    return StoredWeights.unfolded(network.withTensors(own));
  }

  private static void requireSame(
      Map<String, Tensor> written, Map<String, Tensor> read, Path path) {
    written.forEach((name, tensor) -> {
      if (!Objects.equals(tensor, read.get(name))) {
        throw new MalformedModelException(
            path,
            "tensor '%s' is not in the file as it was written".formatted(name),
            "Check that disk, then run again with %s.".formatted(Option.RESUME));
      }
    });
  }

  private static Tensor tensor(Map<String, Tensor> read, String name) {
    Tensor tensor = read.get(name);
    if (tensor == null) {
      throw new IllegalStateException("the file has no tensor '%s'".formatted(name));
    }
    return tensor;
  }

  /// Returns the number of weights that are not zero.
  long nnz() {
    return layers.stream().mapToLong(Report.LayerReport::kept).sum();
  }

  /// Returns the multiply-accumulates of these weights for one example.
  long macs() {
    return layers.stream().mapToLong(Report.LayerReport::macsKept).sum();
  }
}
