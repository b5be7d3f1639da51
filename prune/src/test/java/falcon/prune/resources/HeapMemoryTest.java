package falcon.prune.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.layer.Layers;
import falcon.prune.Graphs;
import falcon.prune.options.PruningException;
import falcon.prune.options.Refit;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeapMemoryTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /// 24 MiB of weights: 3,072 inputs, 2,048 outputs.
  private final Layers layers = Layers.of(linear(3072, 2048));

  @Test
  void tooSmallAHeapIsRefusedWithWhatToSet() {
    assertThatThrownBy(() -> HeapMemory.require(layers, Refit.RECONSTRUCT, 4 * GIB, 1 * GIB))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.MACHINE))
        .hasMessageContaining("of Java heap, which may grow to 1.0 GiB")
        .hasMessageContaining("(6,291,456)")
        .hasMessageContaining("Set FALCON_HEAP=2g for the launcher, or start Java with -Xmx2g.");
  }

  @Test
  void aHeapThatIsLargeEnoughIsNot() {
    long needed = HeapMemory.bytes(layers, Refit.RECONSTRUCT, 4 * GIB);
    assertThatCode(() -> HeapMemory.require(layers, Refit.RECONSTRUCT, 4 * GIB, needed))
        .doesNotThrowAnyException();
  }

  @Test
  void layersThatAreSolvedOnTheirRowsNeedNoMatrices() {
    long products = HeapMemory.bytes(layers, Refit.RECONSTRUCT, 4 * GIB);
    long rows = HeapMemory.bytes(layers, Refit.RECONSTRUCT, MIB);
    assertThat(products - rows).isGreaterThan(GIB);
  }

  @Test
  void rankingByMagnitudeNeedsLeast() {
    assertThat(HeapMemory.bytes(layers, Refit.NONE, 0))
        .isLessThan(HeapMemory.bytes(layers, Refit.RECONSTRUCT, MIB))
        .isGreaterThan(4 * 24 * MIB);
  }

  private static Network linear(long inputs, long outputs) {
    return Graphs.linear(
        Tensor.ofContent(
            DataType.FLOAT32,
            List.of(inputs, outputs),
            ByteBuffer.allocate((int) (Float.BYTES * inputs * outputs))));
  }
}
