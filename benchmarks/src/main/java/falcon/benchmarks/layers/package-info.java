/// The speed of single layers of `falcon.runtime` against ONNX Runtime's dense ones.
///
/// Read [falcon.benchmarks.layers.LayerTable] first. Must not be imported by any other module.
@NullMarked
package falcon.benchmarks.layers;

import org.jspecify.annotations.NullMarked;
