package falcon.prune.options;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.layer.LayerSelection;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class PruningOptionsTest {
  @Test
  void everySetterFillsItsGroup() {
    LayerSelection selection = LayerSelection.of(List.of("layer*"), List.of("fc*"));
    List<KeepFloor> floors = List.of(KeepFloor.parse("5%"));
    ExampleShapes shapes = ExampleShapes.parse("3,8,8");
    PruningOptions options =
        PruningOptions.builder()
            .method(Method.FALCON)
            .loss(Loss.SELF)
            .seed(7)
            .inputShapes(shapes)
            .stages(3)
            .schedule(Schedule.CUBIC)
            .selection(selection)
            .floors(floors)
            .refit(Refit.BACKSOLVE)
            .samples(64)
            .curvature(Curvature.EMPIRICAL)
            .ridge(0.001)
            .block(2000)
            .scratch(Path.of("scratch"))
            .batchNorm(BatchNormPolicy.ON)
            .threads(2)
            .memoryBytes(1L << 30)
            .build();

    assertThat(options.method()).isEqualTo(Method.FALCON);
    assertThat(options.loss()).isEqualTo(Loss.SELF);
    assertThat(options.seed()).isEqualTo(7);
    assertThat(options.inputShapes()).isEqualTo(shapes);
    assertThat(options.search())
        .isEqualTo(new SearchOptions(3, Schedule.CUBIC, selection, floors, null));
    assertThat(options.refit())
        .isEqualTo(
            new RefitOptions(
                Refit.BACKSOLVE,
                64,
                new BacksolveOptions(Curvature.EMPIRICAL, 0.001, 2000, Path.of("scratch"))));
    assertThat(options.refinement())
        .isEqualTo(new RefinementOptions(BatchNormPolicy.ON, null, null));
    assertThat(options.machine()).isEqualTo(new MachineOptions(2, 1L << 30));
  }

  @Test
  void aGroupReplacesAllOptionsOfItAndNoOther() {
    PruningOptions options =
        PruningOptions.builder()
            .samples(64)
            .stages(3)
            .refit(RefitOptions.DEFAULT.withKind(Refit.NONE))
            .search(SearchOptions.DEFAULT.withSchedule(Schedule.CUBIC))
            .seed(5)
            .build();

    assertThat(options.refit())
        .isEqualTo(new RefitOptions(Refit.NONE, null, BacksolveOptions.DEFAULT));
    assertThat(options.search().stages()).isNull();
    assertThat(options.search().schedule()).isEqualTo(Schedule.CUBIC);
    assertThat(options.refinement()).isEqualTo(RefinementOptions.DEFAULT);
    assertThat(options.seed()).isEqualTo(5);
  }

  @Test
  void whatWasBuiltDoesNotChangeWithItsBuilder() {
    PruningOptions.Builder builder = PruningOptions.builder().samples(64).seed(2);
    PruningOptions first = builder.build();
    PruningOptions second = builder.samples(65).seed(3).build();

    assertThat(first.refit().samples()).isEqualTo(64);
    assertThat(first.seed()).isEqualTo(2);
    assertThat(second.refit().samples()).isEqualTo(65);
  }
}
