package falcon.runtime.program;

import java.lang.foreign.Arena;

/// The native memory of a program.
final class Resources implements AutoCloseable {
  private final Arena arena = Arena.ofShared();

  Arena arena() {
    return arena;
  }

  @Override
  public void close() {
    arena.close();
  }
}
