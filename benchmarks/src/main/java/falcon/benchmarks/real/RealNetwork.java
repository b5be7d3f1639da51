package falcon.benchmarks.real;

import falcon.benchmarks.real.OnnxRuntime.Constant;
import java.util.List;
import java.util.Map;

/// A network of the table.
///
/// @param name name of its file, without `.onnx`
/// @param task what it does
/// @param shape sizes of one example for `inspect`; empty if the file tells them
/// @param options options that Falcon needs for it
/// @param constants the same for ONNX Runtime
/// @param truth what accuracy means for it
/// @param samples makes its samples
record RealNetwork(
    String name,
    String task,
    String shape,
    List<String> options,
    Map<String, Constant> constants,
    Truth truth,
    Maker samples) {
  /// Makes samples.
  interface Maker {
    /// @param isTest whether to make samples of the test part; those share nothing with the others
    SampleSet make(boolean isTest) throws Exception;
  }

  RealNetwork(String name, String task, String shape, Truth truth, Maker samples) {
    this(name, task, shape, List.of(), Map.of(), truth, samples);
  }
}
