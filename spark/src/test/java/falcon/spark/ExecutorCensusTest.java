package falcon.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.prune.options.PruningException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is judged of executors, by made-up records of them: no cluster is started.
class ExecutorCensusTest {
  private static final long MIB = 1L << 20;

  private static ExecutorCensus.Executor executor(String id, String processor, long heapMib) {
    return new ExecutorCensus.Executor(id, "host" + id, processor, heapMib * MIB, 2);
  }

  @Test
  void tooLittleHeapIsRefusedWithWhatIsNeeded() {
    // 300 of Spark, 3 copies of a network of 100, 3 copies of samples of 50 for each of 2 tasks.
    var census =
        new ExecutorCensus(List.of(executor("0", "amd64", 4096), executor("1", "amd64", 899)));
    assertThatThrownBy(() -> census.requireHeap(100 * MIB, 50 * MIB))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.MACHINE))
        .hasMessageContaining("Executor 1 on host1 has a heap of 899 MiB")
        .hasMessageContaining("needs about 901")
        .hasMessageContaining("spark.executor.memory");
  }

  @Test
  void heapThatIsJustEnoughIsTaken() {
    var census = new ExecutorCensus(List.of(executor("0", "amd64", 900)));
    assertThatCode(() -> census.requireHeap(100 * MIB, 50 * MIB)).doesNotThrowAnyException();
  }

  @Test
  void differentProcessorsAreWarnedOf() {
    var told = new ArrayList<String>();
    different().requireSameBits(false, told::add);
    assertThat(told).hasSize(1);
    assertThat(told.getFirst())
        .contains("different processors")
        .contains("host0, host2 (amd64 avx2)")
        .contains("host1 (amd64 avx512f)");
  }

  @Test
  void differentProcessorsAreRefusedWhereBitsMustBeTheSame() {
    var told = new ArrayList<String>();
    assertThatThrownBy(() -> different().requireSameBits(true, told::add))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.MACHINE))
        .hasMessageContaining("host1 (amd64 avx512f)");
    assertThat(told).isEmpty();
  }

  @Test
  void equalProcessorsAreNeitherWarnedOfNorRefused() {
    var told = new ArrayList<String>();
    var same =
        new ExecutorCensus(List.of(executor("0", "amd64 avx2", 1), executor("1", "amd64 avx2", 1)));
    same.requireSameBits(false, told::add);
    same.requireSameBits(true, told::add);
    assertThat(told).isEmpty();
  }

  private static ExecutorCensus different() {
    return new ExecutorCensus(
        List.of(
            executor("0", "amd64 avx2", 1),
            executor("1", "amd64 avx512f", 1),
            executor("2", "amd64 avx2", 1)));
  }
}
