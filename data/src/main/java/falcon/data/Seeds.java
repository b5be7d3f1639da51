package falcon.data;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/// Derives the random stream of each use from one master seed.
///
/// ```
/// h = mix(master + γ);  h = mix(h ⊕ fnv(label));  h = mix(h + γ·stage)
/// stream = SplittableRandom(h)
/// ```
///
/// with γ = 0x9e3779b97f4a7c15, `mix` the finaliser of SplitMix64 (Steele, Lea, Flood 2014, "Fast
/// splittable pseudorandom number generators", figure 17) and `fnv` the 64-bit FNV-1a hash of the
/// label's UTF-8 bytes. These numbers determine the effect of a seed and never change.
public final class Seeds {
  private static final long GAMMA = 0x9e3779b97f4a7c15L;
  private static final long FNV_START = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private Seeds() {}

  /// Returns a new stream.
  ///
  /// @param label fixed name of the use, for example `calibration`; no two uses share a label
  /// @param stage number of the stage, epoch or chunk within the use; any value
  /// @return the same stream for the same arguments
  public static SplittableRandom of(long master, String label, long stage) {
    long h = mix(master + GAMMA);
    h = mix(h ^ fnv(label));
    h = mix(h + GAMMA * stage);
    return new SplittableRandom(h);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  private static long fnv(String label) {
    long h = FNV_START;
    for (byte b : label.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * FNV_PRIME;
    }
    return h;
  }
}
