package falcon.benchmarks.solver;

/// A measured number.
///
/// @param key its name in JSON, `group.name`
/// @param what the measured quantity, for a reader
/// @param median median of the repetitions
/// @param least least value of the repetitions
/// @param greatest greatest value of the repetitions
/// @param unit `x` for a ratio, `ms`, `s`, `GiB` …
/// @param goal the wanted value, for a reader; empty if there is none
record Figure(
    String key,
    String what,
    double median,
    double least,
    double greatest,
    String unit,
    String goal) {

  /// Returns a figure that was measured once.
  static Figure single(String key, String what, double value, String unit, String goal) {
    return new Figure(key, what, value, value, value, unit, goal);
  }
}
