package falcon.prune.evaluation;

import falcon.data.DataOption;
import falcon.data.Dataset;
import falcon.data.ImageLayout;
import falcon.data.Preprocessing;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import falcon.prune.options.PruningException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How a network takes images: the order of axes and the numbers that pixels become.
///
/// The order is found from the shape of the only input. Where that leaves it open, the nodes behind
/// the input decide: convolutions and pooling take channels first, a `Transpose` moves them there.
final class ImageInput {
  private static final Set<Long> CHANNELS = Set.of(1L, 3L);

  /// Values looked at behind the input.
  private static final int MOST_VALUES = 256;

  /// Operators of ONNX whose second axis is the channels.
  private static final Set<String> CHANNELS_FIRST =
      Set.of(
          "Conv",
          "ConvInteger",
          "QLinearConv",
          "MaxPool",
          "AveragePool",
          "LpPool",
          "GlobalAveragePool",
          "GlobalMaxPool",
          "BatchNormalization",
          "InstanceNormalization",
          "GroupNormalization",
          "LRN",
          "SpaceToDepth",
          "DepthToSpace");

  /// Operators that leave the axes in their order.
  private static final Set<String> SAME_AXES =
      Set.of(
          "Cast",
          "Identity",
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Clip",
          "Relu",
          "Pad",
          "Slice",
          "Concat",
          "Resize",
          "Upsample",
          "QuantizeLinear",
          "DequantizeLinear",
          "DynamicQuantizeLinear",
          "Dropout");

  private ImageInput() {}

  /// Returns the data with images of the size that the network takes.
  ///
  /// @param shortSide length of an image's shorter side before it is cropped, null for what suits
  /// @param wanted order of the axes, null for the one that is found
  /// @throws PruningException if the network leaves that size open, takes no images, or contradicts
  ///     the order
  static Dataset sized(
      Network network, Dataset data, @Nullable Integer shortSide, @Nullable ImageLayout wanted) {
    List<Long> sizes = fixedSizes(network);
    if (sizes == null) {
      throw unsuitable(
          "The network takes %s; images of files are cut to [channels, height, width] or [height, width, channels] of its only input.%nWhere it leaves these open, give them: %s 3,224,224 or 224,224,3."
              .formatted(network.inputs(), ModelOption.INPUT_SHAPE));
    }
    Dataset.ImageShape image;
    try {
      if (sizes.size() == 2) { // grey images without an axis of channels
        refuseContradiction(network, wanted, ImageLayout.NCHW);
        image =
            new Dataset.ImageShape(1, Math.toIntExact(sizes.get(0)), Math.toIntExact(sizes.get(1)));
      } else {
        List<ImageLayout> fitting =
            Stream.of(ImageLayout.values())
                .filter(layout -> CHANNELS.contains(channels(layout, sizes)))
                .toList();
        image = chosen(network, fitting, wanted, false).image(sizes);
      }
      return data.sized(image.channels(), image.height(), image.width(), shortSide);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw unsuitable(
          "The network takes %s, which no images can be cut to: %s."
              .formatted(network.inputs(), e.getMessage()));
    }
  }

  private static long channels(ImageLayout layout, List<Long> sizes) {
    return switch (layout) {
      case NCHW -> sizes.getFirst();
      case NHWC -> sizes.getLast();
    };
  }

  /// Returns the sizes behind the first axis of the only input; null if there are several inputs,
  /// one is open, or they are not two or three.
  private static @Nullable List<Long> fixedSizes(Network network) {
    List<Dimension> dimensions = network.fedInputs().getFirst().dimensions();
    if (network.fedInputs().size() != 1
        || dimensions == null
        || dimensions.size() < 3
        || dimensions.size() > 4) {
      return null;
    }
    List<Dimension> behind = dimensions.subList(1, dimensions.size());
    return behind.stream().allMatch(Dimension.Fixed.class::isInstance)
        ? behind.stream().map(size -> ((Dimension.Fixed) size).size()).toList()
        : null;
  }

  /// Returns the order of axes in which the network takes the images.
  ///
  /// @param data images of one size
  /// @param wanted the order that was asked for, null for the one that is found
  /// @throws PruningException if the network takes no images of that size, contradicts the order,
  ///     or nothing tells the order
  static ImageLayout layout(Network network, Dataset data, @Nullable ImageLayout wanted) {
    requireOneInput(network);
    List<ImageLayout> fitting =
        Stream.of(ImageLayout.values())
            .filter(layout -> shape(network, data, layout) != null)
            .toList();
    if (fitting.isEmpty()) {
      throw unsuitable(
          "The network takes %s, the images in %s are %s (channels, height, width). Use the data that the network was trained on."
              .formatted(
                  network.fedInputs().getFirst(),
                  data.directory(),
                  List.of(data.channels(), data.height(), data.width())));
    }
    return chosen(network, fitting, wanted, data.channels() == 1);
  }

  private static void requireOneInput(Network network) {
    if (network.fedInputs().size() != 1) {
      throw unsuitable(
          "The network has %d inputs (%s); image data goes with networks of one. Give it arrays, named like the inputs (.npz)."
              .formatted(network.fedInputs().size(), network.inputs()));
    }
  }

  /// @param isSame whether the order makes no difference to the bytes of an image
  private static ImageLayout chosen(
      Network network, List<ImageLayout> fitting, @Nullable ImageLayout wanted, boolean isSame) {
    if (fitting.isEmpty()) {
      throw new IllegalArgumentException(
          "neither the first nor the last axis is one of 1 or 3 channels");
    }
    if (wanted != null) {
      if (!fitting.contains(wanted)) {
        refuseContradiction(network, wanted, fitting.getFirst());
      }
      return wanted;
    }
    if (fitting.size() == 1) {
      return fitting.getFirst();
    }
    ImageLayout found = byNodes(network);
    if (found == null && !isSame) {
      throw unsuitable(
          "The network takes %s, which does not tell whether an image is %s or %s. Say it: %s nchw or nhwc."
              .formatted(
                  network.fedInputs().getFirst(),
                  ImageLayout.NCHW.axes(),
                  ImageLayout.NHWC.axes(),
                  DataOption.LAYOUT));
    }
    return Objects.requireNonNullElse(found, ImageLayout.NCHW);
  }

  private static void refuseContradiction(
      Network network, @Nullable ImageLayout wanted, ImageLayout found) {
    if (wanted != null && wanted != found) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s %s contradicts the network: it takes %s, in which an image is %s. Leave %1$s out, or say %5$s."
              .formatted(
                  DataOption.LAYOUT,
                  wanted.id(),
                  network.fedInputs().getFirst(),
                  found.axes(),
                  found.id()));
    }
  }

  /// Returns the shape of one image in a layout as the network takes it: three axes, two for a grey
  /// image, or one for all values; null if it takes no images of that size so.
  static @Nullable List<Long> shape(Network network, Dataset data, ImageLayout layout) {
    List<Long> image = layout.shape(data.channels(), data.height(), data.width());
    List<Dimension> dimensions = network.fedInputs().getFirst().dimensions();
    if (dimensions == null) {
      return image;
    }
    List<Long> shape =
        switch (dimensions.size()) {
          case 4 -> image;
          case 3 ->
              data.channels() == 1 && layout == ImageLayout.NCHW ? image.subList(1, 3) : List.of();
          case 2 -> List.of(image.stream().reduce(1L, Math::multiplyExact));
          default -> List.of();
        };
    boolean fits = !shape.isEmpty();
    for (int i = 0; i < shape.size(); i++) {
      fits &=
          !(dimensions.get(i + 1) instanceof Dimension.Fixed(long size)) || size == shape.get(i);
    }
    return fits ? shape : null;
  }

  /// Returns the order that the nodes behind the input take, null if they do not tell.
  private static @Nullable ImageLayout byNodes(Network network) {
    var seen = new HashSet<String>();
    var next = new ArrayDeque<String>();
    next.add(network.fedInputs().getFirst().name());
    while (!next.isEmpty() && seen.size() < MOST_VALUES) {
      String value = next.remove();
      if (!seen.add(value)) {
        continue;
      }
      for (Node node : network.nodes()) {
        if (!node.inputs().contains(value)) {
          continue;
        }
        ImageLayout told = told(node, value);
        if (told != null) {
          return told;
        }
        if (SAME_AXES.stream().anyMatch(node::is)) {
          next.addAll(node.outputs());
        }
      }
    }
    return null;
  }

  private static @Nullable ImageLayout told(Node node, String value) {
    if (node.is("Transpose")) {
      List<Long> order = node.integers("perm", List.of());
      if (order.size() == 4 && order.get(1) == 3) {
        return ImageLayout.NHWC;
      }
      return order.size() == 4 && order.get(3) == 1 ? ImageLayout.NCHW : null;
    }
    boolean isFirst = value.equals(node.input(0));
    return isFirst && CHANNELS_FIRST.stream().anyMatch(node::is) ? ImageLayout.NCHW : null;
  }

  /// Returns the usual preprocessing for the type of the input: pixels as they are where it takes
  /// whole numbers (moved by −128 for signed bytes), else the default of the data's layout.
  static Preprocessing usual(Network network, Dataset data) {
    Preprocessing usual = Preprocessing.defaultsOf(data.layout(), data.channels());
    DataType type = network.fedInputs().getFirst().type();
    return type == null || type.isFloatingPoint()
        ? usual
        : Preprocessing.ofPixels(
            data.channels(), type == DataType.INT8 ? -128 : 0, usual.border(), usual.isFlipped());
  }

  /// Makes sure that preprocessing makes numbers of pixels which the input takes.
  ///
  /// @throws PruningException if it does not
  static void requireNumbers(Network network, Preprocessing preprocessing) {
    ValueInfo input = network.fedInputs().getFirst();
    if (input.type() == null || input.type().isFloatingPoint()) {
      return;
    }
    boolean fits =
        switch (input.type()) {
          case BOOL -> preprocessing.isWhole(0, 1);
          case INT8 -> preprocessing.isWhole(Byte.MIN_VALUE, Byte.MAX_VALUE);
          case UINT8 -> preprocessing.isWhole(0, 0xff);
          case UINT16, UINT32, UINT64 -> preprocessing.isWhole(0, Short.MAX_VALUE);
          case INT16, INT32, INT64, FLOAT16, FLOAT32, FLOAT64, BFLOAT16 ->
              preprocessing.isWhole(Short.MIN_VALUE, Short.MAX_VALUE);
        };
    if (!fits) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "The network takes %s, numbers that the preprocessing (%s) does not make of pixels. Leave out %s and %s: pixels then go in as they are."
              .formatted(input, preprocessing, DataOption.MEAN, DataOption.DEVIATION));
    }
  }

  private static PruningException unsuitable(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
