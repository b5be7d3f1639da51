package falcon.runtime.kernel;

/// The layouts of a layer's input and output; a residual has the output's.
///
/// @param input layout that the layer reads
/// @param output layout that the layer writes
public record Layouts(PlaneLayout input, PlaneLayout output) {
  /// Number of images from which they are in the lanes.
  public static final int BATCH = PlaneLayout.IMAGES;

  /// Returns the layouts that suit a layer alone; what other layers need of the same activations is
  /// not known here.
  ///
  /// Images are in the lanes from [#BATCH] on. Without a position to spare (1 × 1 planes, fewer
  /// images) both are row-major.
  public static Layouts of(ConvolutionShape shape, int images) {
    Extent input = shape.input(images);
    Extent output = shape.output(images);
    int lanes = images >= BATCH ? PlaneLayout.IMAGES : 1;
    Margins margins = Margins.of(shape, lanes);
    if (lanes > 1) {
      return new Layouts(
          PlaneLayout.imagesInLanes(input, margins),
          PlaneLayout.imagesInLanes(output, Margins.NONE));
    }
    if (isPoint(input, output)) {
      return new Layouts(PlaneLayout.rowMajor(input), PlaneLayout.rowMajor(output));
    }
    PlaneLayout padded = PlaneLayout.padded(input, margins, output.width());
    return new Layouts(padded, PlaneLayout.padded(output, Margins.NONE, padded.rowPitch()));
  }

  /// Returns whether the layer is a product of a matrix and one vector per image.
  boolean isPoint() {
    return isPoint(input.extent(), output.extent()) && input.isRowMajor() && output.isRowMajor();
  }

  private static boolean isPoint(Extent input, Extent output) {
    return input.isPoint() && output.isPoint();
  }

  /// Checks that a layer can read and write these layouts.
  ///
  /// @throws IllegalArgumentException if it cannot; the message names what is missing
  void check(ConvolutionShape shape) {
    checkExtents(shape);
    if (isPoint()) {
      return;
    }
    if (input.lanes() != output.lanes()) {
      throw new IllegalArgumentException(
          "the input has %d images in the lanes, the output %d"
              .formatted(input.lanes(), output.lanes()));
    }
    if (output.rowPhases() != 1 || output.columnPhases() != 1) {
      throw new IllegalArgumentException(
          "a layer writes one phase, not %d × %d; copy with LayoutCopy"
              .formatted(output.rowPhases(), output.columnPhases()));
    }
    Margins needed = Margins.of(shape, input.lanes());
    if (input.rowPhases() != needed.rowPhases() || input.columnPhases() != needed.columnPhases()) {
      throw new IllegalArgumentException(
          "the input has %d × %d phases, the strides need %d × %d"
              .formatted(
                  input.rowPhases(),
                  input.columnPhases(),
                  needed.rowPhases(),
                  needed.columnPhases()));
    }
    checkZeros(shape);
    if (input.lanes() == 1) {
      checkPositions(shape);
    }
  }

  private void checkExtents(ConvolutionShape shape) {
    int images = input.extent().images();
    if (!input.extent().equals(shape.input(images))
        || !output.extent().equals(shape.output(images))) {
      throw new IllegalArgumentException(
          "layouts of %s and %s do not fit %s".formatted(input.extent(), output.extent(), shape));
    }
  }

  /// Every tap in the pads must meet a zero: right of a row, above or below a plane.
  private void checkZeros(ConvolutionShape shape) {
    Axis rows = shape.rows();
    Axis columns = shape.columns();
    int width = Math.ceilDiv(columns.length(), input.columnPhases());
    int height = Math.ceilDiv(rows.length(), input.rowPhases());
    long left = Math.floorDiv(columns.lowest(), input.columnPhases());
    long right = Math.floorDiv(columns.highest(), input.columnPhases());
    long top = Math.floorDiv(rows.lowest(), input.rowPhases());
    long bottom = Math.floorDiv(rows.highest(), input.rowPhases());
    long behind = (long) input.planePitch() - (long) height * input.rowPitch();
    long lowest = top * input.rowPitch() + left;
    long highest = bottom * input.rowPitch() + right;
    if (-left > input.rowPitch() - width
        || right >= input.rowPitch()
        || -lowest > Math.min(behind, input.first())
        || highest >= input.planePitch()) {
      throw new IllegalArgumentException(
          "%s has too few zeros around its planes for %s".formatted(input, shape));
    }
  }

  /// Positions are cut into vectors across rows, so rows of input and output must be equally long,
  /// and the last vector must end before the next plane.
  private void checkPositions(ConvolutionShape shape) {
    int line = PlaneLayout.ALIGNMENT / Float.BYTES;
    long positions = Tiles.positions(shape, output);
    if (input.rowPitch() != output.rowPitch()) {
      throw new IllegalArgumentException(
          "rows of the input are %d positions long, those of the output %d; they must be equal"
              .formatted(input.rowPitch(), output.rowPitch()));
    }
    if (Math.ceilDiv(positions, line) * line > output.planePitch()) {
      throw new IllegalArgumentException(
          "planes of %d positions do not hold %d in whole vectors of %d"
              .formatted(output.planePitch(), positions, line));
    }
  }
}
