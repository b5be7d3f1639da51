package falcon.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.runtime.loop.Activation;
import falcon.runtime.loop.KernelSource;
import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowItem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class CompiledLayerTest {
  private static final Axis EIGHT = new Axis(8, Window.same(3));
  private static final ConvolutionShape SHAPE = new ConvolutionShape(6, 10, 1, EIGHT, EIGHT);

  private static LayerPlanner planner() {
    return new LayerPlanner(KernelSource.active());
  }

  /// Layers of networks, larger than those of [LayerFuzzTest]: several tiles, chunks and parts.
  static Stream<Arguments> layers() {
    var seven = new Axis(30, new Window(7, 2, 1, 3, 3));
    var wide = new Axis(33, Window.same(5));
    var dilated = new Axis(20, new Window(3, 1, 2, 2, 2));
    var point = new Axis(14, Window.POINT);
    return Stream.of(
            new ConvolutionShape(3, 20, 1, seven, seven),
            new ConvolutionShape(8, 9, 1, wide, wide),
            new ConvolutionShape(32, 32, 32, wide, wide),
            new ConvolutionShape(24, 12, 3, dilated, dilated),
            new ConvolutionShape(300, 24, 1, point, point),
            new ConvolutionShape(70, 16, 1, EIGHT, EIGHT),
            ConvolutionShape.linear(64, 200, 128),
            ConvolutionShape.linear(200, 150, 1))
        .flatMap(shape -> Stream.of(1, 2, 20).map(images -> Arguments.of(shape, images)));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void everyKernelGivesTheSumsOfItsDefinition(ConvolutionShape shape, int images) {
    var random = new SplittableRandom(images);
    var layer = new LayerCase(shape, images, 0.3, Epilogue.NONE.withResidual().withRelu(), random);
    double[] expected = layer.expected();
    Layouts layouts = Layouts.of(shape, images);
    for (LayerChoice choice : LayerChoice.values()) {
      float[] computed = layer.computed(layouts, choice, planner(), 1);
      LayerFuzzTest.assertClose(computed, expected, "%s, %s".formatted(choice, layer));
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void twoThreadsGiveTheBitsOfOne(ConvolutionShape shape, int images) throws Exception {
    var random = new SplittableRandom(images);
    var layer =
        new LayerCase(shape, images, 0.4, Epilogue.NONE.withActivation(Activation.SILU), random);
    Layouts layouts = Layouts.of(shape, images);
    float[] one = layer.computed(layouts, LayerChoice.AUTO, planner(), 1);
    try (ExecutorService threads = Executors.newFixedThreadPool(2);
        Arena arena = Arena.ofShared();
        CompiledLayer compiled =
            CompiledLayer.compile(
                shape, layer.weights, layer.epilogue, layouts, LayerChoice.AUTO)) {
      MemorySegment x = LayerCase.filled(arena, layouts.input(), layer.input);
      MemorySegment y = LayerCase.allocated(arena, layouts.output());
      List<Callable<Void>> parts =
          IntStream.range(0, compiled.parts())
              .<Callable<Void>>mapToObj(part ->
                  () -> {
                    compiled.run(x, null, y, part);
                    return null;
                  })
              .toList();
      for (var done : threads.invokeAll(parts)) {
        done.get();
      }
      assertThat(LayerCase.read(arena, layouts.output(), y)).isEqualTo(one);
    }
  }

  @Test
  void largeLayersAreCutIntoParts() {
    assertThat(parts(SHAPE, 1)).isEqualTo(1);
    assertThat(parts(new ConvolutionShape(64, 64, 1, EIGHT, EIGHT), 1)).isBetween(2, 16);
    assertThat(parts(ConvolutionShape.linear(512, 2000, 1), 1)).isBetween(2, 8);
  }

  private static int parts(ConvolutionShape shape, int images) {
    var random = new SplittableRandom(0);
    var layer = new LayerCase(shape, images, 1, Epilogue.NONE, random);
    try (CompiledLayer compiled = compiled(layer, LayerChoice.AUTO)) {
      return compiled.parts();
    }
  }

  private static CompiledLayer compiled(LayerCase layer, LayerChoice choice) {
    Layouts layouts = Layouts.of(layer.shape, layer.images);
    return CompiledLayer.compile(layer.shape, layer.weights, layer.epilogue, layouts, choice);
  }

  @ParameterizedTest
  @EnumSource(LayerChoice.class)
  void aLayerWithoutKeptWeightsIsItsBias(LayerChoice choice) {
    for (int images : new int[] {1, 16}) {
      var layer = new LayerCase(SHAPE, images, 0, Epilogue.NONE, new SplittableRandom(2));
      Arrays.fill(layer.input, 0.75f);
      double[] expected = layer.expected();
      float[] computed = layer.computed(Layouts.of(SHAPE, images), choice, planner(), 0);
      for (int i = 0; i < expected.length; i++) {
        assertThat(computed[i]).isEqualTo((float) expected[i]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("specials")
  void nanAndInfinityReachOutputsThroughKeptWeightsOnly(float special, int images) {
    var layer =
        new LayerCase(SHAPE, images, 0.3, Epilogue.NONE.withClip(-3, 3), new SplittableRandom(3));
    for (int i = 0; i < layer.input.length; i += 101) {
      layer.input[i] = special;
    }
    double[] expected = layer.expected();
    float[] computed =
        layer.computed(Layouts.of(SHAPE, images), LayerChoice.SCATTERED, planner(), 0);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.isNaN(computed[i])).isEqualTo(Double.isNaN(expected[i]));
      if (!Double.isNaN(expected[i])) {
        assertThat((double) computed[i]).isCloseTo(expected[i], within(1e-4));
      }
    }
    assertThat(IntStream.range(0, computed.length).mapToObj(i -> Math.abs(computed[i]) < 3))
        .contains(true, false);
  }

  static Stream<Arguments> specials() {
    return Stream.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)
        .flatMap(special -> Stream.of(1, 16).map(images -> Arguments.of(special, images)));
  }

  @Test
  void theKernelFollowsFromDensityAndPattern() {
    var shape = new ConvolutionShape(32, 32, 1, EIGHT, EIGHT);
    assertThat(chosen(shape, 0.2, false)).isEqualTo(LayerChoice.SCATTERED);
    assertThat(chosen(shape, 0.2, true)).isEqualTo(LayerChoice.BLOCKS);
    assertThat(chosen(shape, 0.9, false)).isIn(LayerChoice.BLOCKS, LayerChoice.DENSE);
    assertThat(chosen(shape, 1, false)).isEqualTo(LayerChoice.DENSE);
    var point = ConvolutionShape.linear(300, 300, 1);
    assertThat(chosen(point, 0.05, false)).isEqualTo(LayerChoice.SCATTERED);
    assertThat(chosen(point, 0.8, false)).isEqualTo(LayerChoice.DENSE);
  }

  private static LayerChoice chosen(ConvolutionShape shape, double density, boolean isBlocks) {
    var layer = new LayerCase(shape, 1, density, Epilogue.NONE, new SplittableRandom(4));
    try (CompiledLayer compiled = compiled(isBlocks ? layer.inBlocks() : layer, LayerChoice.AUTO)) {
      return compiled.report().choice();
    }
  }

  @Test
  void aKeptWeightTakesEightBytesAtMost() {
    var layer = new LayerCase(SHAPE, 1, 0.3, Epilogue.NONE, new SplittableRandom(5));
    try (CompiledLayer scattered = compiled(layer, LayerChoice.SCATTERED);
        CompiledLayer blocks = compiled(layer.inBlocks(), LayerChoice.BLOCKS)) {
      assertThat(scattered.report().streamBytes()).isEqualTo(8 * scattered.report().kept());
      assertThat(blocks.report().streamBytes()).isLessThan(8 * blocks.report().kept());
      assertThat(blocks.report().density()).isBetween(0.2, 0.4);
      assertThat(blocks.report().macs()).isEqualTo(64 * blocks.report().kept());
      assertThat(blocks.report().otherCost()).isPositive();
    }
  }

  @Test
  void unfitArgumentsAreNamed() {
    var layer = new LayerCase(SHAPE, 1, 0.5, Epilogue.NONE, new SplittableRandom(6));
    Layouts layouts = Layouts.of(SHAPE, 1);
    assertThatThrownBy(() ->
            CompiledLayer.compile(SHAPE, new float[3], Epilogue.NONE, layouts, LayerChoice.AUTO))
        .hasMessageContaining("3 weights for ")
        .hasMessageContaining("which has 540");
    assertThatThrownBy(() ->
            CompiledLayer.compile(
                SHAPE,
                layer.weights,
                Epilogue.NONE.withBias(new float[2]),
                layouts,
                LayerChoice.AUTO))
        .hasMessage("2 biases for 10 output channels");
    try (Arena arena = Arena.ofConfined();
        CompiledLayer compiled = compiled(layer, LayerChoice.AUTO)) {
      MemorySegment x = LayerCase.allocated(arena, layouts.input());
      MemorySegment y = LayerCase.allocated(arena, layouts.output());
      assertThatThrownBy(() -> compiled.run(x, y, y, 0)).hasMessage("the layer adds no residual");
      assertThatThrownBy(() -> compiled.run(y, null, y, 0))
          .hasMessage("the output overlaps what the layer reads");
      assertThatThrownBy(() -> compiled.run(x.asSlice(4), null, y, 0))
          .hasMessageStartingWith("the input is ")
          .hasMessageEndingWith("native memory of %d bytes".formatted(layouts.input().bytes()));
      assertThatThrownBy(() -> compiled.run(x, null, MemorySegment.ofArray(new float[100_000]), 0))
          .hasMessageStartingWith("the output is ");
      assertThatThrownBy(() -> compiled.run(x, null, y, compiled.parts()))
          .hasMessage("part %d of %d", compiled.parts(), compiled.parts());
      MemorySegment closed = MemorySegment.NULL;
      try (Arena other = Arena.ofConfined()) {
        closed = LayerCase.allocated(other, layouts.input());
      }
      MemorySegment ended = closed;
      assertThatThrownBy(() -> compiled.run(ended, null, y, 0))
          .hasMessage("the memory of the input is closed or belongs to another thread");
    }
  }

  @Test
  void aClosedLayerDoesNotRun() {
    var layer = new LayerCase(SHAPE, 1, 0.5, Epilogue.NONE, new SplittableRandom(7));
    CompiledLayer compiled = compiled(layer, LayerChoice.AUTO);
    compiled.close();
    assertThatThrownBy(() -> compiled.run(MemorySegment.NULL, null, MemorySegment.NULL, 0))
        .hasMessage("the layer is closed");
  }

  @Test
  void layoutsThatDoNotFitAreRefused() {
    Layouts fit = Layouts.of(SHAPE, 1);
    Extent extent = SHAPE.input(1);
    assertRefused(
        new Layouts(PlaneLayout.padded(extent, Margins.NONE, 9), fit.output()),
        "has too few zeros around its planes");
    assertRefused(
        new Layouts(fit.input(), PlaneLayout.padded(SHAPE.output(1), Margins.NONE, 11)),
        "rows of the input are 9 positions long, those of the output 11");
    assertRefused(
        new Layouts(PlaneLayout.padded(extent, new Margins(1, 1, 2, 2), 9), fit.output()),
        "the input has 2 × 2 phases, the strides need 1 × 1");
    assertRefused(
        new Layouts(fit.input(), PlaneLayout.imagesInLanes(SHAPE.output(1), Margins.NONE)),
        "the input has 1 images in the lanes, the output 16");
    assertRefused(new Layouts(fit.output(), fit.output()), "do not fit ConvolutionShape");
    var narrow = new ConvolutionShape(6, 10, 1, EIGHT, new Axis(9, new Window(2, 1, 1, 0, 0)));
    assertThatThrownBy(() ->
            new Layouts(
                    PlaneLayout.padded(narrow.input(1), Margins.of(narrow, 1), 9),
                    new PlaneLayout(narrow.output(1), 1, 9, 72, 0, 1, 1))
                .check(narrow))
        .hasMessage("planes of 72 positions do not hold 71 in whole vectors of 16");
  }

  private static void assertRefused(Layouts layouts, String message) {
    assertThatThrownBy(() -> layouts.check(SHAPE)).hasMessageContaining(message);
  }

  @Test
  void aStreamThatLeavesItsInputIsFound() {
    var layer = new LayerCase(SHAPE, 1, 1, Epilogue.NONE, new SplittableRandom(8));
    try (Arena arena = Arena.ofConfined()) {
      Streams streams =
          new Streams.Writer(
                  new LayerWeights(SHAPE, layer.weights),
                  Layouts.of(SHAPE, 1),
                  LayerChoice.SCATTERED)
              .write(arena, Epilogue.NONE, 6);
      long stream = streams.items().get(ValueLayout.JAVA_LONG, RowItem.STREAM);
      int greatest =
          IntStream.range(0, SHAPE.weightsOfOutput())
              .map(k -> Raw.intAt(stream + 8L * k))
              .max()
              .orElseThrow();
      streams.check(greatest);
      assertThatThrownBy(() -> streams.check(greatest - 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(
              "reads at %d, outside of 0 to %d".formatted(greatest, greatest - 1));
    }
  }
}
