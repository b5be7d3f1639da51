package falcon.runtime.kernel;

import falcon.runtime.loop.KernelSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A convolution or linear layer whose zeros cost no time, compiled for one number of images.
///
/// ```
/// output = activation(Σ w x + bias + residual)        each sum over kept weights only
/// ```
///
/// Sums are float32, one rounding per term, in the order of weights; an output has the same bits
/// for any number of threads and at every width of vectors. A pruned weight multiplies nothing, so
/// an infinite or NaN input reaches an output only through kept weights; in blocks and in the dense
/// kernel, a pruned weight that shares its place with a kept one multiplies as 0, and 0 · ∞ is NaN.
///
/// Immutable after compilation: any number of threads may run parts, of one run or of several. Owns
/// native memory; the caller closes it when no run is under way.
public final class CompiledLayer implements AutoCloseable {
  private final LayerProgram program;
  private final Layouts layouts;
  private final boolean hasResidual;
  private final LayerReport report;
  private final Arena arena;

  private CompiledLayer(
      LayerProgram program, Layouts layouts, boolean hasResidual, LayerReport report, Arena arena) {
    this.program = program;
    this.layouts = layouts;
    this.hasResidual = hasResidual;
    this.report = report;
    this.arena = arena;
  }

  /// Compiles a layer for this process's kernels.
  ///
  /// @param weights `[outputs, inputs / groups, rows, columns]`; zeros are left out; read only
  /// @param choice the kernel, or [LayerChoice#AUTO]
  /// @throws IllegalArgumentException if weights, bias or layouts do not fit the shape
  public static CompiledLayer compile(
      ConvolutionShape shape,
      float[] weights,
      Epilogue epilogue,
      Layouts layouts,
      LayerChoice choice) {
    return compile(
        new LayerWeights(shape, weights),
        epilogue,
        layouts,
        choice,
        new LayerPlanner(KernelSource.active()));
  }

  @SuppressWarnings("MustBeClosedChecker") // the layer closes it
  static CompiledLayer compile(
      LayerWeights weights,
      Epilogue epilogue,
      Layouts layouts,
      LayerChoice choice,
      LayerPlanner planner) {
    epilogue.checkOutputs(weights.shape().outputs());
    layouts.check(weights.shape());
    Arena arena = Arena.ofShared();
    try {
      LayerPlan plan = planner.plan(weights, layouts, choice);
      LayerProgram program = program(weights, epilogue, layouts, plan, arena);
      LayerReport report = plan.report(weights, layouts, program.streamBytes());
      return new CompiledLayer(program, layouts, epilogue.hasResidual(), report, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static LayerProgram program(
      LayerWeights weights, Epilogue epilogue, Layouts layouts, LayerPlan plan, Arena arena) {
    if (!layouts.isPoint()) {
      return TiledProgram.of(weights, epilogue, layouts, plan, arena);
    }
    return plan.choice() == LayerChoice.SCATTERED
        ? PointProgram.of(weights, epilogue, layouts, arena)
        : DensePointProgram.of(weights, epilogue, layouts, plan.kernels(), arena);
  }

  /// Returns the layout that the layer reads.
  public PlaneLayout input() {
    return layouts.input();
  }

  /// Returns the layout that the layer writes, and reads a residual in.
  public PlaneLayout output() {
    return layouts.output();
  }

  /// Returns the number of pieces that the work is cut into; depends on the layer alone.
  public int parts() {
    return program.parts();
  }

  /// Computes one piece of the outputs.
  ///
  /// @param input native memory of [PlaneLayout#bytes] of the input's layout, zero outside of its
  ///     elements
  /// @param residual of the output's layout, if the epilogue has one
  /// @param output of the output's layout; overlaps neither input nor residual
  /// @param part 0 to `parts() - 1`, in any order, on any thread
  /// @throws IllegalArgumentException if a segment is too small or not native, or there is a
  ///     residual without need or none where one is needed, or the output overlaps what is read
  public void run(
      MemorySegment input, @Nullable MemorySegment residual, MemorySegment output, int part) {
    if ((residual != null) != hasResidual) {
      throw new IllegalArgumentException(
          hasResidual ? "the layer adds a residual; none is given" : "the layer adds no residual");
    }
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("the layer is closed");
    }
    if (part < 0 || part >= program.parts()) {
      throw new IllegalArgumentException("part %d of %d".formatted(part, program.parts()));
    }
    check(input, layouts.input(), "input");
    check(output, layouts.output(), "output");
    checkApart(input, layouts.input(), output);
    if (residual != null) {
      check(residual, layouts.output(), "residual");
      checkApart(residual, layouts.output(), output);
    }
    program.run(input.address(), residual == null ? 0 : residual.address(), output.address(), part);
  }

  private static void check(MemorySegment segment, PlaneLayout layout, String name) {
    if (!segment.isNative() || segment.byteSize() < layout.bytes()) {
      throw new IllegalArgumentException(
          "the %s is %s; it must be native memory of %d bytes"
              .formatted(name, segment, layout.bytes()));
    }
    if (!segment.scope().isAlive() || !segment.isAccessibleBy(Thread.currentThread())) {
      throw new IllegalStateException(
          "the memory of the %s is closed or belongs to another thread".formatted(name));
    }
  }

  private void checkApart(MemorySegment read, PlaneLayout layout, MemorySegment output) {
    long behind = output.address() - read.address();
    if (behind < layout.bytes() && -behind < layouts.output().bytes()) {
      throw new IllegalArgumentException("the output overlaps what the layer reads");
    }
  }

  /// Returns what the layer was compiled to.
  public LayerReport report() {
    return report;
  }

  /// Frees the native memory.
  @Override
  public void close() {
    arena.close();
  }
}
