package falcon.cli.speed;

import falcon.model.Network;
import falcon.model.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/// The time of one run of a pruned network in `falcon.runtime`, beside that of the dense network.
///
/// @param pruned milliseconds of the pruned network, median of the rounds
/// @param dense milliseconds of the dense network, measured in turns with the pruned one
public record RunTime(double pruned, double dense) {
  /// Measures both networks in turns.
  ///
  /// @param batch number of examples of a run, 1 or more, where the network leaves it open
  /// @param threads number of threads, 1 or more; with one, times are processor time
  /// @param seconds time for the warm-up of each network, and again for its measurement, above 0
  public static RunTime measure(
      Network pruned, Network dense, int batch, int threads, double seconds) {
    Map<String, Tensor> inputs = ExampleInputs.of(dense, batch);
    FalconEngine own = FalconEngine.load(pruned, inputs, threads);
    FalconEngine other = FalconEngine.load(dense, inputs, threads);
    try (own;
        other) {
      List<FalconEngine> engines = List.of(own, other);
      // Twice: what the JIT compiler knows of a kernel changes as another network comes to use it.
      LongSupplier clock = Timing.clock(threads);
      engines.forEach(engine -> Timing.warm(engine, seconds, clock));
      List<Timing> timings = Timing.inTurns(engines, seconds, clock);
      return new RunTime(timings.getFirst().median(), timings.getLast().median());
    }
  }
}
