package falcon.runtime.operator;

import falcon.runtime.kernel.Extent;
import falcon.runtime.kernel.PlaneLayout;
import java.lang.foreign.MemorySegment;

/// Copies of values between row-major form and the layouts of compiled layers.
public final class PlaneCopies {
  private PlaneCopies() {}

  /// Returns the step that copies a value from one form to another.
  ///
  /// @param from the value in one form, with one phase of columns
  /// @param to the same value in the other form; where both are planes, both are turned or neither
  public static Step copy(Value from, Value to) {
    Planes source = from.planes();
    Planes target = to.planes();
    Planes either = source == null ? target : source;
    if (either == null) {
      return StridedCopy.whole(from.memory(), to);
    }
    if (either.isTurned() && (source == null || target == null)) {
      return turned(from.memory(), either.layout(), to.memory(), source != null);
    }
    PlaneLayout rows = PlaneLayout.rowMajor(either.layout().extent());
    return new PlaneCopy(
        from.memory(),
        source == null ? rows : source.layout(),
        to.memory(),
        target == null ? rows : target.layout());
  }

  /// Copies between rows of features and planes of features.
  private static Step turned(
      MemorySegment from, PlaneLayout planes, MemorySegment to, boolean isToRows) {
    Extent extent = planes.extent();
    int[] sizes = {extent.channels(), extent.width()};
    int[] ofPlanes = {planes.planePitch(), 1};
    int[] ofRows = {1, extent.channels()};
    int first = planes.first();
    return new StridedCopy(
        new StridedCopy.Source(from, isToRows ? first : 0, isToRows ? ofPlanes : ofRows),
        sizes,
        to,
        isToRows ? ofRows : ofPlanes,
        new StridedCopy.Destination(Storage.REAL, isToRows ? 0 : first));
  }
}
