package falcon.runtime.program;

import falcon.runtime.operator.Planes;
import falcon.runtime.operator.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Places of all computed values in one block of memory, in which a value takes the place of others
/// that nothing reads any more.
///
/// Values in the layouts of compiled layers share memory with values of the same layout only: what
/// is between their elements is zero and stays so.
///
/// Inputs and outputs of the network keep their places for themselves. A view has the place of the
/// value that it is a view of.
///
/// Larger values are placed first, each at the lowest offset that is free while it lives: the
/// greedy method by size of Pisarchyk and Lee, *Efficient Memory Management for Deep Neural Net
/// Inference*, arXiv:2001.03288, section 5.
final class MemoryPlan {
  private static final long ALIGNMENT = 64;

  private final Map<Value, Life> lives = new LinkedHashMap<>();
  private long bytes;

  /// The time that a value is kept, in numbers of operations, and its place.
  private static final class Life {
    private final long size;
    private final @Nullable Planes planes;
    private int first;
    private int last;
    private long offset;

    Life(long size, @Nullable Planes planes, int first) {
      this.size = size;
      this.planes = planes;
      this.first = first;
      this.last = first;
    }

    boolean excludes(Life other) {
      return !Objects.equals(planes, other.planes) || (first <= other.last && other.first <= last);
    }
  }

  /// Plans the places of all values of a graph.
  static MemoryPlan of(Graph graph) {
    var plan = new MemoryPlan();
    int end = graph.operations().size();
    graph.inputs().forEach(input -> plan.start(input, 0, end));
    for (int i = 0; i < end; i++) {
      Operation operation = graph.operations().get(i);
      for (Value output : operation.outputs()) {
        if (output == null) {
          continue;
        }
        Life source = operation.isView() ? plan.lives.get(operation.in(0)) : null;
        if (source != null) {
          plan.lives.put(output, source);
        } else if (!output.isConstant()) {
          plan.start(output, i, i);
        }
      }
      for (Value input : operation.inputs()) {
        plan.use(input, i);
      }
    }
    for (Value output : graph.outputs()) {
      Life life = plan.lives.get(output);
      if (life != null) {
        life.first = 0;
        life.last = end;
      }
    }
    plan.place();
    return plan;
  }

  private void start(Value value, int first, int last) {
    long size = Math.ceilDiv(value.roomBytes(), ALIGNMENT) * ALIGNMENT;
    var life = new Life(size, value.planes(), first);
    life.last = last;
    lives.put(value, life);
  }

  private void use(@Nullable Value value, int time) {
    Life life = value == null ? null : lives.get(value);
    if (life != null) {
      life.last = Math.max(life.last, time);
    }
  }

  private void place() {
    List<Life> bySize =
        lives.values().stream()
            .distinct()
            .sorted(
                Comparator.comparingLong((Life life) -> -life.size)
                    .thenComparingInt(life -> life.first))
            .toList();
    var placed = new ArrayList<Life>(); // by offset
    for (Life life : bySize) {
      long offset = 0;
      for (Life other : placed) {
        if (other.excludes(life)) {
          if (offset + life.size <= other.offset) {
            break;
          }
          offset = Math.max(offset, other.offset + other.size);
        }
      }
      life.offset = offset;
      bytes = Math.max(bytes, offset + life.size);
      placed.add(life);
      placed.sort(Comparator.comparingLong(each -> each.offset));
    }
  }

  /// Returns the size of the block.
  long bytes() {
    return bytes;
  }

  /// Returns the offset of a computed value.
  ///
  /// @return −1 for a value that has no place: a constant
  long offset(Value value) {
    Life life = lives.get(value);
    return life == null ? -1 : life.offset;
  }

  /// Returns all values that have a place.
  Iterable<Value> values() {
    return lives.keySet();
  }
}
