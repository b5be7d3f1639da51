package falcon.cli.option;

import picocli.CommandLine.Option;

/// The option for the seed of a command.
public final class SeedOptions {
  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of every random choice; same seed, same bits. Default: 1.")
  private long seed = 1;

  /// Returns the seed.
  public long seed() {
    return seed;
  }
}
