package falcon.runtime.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PlaneLayoutTest {
  private static final int CASES = 200;

  private static PlaneLayout next(Extent extent, SplittableRandom random) {
    var margins =
        new Margins(
            random.nextInt(4), random.nextInt(4), random.nextInt(1, 4), random.nextInt(1, 4));
    return switch (random.nextInt(3)) {
      case 0 -> PlaneLayout.rowMajor(extent);
      case 1 -> PlaneLayout.padded(extent, margins, random.nextInt(20));
      default -> PlaneLayout.imagesInLanes(extent, margins);
    };
  }

  private static Extent extent(SplittableRandom random) {
    return new Extent(
        random.nextInt(1, 19), random.nextInt(1, 4), random.nextInt(1, 9), random.nextInt(1, 9));
  }

  @Test
  void elementsHavePlacesOfTheirOwnInsideOfTheMemory() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < CASES; i++) {
      Extent extent = extent(random);
      PlaneLayout layout = next(extent, random);
      Set<Long> places = new HashSet<>();
      for (int n = 0; n < extent.images(); n++) {
        for (int c = 0; c < extent.channels(); c++) {
          for (int y = 0; y < extent.height(); y++) {
            for (int x = 0; x < extent.width(); x++) {
              long place = layout.offset(n, c, y, x);
              assertThat(place * Float.BYTES).as("%s", layout).isBetween(0L, layout.bytes() - 4);
              places.add(place);
            }
          }
        }
      }
      assertThat(places).as("%s", layout).hasSize(LayerCase.count(extent));
    }
  }

  @Test
  void rowMajorHasNoGaps() {
    PlaneLayout layout = PlaneLayout.rowMajor(new Extent(2, 3, 4, 5));
    assertThat(layout.offset(1, 2, 3, 4)).isEqualTo(2 * 3 * 4 * 5 - 1);
    assertThat(layout.isRowMajor()).isTrue();
    assertThat(PlaneLayout.padded(layout.extent(), new Margins(0, 1, 1, 1), 0).isRowMajor())
        .isFalse();
  }

  @Test
  void aCopyThereAndBackKeepsEveryElement() {
    var random = new SplittableRandom(2);
    for (int i = 0; i < CASES; i++) {
      Extent extent = extent(random);
      float[] values = new float[LayerCase.count(extent)];
      for (int k = 0; k < values.length; k++) {
        values[k] = k + 1;
      }
      List<PlaneLayout> layouts = new ArrayList<>();
      layouts.add(next(extent, random));
      layouts.add(next(extent, random));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment first = LayerCase.filled(arena, layouts.getFirst(), values);
        MemorySegment second = LayerCase.allocated(arena, layouts.getLast());
        LayoutCopy copy = LayoutCopy.of(layouts.getFirst(), layouts.getLast());
        for (int part = 0; part < copy.parts(); part++) {
          copy.run(first, second, part);
        }
        assertThat(LayerCase.read(arena, layouts.getLast(), second))
            .as("%s", layouts)
            .isEqualTo(values);
      }
    }
  }

  @Test
  void unfitLayoutsAreRefused() {
    Extent extent = new Extent(1, 1, 4, 4);
    assertThatThrownBy(() -> new PlaneLayout(extent, 2, 4, 16, 0, 1, 1))
        .hasMessage("2 images in the lanes; it is 1 or 16");
    assertThatThrownBy(() -> new PlaneLayout(extent, 1, 3, 16, 0, 1, 1))
        .hasMessageStartingWith("rows of 3 and planes of 16 positions overlap for ");
    assertThatThrownBy(() -> new PlaneLayout(extent, 1, 4, 15, 0, 1, 1))
        .hasMessageContaining("overlap");
    assertThatThrownBy(() -> new Extent(1, 0, 1, 1)).hasMessageContaining("has a size below 1");
    assertThatThrownBy(() -> new Axis(2, Window.POINT.withStride(0)))
        .hasMessageContaining("stride 0");
    assertThatThrownBy(() -> new Axis(2, new Window(4, 1, 1, 0, 1)))
        .hasMessageContaining("an input of 2 positions has no room for ");
    assertThatThrownBy(() ->
            new ConvolutionShape(4, 3, 2, new Axis(1, Window.POINT), new Axis(1, Window.POINT)))
        .hasMessage("4 input and 3 output channels cannot be cut into 2 groups");
    assertThatThrownBy(() -> new Margins(0, 0, 1, 1).and(new Margins(0, 0, 2, 1)))
        .hasMessageStartingWith("no layout serves both ");
    assertThatThrownBy(() ->
            LayoutCopy.of(
                PlaneLayout.rowMajor(extent), PlaneLayout.rowMajor(new Extent(1, 1, 4, 5))))
        .hasMessageContaining("cannot be copied to");
    assertThatThrownBy(() -> Epilogue.NONE.withClip(1, 0))
        .hasMessage("a clip to [1.0, 0.0] is empty");
  }

  @Test
  void marginsOfSeveralLayersServeAll() {
    Axis three = new Axis(9, Window.same(3));
    Axis five = new Axis(9, Window.same(5));
    Margins both =
        Margins.of(new ConvolutionShape(1, 1, 1, three, five), 1)
            .and(Margins.of(new ConvolutionShape(1, 1, 1, five, three), 1));
    assertThat(both).isEqualTo(new Margins(2, 2, 1, 1));
    assertThat(
            Margins.of(
                new ConvolutionShape(1, 1, 1, new Axis(9, Window.same(3).withStride(2)), five), 1))
        .isEqualTo(new Margins(1, 2, 2, 1));
  }
}
