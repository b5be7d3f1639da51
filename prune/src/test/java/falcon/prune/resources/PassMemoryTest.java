package falcon.prune.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.zoo.Architecture;
import falcon.prune.Falcon;
import falcon.prune.TinyData;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PassMemoryTest {
  private static final long GIB = 1L << 30;

  private final Network network = Architecture.RESNET20.initial(3, 32, 32, 10, 1);

  @TempDir Path folder;
  private Dataset data;

  @BeforeEach
  void writeImages() throws IOException {
    data = Datasets.open(TinyData.write(folder));
  }

  @Test
  void withoutALimitItIsTheSameOnEveryMachine() {
    assertThat(plan(null).passBytes()).isEqualTo(PassMemory.DEFAULT_BYTES);
  }

  @Test
  void aLimitIsSharedByPassesAndLayersAfterAllElse() {
    PruningPlan small = plan(GIB);
    PruningPlan large = plan(9 * GIB);
    assertThat(small.passBytes()).isBetween(GIB / 8, GIB / 2);
    assertThat(large.passBytes() - small.passBytes()).isEqualTo(4 * GIB);
    assertThat(small.memoryBytes()).isLessThan(GIB);
  }

  @Test
  void tooLittleIsRefusedWithWhatIsNeeded() {
    assertThatThrownBy(() -> plan(GIB / 4))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.MACHINE))
        .hasMessageContaining("The run needs at least")
        .hasMessageContaining("‹memory› allows 256 MiB")
        .hasMessageContaining("Raise ‹memory›; ");
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void theLeastThatIsNamedWorksAndAMebibyteLessDoesNot(Method method) {
    assertThatThrownBy(() -> plan(method, 1L << 20))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> {
              long least =
                  Long.parseLong(
                      String.valueOf(e.getMessage()).replaceAll("(?s).*?(\\d+)m is.*", "$1"));
              assertThat(plan(method, least << 20)).isNotNull();
              assertThatThrownBy(() -> plan(method, (least - 1) << 20))
                  .isInstanceOf(PruningException.class)
                  .hasMessageContaining(" %dm is the least that works".formatted(least));
            });
  }

  private PruningPlan plan(@Nullable Long memoryBytes) {
    return plan(Method.FALCON, memoryBytes);
  }

  private PruningPlan plan(Method method, @Nullable Long memoryBytes) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.5))
        .options(PruningOptions.builder().method(method).memoryBytes(memoryBytes).build())
        .plan();
  }
}
