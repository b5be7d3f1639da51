package falcon.cli.speed;

import falcon.model.Tensor;
import java.util.Map;

/// A network in a runtime, with inputs that do not change.
interface Engine extends AutoCloseable {
  /// Runs the network once.
  void run();

  /// Runs the network and returns its outputs.
  Map<String, Tensor> outputs();

  @Override
  void close();
}
