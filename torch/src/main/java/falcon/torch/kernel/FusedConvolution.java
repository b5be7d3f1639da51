package falcon.torch.kernel;

import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongArrayRef;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorHandleOptional;
import org.bytedeco.pytorch.OperatorName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// oneDNN's two-dimensional convolution in float32 with filters in its own layout, which adds a
/// second tensor and applies ReLU while it writes. It has no gradients.
///
/// libtorch has it as operators without a C++ function (`mkldnn::_convolution_pointwise`): they are
/// called by their names.
public final class FusedConvolution {
  private static final String NAME = "mkldnn::_convolution_pointwise";

  private FusedConvolution() {}

  /// Weights in the form that [#call] takes.
  ///
  /// @param filters filters in oneDNN's layout
  /// @param bias `[out]`, null for none
  public record Packed(Tensor filters, @Nullable Tensor bias) {}

  /// The operators, and the element types of their argument lists.
  private record Handles(
      OperatorHandle plain, OperatorHandle adding, Type.TypePtr integer, Type.TypePtr scalar) {
    /// The operators; null where libtorch has been built without them.
    private static final @Nullable Handles FOUND = outliving(Handles::find);

    private static @Nullable Handles find() {
      if (!torch.hasMKLDNN()) {
        return null;
      }
      OperatorHandleOptional plain = Dispatcher.singleton().findSchema(new OperatorName(NAME, ""));
      OperatorHandleOptional adding =
          Dispatcher.singleton().findSchema(new OperatorName(NAME, "binary"));
      if (!plain.has_value() || !adding.has_value()) {
        return null;
      }
      Argument arguments = plain.get().schema().arguments();
      return new Handles(
          new OperatorHandle(plain.get()).retainReference(),
          new OperatorHandle(adding.get()).retainReference(),
          elements(arguments, 3).retainReference(),
          elements(arguments, 8).retainReference());
    }

    private static Type.TypePtr elements(Argument arguments, int number) {
      return arguments.getPointer(Argument.class, number).type().get().containedType(0);
    }

    private static @Nullable Handles outliving(Supplier<@Nullable Handles> find) {
      try (var _ = new PointerScope()) {
        return find.get();
      }
    }
  }

  /// Returns whether this processor and this libtorch support fused convolutions.
  public static boolean isAvailable() {
    return Handles.FOUND != null;
  }

  /// Returns filters in the layout that suits inputs of one shape best; results for inputs of other
  /// shapes are correct, too.
  ///
  /// @param convolution a convolution with two spatial axes, an input of that shape, and unpacked
  ///     filters
  /// @return a tensor of the innermost scope, which only [#call] can read
  public static Tensor packed(Convolution convolution) {
    long[] inputShape = convolution.x().shape();
    var shape = new LongArrayRef(new LongPointer(inputShape), inputShape.length);
    return torch.mkldnn_reorder_conv2d_weight(
        convolution.weight().to_mkldnn(),
        convolution.pads(),
        convolution.strides(),
        convolution.dilations(),
        convolution.groups(),
        new LongArrayRefOptional(shape));
  }

  /// Returns a dense tensor, since oneDNN takes no views that skip elements.
  private static Tensor dense(Tensor tensor) {
    return tensor.is_non_overlapping_and_dense()
        ? tensor
        : tensor.contiguous(torch.MemoryFormat.ChannelsLast);
  }

  /// Calls the operator.
  ///
  /// @param convolution a convolution with filters that [#packed] made
  /// @param other tensor of the result's shape, null to add nothing
  /// @return the result, channels last, a tensor of the innermost scope
  public static Tensor call(Convolution convolution, @Nullable Tensor other, boolean relu) {
    Handles handles = Objects.requireNonNull(Handles.FOUND);
    var stack = new IValueVector();
    stack.push_back(new IValue(dense(convolution.x())));
    if (other != null) {
      stack.push_back(new IValue(dense(other)));
    }
    stack.push_back(new IValue(convolution.weight()));
    stack.push_back(convolution.bias() == null ? new IValue() : new IValue(convolution.bias()));
    stack.push_back(list(handles, convolution.pads()));
    stack.push_back(list(handles, convolution.strides()));
    stack.push_back(list(handles, convolution.dilations()));
    stack.push_back(new IValue(convolution.groups()));
    if (other != null) {
      stack.push_back(new IValue("add"));
      stack.push_back(new IValue()); // Its factor is one.
      stack.push_back(relu ? new IValue("relu") : new IValue());
    } else {
      stack.push_back(new IValue(relu ? "relu" : "none"));
    }
    stack.push_back(new IValue(new GenericList(handles.scalar())));
    stack.push_back(new IValue());
    (other == null ? handles.plain() : handles.adding()).callBoxed(stack);
    return new Tensor(stack.get(0).toTensor()); // The original is freed with the stack.
  }

  private static IValue list(Handles handles, long[] values) {
    var list = new GenericList(handles.integer());
    for (long value : values) {
      list.push_back(new IValue(value));
    }
    return new IValue(list);
  }
}
