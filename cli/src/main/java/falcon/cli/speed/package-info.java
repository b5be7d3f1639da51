/// Measures how fast networks run: several of them, in several runtimes, in turns.
///
/// Read [SpeedComparison] first. The only place of Falcon that knows ONNX Runtime.
@NullMarked
package falcon.cli.speed;

import org.jspecify.annotations.NullMarked;
