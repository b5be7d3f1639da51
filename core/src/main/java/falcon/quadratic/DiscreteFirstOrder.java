package falcon.quadratic;

import falcon.budget.Budget;
import falcon.budget.Mask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;

/// Projected gradient steps on a [Quadratic] under both budgets: finds weights *and* mask.
///
/// ```
/// u  = w − τ D⁻¹ ∇Q(w)
/// z  = projection of the saliencies D_i u_i²          in every step
/// w⁺ = z ⊙ u
/// ```
///
/// Along τ the objective is piecewise quadratic, one piece a support z. A step tries the pieces that
/// larger and larger τ lead to, takes the exact minimum of each from cached vectors X w and X D⁻¹∇Q,
/// and moves to the lowest; the piece of the present support is always among them and never rises.
/// Work is done on an *active set* of columns, about twice what the budget keeps; the others are
/// checked every few iterations, and the set is rebuilt when one of them would enter.
///
/// Source: FALCON (arXiv:2403.07094), section 3.2, discrete first-order method. The paper takes
/// D = I and a fixed step; its code projects onto the MAC budget four times in all.
public final class DiscreteFirstOrder {
  /// When to stop and how hard to search.
  ///
  /// @param maxIterations steps in all, zero or more
  /// @param tolerance least relative decrease of Q in one step, zero or more
  /// @param checkInterval steps between two looks at the columns outside the active set, one or more
  /// @param trials projections tried in one step, one or more
  public record Settings(int maxIterations, double tolerance, int checkInterval, int trials) {
    /// Enough for the support to settle on ResNet-sized problems.
    public static final Settings DEFAULT = new Settings(50, 1e-4, 5, 6);

    /// @throws IllegalArgumentException if a number is out of its range
    public Settings {
      if (maxIterations < 0 || !(tolerance >= 0) || checkInterval < 1 || trials < 1) {
        throw new IllegalArgumentException(
            "%d iterations and tolerance %s must be at least 0, interval %d and %d trials at least 1"
                .formatted(maxIterations, tolerance, checkInterval, trials));
      }
    }
  }

  /// How many times the budget the active set may hold.
  private static final long ACTIVE_FACTOR = 2;

  /// Products with X that the estimate of the largest curvature takes; it sets only the first step
  /// size that is tried, so a rough value does.
  private static final int POWER_ITERATIONS = 6;

  /// Factor between the step sizes of two trials.
  private static final double STEP_GROWTH = 4;

  private final Quadratic quadratic;
  private final Projector projector;
  private final Settings settings;
  private final ExecutorService executor;

  /// A solver for one quadratic.
  public DiscreteFirstOrder(
      Quadratic quadratic, Projector projector, Settings settings, ExecutorService executor) {
    this.quadratic = quadratic;
    this.projector = projector;
    this.settings = settings;
    this.executor = executor;
  }

  /// Minimises from the projection of `start`, with D = I.
  ///
  /// @param start `[p]`, finite; dense, or within the budget already
  public Solution solve(float[] start, Budget budget) {
    double[] metric = new double[quadratic.weightCount()];
    Arrays.fill(metric, 1);
    return solve(start, metric, budget, () -> false);
  }

  /// Minimises from the projection of `start` in a diagonal metric.
  ///
  /// @param start `[p]`, finite; dense, or within the budget already
  /// @param metric D `[p]`, finite and above zero; read only. The identity is the paper's, the
  ///     curvature's diagonal ([Quadratic#curvatureDiagonal]) evens out the scales of the layers
  /// @param isCancelled asked once a step
  /// @return weights and mask within the budget; Q is no higher than at the projected start
  /// @throws IllegalArgumentException if a length or a number is out of its range
  public Solution solve(
      float[] start, double[] metric, Budget budget, BooleanSupplier isCancelled) {
    requireValid(start, metric);
    return new Run(start, metric, budget, isCancelled).solve();
  }

  /// `D u²` as the projection takes it: finite, whatever the scale.
  static float saliency(double metric, double u) {
    return (float) Math.min(metric * u * u, Float.MAX_VALUE);
  }

  private void requireValid(float[] start, double[] metric) {
    int p = quadratic.weightCount();
    if (start.length != p || metric.length != p) {
      throw new IllegalArgumentException(
          "start of %d and metric of %d weights, the quadratic has %d"
              .formatted(start.length, metric.length, p));
    }
    for (int i = 0; i < p; i++) {
      if (!Float.isFinite(start[i]) || !(metric[i] > 0) || metric[i] == Double.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "weight %d starts at %s with metric %s; the start is finite, the metric also above zero"
                .formatted(i, start[i], metric[i]));
      }
    }
  }

  /// The state of one call.
  private final class Run {
    private final double[] metric;
    private final Budget budget;
    private final BooleanSupplier isCancelled;
    private final double[] weights;
    private final Mask startKept;
    private final boolean[] kept;
    private final List<Double> objectives = new ArrayList<>();
    private double stepSize;

    Run(float[] start, double[] metric, Budget budget, BooleanSupplier isCancelled) {
      this.metric = metric;
      this.budget = budget;
      this.isCancelled = isCancelled;
      float[] saliency = new float[start.length];
      for (int i = 0; i < start.length; i++) {
        saliency[i] = saliency(metric[i], start[i]);
      }
      startKept = projector.project(saliency, budget);
      weights = new double[start.length];
      kept = new boolean[start.length];
      for (int i = startKept.nextKept(0); i < start.length; i = startKept.nextKept(i + 1)) {
        kept[i] = true;
        weights[i] = start[i];
      }
    }

    Solution solve() {
      double[] rowErrors = quadratic.rowErrors(weights, executor);
      objectives.add(quadratic.value(rowErrors, weights));
      double[] direction = direction(rowErrors);
      while (true) {
        int iterationsBefore = objectives.size();
        var point = new ActiveSet.Point(weights, kept, rowErrors);
        Solution.Outcome outcome;
        boolean[] active;
        try (var set = new ActiveSet(quadratic, columns(direction), point, metric, executor)) {
          active = set.membership();
          outcome = iterate(set);
          set.writeTo(point);
        }
        if (outcome == Solution.Outcome.CANCELLED || outcome == Solution.Outcome.ITERATION_LIMIT) {
          return solution(outcome);
        }
        rowErrors = quadratic.rowErrors(weights, executor);
        direction = direction(rowErrors);
        if (objectives.size() == iterationsBefore || !wouldEnter(direction, active)) {
          return solution(outcome);
        }
      }
    }

    /// Steps on the active set until it is time to look outside or to stop.
    private Solution.Outcome iterate(ActiveSet active) {
      if (stepSize == 0) {
        double curvature = active.largestCurvature(POWER_ITERATIONS);
        stepSize = curvature > 0 ? 1 / curvature : 1;
      }
      while (true) {
        boolean isSupportChanged = false;
        for (int i = 0; i < settings.checkInterval(); i++) {
          if (isCancelled.getAsBoolean()) {
            return Solution.Outcome.CANCELLED;
          }
          if (objectives.size() > settings.maxIterations()) {
            return Solution.Outcome.ITERATION_LIMIT;
          }
          double before = active.objective();
          double[] direction = active.direction();
          ActiveSet.Candidate best = search(active, direction);
          if (!(best.objective() < before)) {
            return Solution.Outcome.SMALL_DECREASE;
          }
          isSupportChanged |= active.accept(best, direction);
          objectives.add(active.objective());
          stepSize = best.stepSize() > 0 ? best.stepSize() : stepSize;
          if (before - active.objective() < settings.tolerance() * before) {
            return Solution.Outcome.SMALL_DECREASE;
          }
        }
        if (!isSupportChanged) {
          return Solution.Outcome.SUPPORT_UNCHANGED;
        }
      }
    }

    /// The lowest of the pieces tried: that of the present support, then those of larger steps as
    /// long as they are lower, then those of smaller steps if none was.
    private ActiveSet.Candidate search(ActiveSet active, double[] direction) {
      double[] slope = active.slopeOnSupport(direction);
      ActiveSet.Candidate fixed = active.fixedSupport(direction, slope);
      ActiveSet.Candidate best = fixed;
      double factor = STEP_GROWTH;
      double trial = fixed.stepSize() > 0 ? fixed.stepSize() : stepSize;
      for (int i = 0; i < settings.trials(); i++) {
        ActiveSet.Candidate tried = active.projected(trial, direction, slope, projector, budget);
        if (tried.objective() < best.objective()) {
          best = tried;
        } else if (best != fixed) {
          break;
        } else if (tried.objective() > fixed.objective()) {
          if (i == 0) {
            factor = 1 / STEP_GROWTH;
          } else if (factor > 1) {
            break;
          }
        } else if (factor < 1) {
          break;
        }
        trial *= factor;
      }
      return best;
    }

    private double[] direction(double[] rowErrors) {
      double[] direction = quadratic.gradient(rowErrors, weights, executor);
      for (int i = 0; i < direction.length; i++) {
        direction[i] /= metric[i];
      }
      return direction;
    }

    /// The kept columns and those of the largest D d² that fit a multiple of the budget beside them.
    private int[] columns(double[] direction) {
      double largest = 0;
      for (int i = 0; i < direction.length; i++) {
        largest = Math.max(largest, metric[i] * direction[i] * direction[i]);
      }
      float[] saliency = new float[direction.length];
      for (int i = 0; i < saliency.length; i++) {
        double relative = largest > 0 ? metric[i] * direction[i] * direction[i] / largest : 0;
        saliency[i] = kept[i] ? 2 : (float) relative;
      }
      Mask wide =
          projector.project(
              saliency, new Budget(widened(budget.maxNnz()), widened(budget.maxMacs())));
      int[] columns = new int[saliency.length];
      int count = 0;
      for (int i = 0; i < columns.length; i++) {
        if (kept[i] || wide.isKept(i)) {
          columns[count++] = i;
        }
      }
      return Arrays.copyOf(columns, count);
    }

    private static long widened(long limit) {
      return limit > Long.MAX_VALUE / ACTIVE_FACTOR ? Long.MAX_VALUE : limit * ACTIVE_FACTOR;
    }

    /// Whether a step of the last size would bring in a weight that is not active.
    private boolean wouldEnter(double[] direction, boolean[] active) {
      float[] saliency = new float[direction.length];
      for (int i = 0; i < saliency.length; i++) {
        saliency[i] = saliency(metric[i], weights[i] - stepSize * direction[i]);
      }
      Mask mask = projector.project(saliency, budget);
      for (int i = mask.nextKept(0); i < active.length; i = mask.nextKept(i + 1)) {
        if (!active[i] && saliency[i] > 0) {
          return true;
        }
      }
      return false;
    }

    private Solution solution(Solution.Outcome outcome) {
      float[] rounded = new float[weights.length];
      for (int i = 0; i < rounded.length; i++) {
        rounded[i] = (float) weights[i];
      }
      Mask mask = Mask.ofKept(kept);
      int entered = 0;
      for (int i = mask.nextKept(0); i < rounded.length; i = mask.nextKept(i + 1)) {
        if (!startKept.isKept(i)) {
          entered++;
        }
      }
      return new Solution(rounded, mask, objectives, entered, outcome);
    }
  }
}
