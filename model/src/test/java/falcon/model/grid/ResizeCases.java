package falcon.model.grid;

import falcon.model.Attribute;
import java.util.Arrays;
import java.util.List;

/// Resampling over its options.
final class ResizeCases {
  private static final List<String> COORDINATES =
      List.of(
          "half_pixel",
          "half_pixel_symmetric",
          "pytorch_half_pixel",
          "align_corners",
          "asymmetric",
          "tf_half_pixel_for_nn");

  private ResizeCases() {}

  static void addTo(List<GridCase> cases) {
    old(cases);
    for (long opset : new long[] {11, 13, 18, 19}) {
      boolean isWhole = opset == 11 || opset == 19; // the others differ in types and axes only
      for (String coordinates : isWhole ? COORDINATES : COORDINATES.subList(0, 1)) {
        for (String rounding :
            List.of("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")) {
          for (GridCase each : sized("nearest", coordinates, opset)) {
            cases.add(each.set("nearest_mode", rounding));
          }
        }
        cases.addAll(sized("linear", coordinates, opset));
        for (long excludes : new long[] {0, 1}) {
          for (GridCase each : sized("cubic", coordinates, opset)) {
            cases.add(each.set("exclude_outside", excludes));
          }
        }
      }
      cases.addAll(sized("cubic", "half_pixel", opset));
      sized("cubic", "half_pixel", opset)
          .forEach(each -> cases.add(each.set("cubic_coeff_a", -0.5)));
      regions(cases, opset);
      if (opset >= 18) {
        axes(cases, opset);
        smooth(cases, opset);
      }
    }
  }

  private static void old(List<GridCase> cases) {
    for (String mode : List.of("nearest", "linear")) {
      for (double[] scales : new double[][] {{1, 1, 2, 2}, {1, 1, 1.5, 2.5}, {1, 1, 3, 1}}) {
        cases.add(
            new GridCase("Upsample", 7)
                .floats(2, 3, 4, 5)
                .set("mode", mode)
                .set(
                    "scales",
                    new Attribute.FloatList(
                        Arrays.stream(scales).mapToObj(s -> (float) s).toList())));
        cases.add(new GridCase("Upsample", 9).floats(2, 3, 4, 5).reals(scales).set("mode", mode));
        cases.add(new GridCase("Resize", 10).floats(2, 3, 4, 5).reals(scales).set("mode", mode));
      }
      cases.add(
          new GridCase("Resize", 10).floats(2, 3, 6, 5).reals(1, 1, 0.5, 0.6).set("mode", mode));
    }
  }

  private static List<GridCase> sized(String mode, String coordinates, long opset) {
    return List.of(
        resize(mode, coordinates, opset).none().reals(1, 1, 2, 2),
        resize(mode, coordinates, opset).none().reals(1, 1, 0.6, 0.5),
        resize(mode, coordinates, opset).none().reals(1, 1, 1.7, 0.8),
        resize(mode, coordinates, opset).none().none().longs(2, 3, 9, 4),
        resize(mode, coordinates, opset).none().none().longs(2, 3, 3, 7),
        resize(mode, coordinates, opset).none().none().longs(2, 3, 1, 1));
  }

  private static GridCase resize(String mode, String coordinates, long opset) {
    return new GridCase("Resize", opset)
        .floats(2, 3, 6, 5)
        .set("mode", mode)
        .set("coordinate_transformation_mode", coordinates);
  }

  private static void regions(List<GridCase> cases, long opset) {
    for (String mode : List.of("nearest", "linear", "cubic")) {
      cases.add(
          resize(mode, "tf_crop_and_resize", opset)
              .reals(0, 0, 0.2, 0.3, 1, 1, 0.7, 0.9)
              .none()
              .longs(2, 3, 4, 3));
      cases.add(
          resize(mode, "tf_crop_and_resize", opset)
              .reals(0, 0, -0.4, 0.3, 1, 1, 1.2, 1.5)
              .none()
              .longs(2, 3, 5, 6)
              .set("extrapolation_value", 10.0));
    }
  }

  private static void axes(List<GridCase> cases, long opset) {
    for (String mode : List.of("nearest", "linear", "cubic")) {
      cases.add(resize(mode, "half_pixel", opset).none().reals(2, 0.7).list("axes", 2, 3));
      cases.add(resize(mode, "half_pixel", opset).none().none().longs(4, 9).list("axes", 3, 2));
      for (String policy : List.of("not_larger", "not_smaller", "stretch")) {
        cases.add(
            resize(mode, "half_pixel", opset)
                .none()
                .none()
                .longs(9, 11)
                .list("axes", 2, 3)
                .set("keep_aspect_ratio_policy", policy));
      }
    }
  }

  private static void smooth(List<GridCase> cases, long opset) {
    for (String mode : List.of("linear", "cubic")) {
      for (double[] scales : new double[][] {{1, 1, 0.5, 0.6}, {1, 1, 0.3, 0.9}, {1, 1, 2, 0.4}}) {
        cases.add(resize(mode, "half_pixel", opset).none().reals(scales).set("antialias", 1));
        cases.add(
            resize(mode, "half_pixel", opset)
                .none()
                .reals(scales)
                .set("antialias", 1)
                .set("exclude_outside", 1));
      }
      cases.add(
          resize(mode, "align_corners", opset).none().none().longs(2, 3, 3, 4).set("antialias", 1));
    }
  }
}
