package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Products of matrices, and sums over products by Einstein's convention.
final class ProductOperators {
  private ProductOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("MatMul", Operator.of(ProductOperators::matMul));
    all.put("Gemm", Operator.of(ProductOperators::gemm));
    all.put("Einsum", Operator.of(ProductOperators::einsum));
  }

  /// Multiplies matrices of the last two axes; the others broadcast.
  private static Step matMul(Operands in) {
    in.real(0).real(1);
    Value x = in.in(0);
    Value y = in.in(1);
    int[] a = x.rank() == 1 ? new int[] {1, x.size(0)} : x.shape();
    int[] b = y.rank() == 1 ? new int[] {y.size(0), 1} : y.shape();
    int m = a[a.length - 2];
    int k = a[a.length - 1];
    int n = b[b.length - 1];
    boolean isOneMatrix = b.length == 2;
    if (isOneMatrix) {
      int rows = k == 0 ? m : x.elements() / k;
      return new MatrixProduct(
          new MatrixProduct.Sizes(rows, k, n),
          new MatrixProduct.Matrices(x.memory(), k, 1, new int[] {0}),
          new MatrixProduct.Matrices(y.memory(), n, 1, new int[] {0}),
          new MatrixProduct.Matrices(in.out().memory(), n, 1, new int[] {0}),
          MatrixProduct.Finish.PLAIN);
    }
    int[] outer = outer(a, b);
    return new MatrixProduct(
        new MatrixProduct.Sizes(m, k, n),
        new MatrixProduct.Matrices(x.memory(), k, 1, offsets(outer, a)),
        new MatrixProduct.Matrices(y.memory(), n, 1, offsets(outer, b)),
        new MatrixProduct.Matrices(
            in.out().memory(), n, 1, offsets(outer, joined(outer, new int[] {m, n}))),
        MatrixProduct.Finish.PLAIN);
  }

  /// Multiplies rows with constant weights: act(x W + bias + residual).
  ///
  /// The operands are x `[…, k]`, W `[k, n]` or, turned, `[n, k]`, bias `[n]` and residual `[…,
  /// n]`; the last two may be left out.
  static Step linear(Operands in, boolean isTurned, Activation activation) {
    Value x = in.real(0).real(1).real(2).real(3).in(0);
    Value weights = in.in(1);
    int k = weights.size(isTurned ? 1 : 0);
    int n = weights.size(isTurned ? 0 : 1);
    int[] zero = {0};
    return new MatrixProduct(
        new MatrixProduct.Sizes(k == 0 ? 0 : x.elements() / k, k, n),
        new MatrixProduct.Matrices(x.memory(), k, 1, zero),
        new MatrixProduct.Matrices(weights.memory(), isTurned ? 1 : n, isTurned ? k : 1, zero),
        new MatrixProduct.Matrices(in.out().memory(), n, 1, zero),
        new MatrixProduct.Finish(
            1,
            in.has(2) ? new MatrixProduct.Matrices(in.memory(2), 0, 1, zero) : null,
            1,
            in.has(3) ? new MatrixProduct.Matrices(in.memory(3), n, 1, zero) : null,
            activation));
  }

  private static int[] joined(int[] first, int[] second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  /// Returns the broadcast shape of all axes but the last two.
  private static int[] outer(int[] a, int[] b) {
    int rank = Math.max(a.length, b.length) - 2;
    var outer = new int[rank];
    for (int axis = 0; axis < rank; axis++) {
      int left = axis - rank + a.length - 2;
      int right = axis - rank + b.length - 2;
      int own = left < 0 ? 1 : a[left];
      outer[axis] = own != 1 || right < 0 ? own : b[right];
    }
    return outer;
  }

  /// Returns the index of the first element of each matrix of a stack.
  private static int[] offsets(int[] outer, int[] shape) {
    int matrix = shape[shape.length - 1] * shape[shape.length - 2];
    int[] own = Arrays.copyOf(shape, shape.length - 2);
    var broadcast = new int[outer.length];
    int step = matrix;
    for (int axis = outer.length - 1; axis >= 0; axis--) {
      int place = axis - outer.length + own.length;
      int size = place < 0 ? 1 : own[place];
      broadcast[axis] = size == 1 ? 0 : step;
      step *= size;
    }
    int count = Arrays.stream(outer).reduce(1, (p, q) -> p * q);
    var offsets = new int[count];
    for (int i = 0; i < count; i++) {
      int rest = i;
      for (int axis = outer.length - 1; axis >= 0; axis--) {
        offsets[i] += rest % outer[axis] * broadcast[axis];
        rest /= outer[axis];
      }
    }
    return offsets;
  }

  /// Computes α A' B' + β C.
  private static Step gemm(Operands in) {
    in.real(0).real(1).real(2);
    boolean isTurnedA = in.node().integer("transA", 0) != 0;
    boolean isTurnedB = in.node().integer("transB", 0) != 0;
    Value x = in.in(0);
    Value y = in.in(1);
    int m = in.out().size(0);
    int n = in.out().size(1);
    int k = x.size(isTurnedA ? 0 : 1);
    int[] zero = {0};
    Value c = in.optional(2);
    return new MatrixProduct(
        new MatrixProduct.Sizes(m, k, n),
        new MatrixProduct.Matrices(x.memory(), isTurnedA ? 1 : k, isTurnedA ? m : 1, zero),
        new MatrixProduct.Matrices(y.memory(), isTurnedB ? 1 : n, isTurnedB ? k : 1, zero),
        new MatrixProduct.Matrices(in.out().memory(), n, 1, zero),
        new MatrixProduct.Finish(
            in.node().real("alpha", 1),
            c == null ? null : spread(c),
            in.node().real("beta", 1),
            null,
            Activation.NONE));
  }

  /// Returns a value that broadcasts to a matrix.
  private static MatrixProduct.Matrices spread(Value c) {
    int columns = c.rank() == 0 ? 1 : c.size(c.rank() - 1);
    int rows = c.rank() < 2 ? 1 : c.size(c.rank() - 2);
    return new MatrixProduct.Matrices(
        c.memory(), rows == 1 ? 0 : columns, columns == 1 ? 0 : 1, new int[] {0});
  }

  /// A letter of an equation: its size and its stride in each operand and in the result.
  private static final class Letter {
    private final int size;
    private final int[] strides;

    Letter(int size, int[] strides) {
      this.size = size;
      this.strides = strides;
    }

    int size() {
      return size;
    }
  }

  /// Computes a sum over products, letter by letter: the result's letters outside, the others
  /// inside.
  private static Step einsum(Operands in) {
    String equation = in.node().text("equation", "").replace(" ", "");
    int arrow = equation.indexOf("->");
    String left = arrow < 0 ? equation : equation.substring(0, arrow);
    List<String> terms = new ArrayList<>(List.of(left.split(",", -1)));
    int dots = 0;
    for (int i = 0; i < terms.size(); i++) {
      in.real(i);
      if (terms.get(i).contains("...")) {
        dots = Math.max(dots, in.in(i).rank() - (terms.get(i).length() - 3));
      }
    }
    for (int i = 0; i < terms.size(); i++) {
      String term = terms.get(i);
      terms.set(i, term.replace("...", dots(in.in(i).rank() - (term.length() - 3), dots)));
    }
    String result =
        arrow < 0
            ? implied(terms, dots)
            : equation.substring(arrow + 2).replace("...", dots(dots, dots));
    return new Einsum(in, terms, result);
  }

  /// Returns letters that stand for the axes of an ellipsis; the last ones where it has fewer.
  private static String dots(int count, int most) {
    var letters = new StringBuilder();
    for (int i = most - count; i < most; i++) {
      letters.append((char) ('0' + i));
    }
    return letters.toString();
  }

  private static String implied(List<String> terms, int dots) {
    String all = String.join("", terms);
    var result = new StringBuilder(dots(dots, dots));
    all.chars()
        .filter(
            letter -> Character.isLetter(letter) && all.indexOf(letter) == all.lastIndexOf(letter))
        .sorted()
        .forEach(letter -> result.append((char) letter));
    return result.toString();
  }

  private static final class Einsum implements Step {
    private final MemorySegment[] operands;
    private final MemorySegment out;
    private final List<Letter> outer;
    private final List<Letter> inner;
    private final int elements;
    private final int terms;
    private final int parts;

    Einsum(Operands in, List<String> equation, String result) {
      operands = new MemorySegment[equation.size()];
      for (int i = 0; i < operands.length; i++) {
        operands[i] = in.memory(i);
      }
      out = in.out().memory();
      outer = new ArrayList<>();
      inner = new ArrayList<>();
      for (int i = 0; i < result.length(); i++) {
        outer.add(letter(in, equation, result.charAt(i)));
      }
      String all = String.join("", equation);
      all.chars()
          .distinct()
          .filter(letter -> result.indexOf(letter) < 0)
          .forEach(letter -> inner.add(letter(in, equation, (char) letter)));
      elements = in.out().elements();
      terms = inner.stream().mapToInt(Letter::size).reduce(1, (a, b) -> a * b);
      parts = Step.parts((long) elements * Math.max(1, terms / 4), elements);
    }

    private static Letter letter(Operands in, List<String> equation, char name) {
      var strides = new int[equation.size()];
      int size = 1;
      for (int i = 0; i < strides.length; i++) {
        String term = equation.get(i);
        int[] own = StridedCopy.strides(in.in(i).shape());
        for (int axis = 0; axis < term.length(); axis++) {
          if (term.charAt(axis) == name && in.in(i).size(axis) != 1) {
            strides[i] += own[axis];
            size = in.in(i).size(axis);
          }
        }
      }
      return new Letter(size, strides);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int end = Step.begin(part + 1, parts, elements);
      for (int i = Step.begin(part, parts, elements); i < end; i++) {
        double sum = 0;
        for (int t = 0; t < terms; t++) {
          double product = 1;
          for (int o = 0; o < operands.length; o++) {
            long place = (long) place(outer, i, o) + place(inner, t, o);
            product *= operands[o].getAtIndex(JAVA_FLOAT, place);
          }
          sum += product;
        }
        out.setAtIndex(JAVA_FLOAT, i, (float) sum);
      }
    }

    private static int place(List<Letter> letters, int index, int operand) {
      int place = 0;
      int rest = index;
      for (int i = letters.size() - 1; i >= 0; i--) {
        Letter letter = letters.get(i);
        place += rest % letter.size * letter.strides[operand];
        rest /= letter.size;
      }
      return place;
    }
  }
}
