package falcon.model.grid;

import java.util.List;

/// Products of matrices over their options.
final class LinearCases {
  private static final long[] OPSETS = {7, 9, 11, 13, 22};

  private LinearCases() {}

  static void addTo(List<GridCase> cases) {
    for (long opset : OPSETS) {
      for (long transA : new long[] {0, 1}) {
        for (long transB : new long[] {0, 1}) {
          for (double alpha : new double[] {1, 0.5}) {
            for (long[] bias : new long[][] {{5}, {3, 5}, {3, 1}, {1}, {}}) {
              cases.add(gemm(opset, transA, transB, alpha).weights(bias).set("beta", -2.0));
            }
            cases.add(gemm(opset, transA, transB, alpha));
          }
        }
      }
      for (long[][] shapes :
          new long[][][] {
            {{3, 4}, {4, 5}},
            {{2, 3, 4}, {4, 5}},
            {{2, 3, 4}, {2, 4, 5}},
            {{2, 1, 3, 4}, {5, 4, 2}},
            {{4}, {4, 5}},
            {{3, 4}, {4}},
            {{4}, {4}},
            {{2, 3, 4}, {4}}
          }) {
        cases.add(new GridCase("MatMul", opset).floats(shapes[0]).weights(shapes[1]));
        cases.add(new GridCase("MatMul", opset).floats(shapes[0]).floats(shapes[1]));
      }
      einsums(cases, opset);
      cases.add(new GridCase("Det", opset).floats(3, 3));
      cases.add(new GridCase("Det", opset).floats(2, 4, 4));
    }
  }

  private static GridCase gemm(long opset, long transA, long transB, double alpha) {
    long[] a = transA == 0 ? new long[] {3, 4} : new long[] {4, 3};
    long[] b = transB == 0 ? new long[] {4, 5} : new long[] {5, 4};
    return new GridCase("Gemm", opset)
        .floats(a)
        .weights(b)
        .set("transA", transA)
        .set("transB", transB)
        .set("alpha", alpha);
  }

  private static void einsums(List<GridCase> cases, long opset) {
    long[][] matrices = {{3, 4}, {4, 5}};
    for (String equation : List.of("ij,jk->ik", "ij,jk", "ij, jk -> ki", "ij,jk->i", "ij,jk->")) {
      cases.add(einsum(opset, equation, matrices));
    }
    for (String equation : List.of("bij,bjk->bik", "bij,bjk->bki", "bij,bjk->ik")) {
      cases.add(einsum(opset, equation, new long[][] {{2, 3, 4}, {2, 4, 5}}));
    }
    cases.add(einsum(opset, "bqhd,bkhd->bhqk", new long[][] {{2, 3, 2, 4}, {2, 5, 2, 4}}));
    cases.add(einsum(opset, "bhqk,bkhd->bqhd", new long[][] {{2, 2, 3, 5}, {2, 5, 2, 4}}));
    cases.add(einsum(opset, "...ij,jk->...ik", new long[][] {{2, 3, 4}, {4, 5}}));
    cases.add(einsum(opset, "...ij,...jk", new long[][] {{2, 3, 4}, {2, 4, 5}}));
    cases.add(einsum(opset, "ii->i", new long[][] {{4, 4}}));
    cases.add(einsum(opset, "ij->ji", new long[][] {{3, 4}}));
    cases.add(einsum(opset, "ij->", new long[][] {{3, 4}}));
    cases.add(einsum(opset, "i,j->ij", new long[][] {{3}, {4}}));
    cases.add(einsum(opset, "i,i->", new long[][] {{3}, {3}}));
    cases.add(einsum(opset, "ij,jk,kl->il", new long[][] {{2, 3}, {3, 4}, {4, 2}}));
    cases.add(einsum(opset, "Ab,bC->AC", matrices));
  }

  private static GridCase einsum(long opset, String equation, long[][] shapes) {
    var each = new GridCase("Einsum", opset).set("equation", equation);
    for (long[] shape : shapes) {
      each.floats(shape);
    }
    return each;
  }
}
