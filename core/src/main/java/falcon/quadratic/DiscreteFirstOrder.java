package falcon.quadratic;

import falcon.budget.Budget;
import falcon.budget.Mask;
import falcon.gradients.SparseWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;

/// The discrete first-order method: projected gradient steps on a [Quadratic] under both budgets,
/// which find weights *and* mask.
///
/// ```
/// u  = w − τ ∇Q(w)
/// z  = projection of the saliencies u_i²              in every step
/// w⁺ = z ⊙ u
/// ```
///
/// Along τ the objective is piecewise quadratic, one piece a support z. A step tries the pieces
/// that larger and larger τ lead to, takes the exact minimum of each from cached vectors X w and X
/// ∇Q, and moves to the lowest. The piece of the present support is always among them, along
/// conjugate directions, and never rises. Work is done on an *active set* of columns, about twice
/// what the budget keeps; the others are checked when it has come to rest, and the set is rebuilt
/// when one of them would enter.
///
/// Source: FALCON (arXiv:2403.07094), section 3.2, discrete first-order method. The paper takes a
/// fixed step; its code projects onto the MAC budget only four times in total.
public final class DiscreteFirstOrder {
  /// Limits of the iteration and of the search for supports.
  ///
  /// @param maxIterations greatest number of steps, zero or more
  /// @param tolerance least relative decrease of Q in one step, zero or more
  /// @param checkInterval steps on one support between two searches for others, one or more
  /// @param trials projections tried in one step, one or more
  /// @param maxColumns greatest number of active columns, where that is more than the kept ones
  public record Settings(
      int maxIterations, double tolerance, int checkInterval, int trials, int maxColumns) {
    /// Settings with which support and weights converge on ResNet-sized problems.
    public static final Settings DEFAULT = new Settings(60, 1e-8, 5, 6);

    /// Creates settings without a limit of active columns.
    public Settings(int maxIterations, double tolerance, int checkInterval, int trials) {
      this(maxIterations, tolerance, checkInterval, trials, Integer.MAX_VALUE);
    }

    /// Returns these settings with another limit of active columns.
    public Settings withMaxColumns(int columns) {
      return new Settings(maxIterations, tolerance, checkInterval, trials, columns);
    }

    /// Checks the settings.
    ///
    /// @throws IllegalArgumentException if a number is out of its range
    public Settings {
      if (maxIterations < 0 || !(tolerance >= 0) || checkInterval < 1 || trials < 1) {
        throw new IllegalArgumentException(
            "%d iterations and tolerance %s must be at least 0, interval %d and %d trials at least 1"
                .formatted(maxIterations, tolerance, checkInterval, trials));
      }
    }
  }

  /// Greatest size of the active set, as a multiple of the budget.
  private static final long ACTIVE_FACTOR = 2;

  /// Number of power iterations for the estimate of the largest curvature; it sets only the first
  /// trial step size, so a rough value suffices.
  private static final int POWER_ITERATIONS = 6;

  /// Factor between the step sizes of successive trials.
  private static final double STEP_GROWTH = 4;

  private final Quadratic quadratic;
  private final Projector projector;
  private final Settings settings;
  private final ExecutorService executor;

  /// Creates a solver for one quadratic.
  public DiscreteFirstOrder(
      Quadratic quadratic, Projector projector, Settings settings, ExecutorService executor) {
    this.quadratic = quadratic;
    this.projector = projector;
    this.settings = settings;
    this.executor = executor;
  }

  /// Minimises from the projection of `start`.
  ///
  /// @param start `[p]`, finite; dense, or within the budget already
  /// @return weights and mask within the budget; Q is no higher than at the projected start
  /// @throws IllegalArgumentException if the length is not the quadratic's or a number is not
  ///     finite
  public Solution solve(float[] start, Budget budget) {
    requireValid(start);
    return new Run(start, budget).solve();
  }

  /// `u²` as the projection takes it: finite, whatever the scale.
  static float saliency(double u) {
    return (float) Math.min(u * u, Float.MAX_VALUE);
  }

  private void requireValid(float[] start) {
    if (start.length != quadratic.weightCount()) {
      throw new IllegalArgumentException(
          "start of %d weights, the quadratic has %d"
              .formatted(start.length, quadratic.weightCount()));
    }
    for (int i = 0; i < start.length; i++) {
      if (!Float.isFinite(start[i])) {
        throw new IllegalArgumentException(
            "weight %d starts at %s; a start is finite".formatted(i, start[i]));
      }
    }
  }

  /// The state of one call.
  private final class Run {
    private final Budget budget;
    private final Mask startKept;
    private final List<Double> objectives = new ArrayList<>();
    private SparseWeights weights;
    private Mask kept;
    private double stepSize;

    Run(float[] start, Budget budget) {
      this.budget = budget;
      float[] saliency = new float[start.length];
      for (int i = 0; i < start.length; i++) {
        saliency[i] = saliency(start[i]);
      }
      startKept = projector.project(saliency, budget);
      projector.accepted(startKept);
      kept = startKept;
      int[] columns = RestrictedQuadratic.columnsOf(startKept);
      double[] values = new double[columns.length];
      for (int c = 0; c < columns.length; c++) {
        values[c] = start[columns[c]];
      }
      weights = new SparseWeights(columns, values);
    }

    Solution solve() {
      double[] rowErrors = quadratic.rowErrors(weights::read, executor);
      float[] direction = direction(rowErrors);
      while (true) {
        int iterationsBefore = objectives.size();
        Solution.Outcome outcome;
        double[] droppedResidual;
        try (ActiveSet set = activeSet(columns(direction), rowErrors)) {
          if (objectives.isEmpty()) {
            objectives.add(set.objective());
            iterationsBefore++;
          }
          outcome = iterate(set);
          weights = set.weights();
          kept = set.mask();
          rowErrors = set.rowErrors();
          droppedResidual = set.droppedResidual();
        }
        if (outcome == Solution.Outcome.ITERATION_LIMIT) {
          return solution(droppedResidual, outcome);
        }
        direction = direction(rowErrors);
        if (objectives.size() == iterationsBefore || !wouldEnter(direction)) {
          return solution(droppedResidual, outcome);
        }
      }
    }

    private ActiveSet activeSet(int[] columns, double[] rowErrors) {
      double squares = 0;
      int c = 0;
      for (int i = 0; i < quadratic.weightCount(); i++) {
        if (c < columns.length && columns[c] == i) {
          c++;
        } else {
          squares += quadratic.dense(i) * quadratic.dense(i);
        }
      }
      return new ActiveSet(
          RestrictedQuadratic.around(quadratic, columns, weights, rowErrors, executor),
          weights,
          kept,
          quadratic.scaledRidge() * squares / 2,
          executor);
    }

    /// Takes steps on the active set until none lowers Q by much. Other supports are searched for
    /// as long as that helps, then every few steps, and always before stopping.
    private Solution.Outcome iterate(ActiveSet active) {
      boolean isSupportChanged = false;
      boolean isSearching = true;
      int stepsSinceSearch = 0;
      while (true) {
        if (objectives.size() > settings.maxIterations()) {
          return Solution.Outcome.ITERATION_LIMIT;
        }
        double before = active.objective();
        ActiveSet.Candidate best = step(active, isSearching);
        boolean isLower = best.objective() < before;
        boolean isSmall = !(before - best.objective() >= settings.tolerance() * before);
        boolean isChangedNow = false;
        if (isLower) {
          isChangedNow = active.accept(best);
          isSupportChanged |= isChangedNow;
          projector.accepted(active.mask());
          objectives.add(active.objective());
        }
        if (isSearching && (isSmall || !isLower)) {
          return isSupportChanged
              ? Solution.Outcome.SMALL_DECREASE
              : Solution.Outcome.SUPPORT_UNCHANGED;
        }
        stepsSinceSearch = isSearching ? 0 : stepsSinceSearch + 1;
        isSearching = isChangedNow || isSmall || stepsSinceSearch >= settings.checkInterval();
      }
    }

    /// Returns the lowest point that one step reaches: along conjugate directions on the present
    /// support, or on another one.
    private ActiveSet.Candidate step(ActiveSet active, boolean isSearching) {
      double[] direction = active.direction();
      double[] slope = active.slopeOnSupport(direction);
      ActiveSet.Candidate conjugate = active.conjugateOnSupport(direction, slope);
      ActiveSet.Candidate fixed = active.fixedSupport(direction, slope);
      stepSize = fixed.stepSize() > 0 ? fixed.stepSize() : stepSize;
      if (stepSize == 0) {
        double curvature = active.largestCurvature(POWER_ITERATIONS);
        stepSize = curvature > 0 ? 1 / curvature : 1;
      }
      if (!isSearching) {
        return conjugate;
      }
      ActiveSet.Candidate other = search(active, fixed, direction, slope);
      return other.objective() < conjugate.objective() ? other : conjugate;
    }

    /// Returns the lowest minimum of the pieces tried: that of the present support, then those of
    /// larger steps as long as they are lower, then those of smaller steps if none was lower.
    private ActiveSet.Candidate search(
        ActiveSet active, ActiveSet.Candidate fixed, double[] direction, double[] slope) {
      ActiveSet.Candidate best = fixed;
      double factor = STEP_GROWTH;
      double trial = stepSize;
      for (int i = 0; i < settings.trials(); i++) {
        ActiveSet.Candidate tried = active.projected(trial, direction, slope, projector, budget);
        if (tried.objective() < best.objective()) {
          best = tried;
          stepSize = trial;
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

    /// d = ∇Q(w) over all columns, in float32: good enough to choose some of them.
    private float[] direction(double[] rowErrors) {
      float[] direction = new float[quadratic.weightCount()];
      quadratic
          .gradients()
          .products()
          .multiplyTransposed(
              rowErrors,
              (from, sums, count) -> {
                double[] w = new double[count];
                weights.read(from, w, count);
                for (int j = 0; j < count; j++) {
                  int i = from + j;
                  double slope = sums[j] + quadratic.scaledRidge() * (w[j] - quadratic.dense(i));
                  direction[i] = (float) slope;
                }
              },
              executor);
      return direction;
    }

    /// The kept columns and those of the largest d² that fit a multiple of the budget beside them.
    private int[] columns(float[] direction) {
      double largest = 0;
      for (int i = 0; i < direction.length; i++) {
        largest = Math.max(largest, (double) direction[i] * direction[i]);
      }
      float[] saliency = new float[direction.length];
      for (int i = 0; i < saliency.length; i++) {
        double relative = largest > 0 ? (double) direction[i] * direction[i] / largest : 0;
        saliency[i] = kept.isKept(i) ? 2 : (float) relative;
      }
      long most = Math.max(settings.maxColumns(), kept.keptCount());
      Mask wide =
          projector.candidates(
              saliency,
              new Budget(
                  Math.min(widened(budget.maxNnz()), most),
                  widened(budget.maxMacs()),
                  budget.further().map((_, limit) -> widened(limit))));
      int[] columns = new int[(int) Math.min(most, (long) kept.keptCount() + wide.keptCount())];
      long room = most - kept.keptCount();
      int count = 0;
      for (int i = 0; i < saliency.length; i++) {
        boolean isCandidate = !kept.isKept(i) && wide.isKept(i) && room > 0;
        if (isCandidate) {
          room--;
        }
        if (isCandidate || kept.isKept(i)) {
          columns[count++] = i;
        }
      }
      return Arrays.copyOf(columns, count);
    }

    private static long widened(long limit) {
      return limit > Long.MAX_VALUE / ACTIVE_FACTOR ? Long.MAX_VALUE : limit * ACTIVE_FACTOR;
    }

    /// Returns whether a step of the last size would bring in a weight that is not active.
    private boolean wouldEnter(float[] direction) {
      int[] active = weights.columns();
      float[] saliency = new float[direction.length];
      int c = 0;
      for (int i = 0; i < saliency.length; i++) {
        double w = 0;
        if (c < active.length && active[c] == i) {
          w = weights.value(c++);
        }
        saliency[i] = saliency(w - stepSize * direction[i]);
      }
      Mask mask = projector.project(saliency, budget);
      c = 0;
      for (int i = mask.nextKept(0); i < saliency.length; i = mask.nextKept(i + 1)) {
        while (c < active.length && active[c] < i) {
          c++;
        }
        boolean isActive = c < active.length && active[c] == i;
        if (!isActive && saliency[i] > 0) {
          return true;
        }
      }
      return false;
    }

    private Solution solution(double[] droppedResidual, Solution.Outcome outcome) {
      int entered = 0;
      for (int i = kept.nextKept(0); i < kept.weightCount(); i = kept.nextKept(i + 1)) {
        if (!startKept.isKept(i)) {
          entered++;
        }
      }
      return new Solution(weights, kept, objectives, droppedResidual, entered, outcome);
    }
  }
}
