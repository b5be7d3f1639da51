package falcon.benchmarks.real;

import java.util.List;

/// One input of a network for several samples.
///
/// @param name name of the input
/// @param shape shape of one sample
/// @param isWhole whether the input takes integers (INT64), not FLOAT32
/// @param values one array for each sample
record Column(String name, List<Long> shape, boolean isWhole, List<float[]> values) {}
