package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import java.util.Collections;
import java.util.List;

/// What each operator makes of the shapes of its inputs: one entry for each operator known.
public final class ShapeRules {
  private ShapeRules() {}

  /// What is known of a node's outputs.
  ///
  /// @throws UnusableNodeException if the operator is unknown
  public static List<InferredValue> results(Operands operands) {
    Node node = operands.node();
    if (!node.domain().isEmpty()) {
      throw unknown(node);
    }
    return switch (node.opType()) {
      case "Identity" -> List.of(operands.value(0));
      case "Cast" -> List.of(Broadcast.cast(operands));
      case "Floor", "Ceil", "Round", "Neg", "Abs", "Sign", "Sqrt", "Reciprocal", "Not" ->
          List.of(Broadcast.unary(operands));
      case "Relu",
          "LeakyRelu",
          "Clip",
          "Sigmoid",
          "HardSigmoid",
          "HardSwish",
          "Swish",
          "Tanh",
          "Erf",
          "Gelu",
          "Elu",
          "Selu",
          "Celu",
          "ThresholdedRelu",
          "CastLike",
          "Softplus",
          "Shrink",
          "BitwiseNot",
          "Softsign",
          "Mish",
          "Softmax",
          "LogSoftmax",
          "Hardmax",
          "Exp",
          "Log",
          "Sin",
          "Cos",
          "Tan",
          "Asin",
          "Acos",
          "Atan",
          "Sinh",
          "Cosh",
          "Asinh",
          "Acosh",
          "Atanh",
          "IsNaN",
          "IsInf",
          "CumSum",
          "Trilu",
          "QuantizeLinear",
          "DequantizeLinear",
          "RMSNormalization",
          "EyeLike",
          "LpNormalization",
          "LRN",
          "MeanVarianceNormalization",
          "ReverseSequence",
          "RotaryEmbedding" ->
          only(operands.shape(0));
      case "PRelu" -> {
        Broadcast.requireStretch(operands, 1, operands.shape(0));
        yield only(operands.shape(0));
      }
      case "BatchNormalization" -> only(NormalizedShapes.batch(operands));
      case "InstanceNormalization" -> only(NormalizedShapes.instance(operands));
      case "GroupNormalization" -> only(NormalizedShapes.group(operands));
      case "ScatterElements", "Scatter" -> only(IndexShapes.scattered(operands));
      case "ScatterND" -> only(IndexShapes.scatteredBlocks(operands));
      case "Dropout" -> copies(InferredValue.ofShape(operands.shape(0)), 2);
      case "LayerNormalization" -> LinearShapes.layerNormalization(operands);
      case "Add",
          "Sub",
          "Mul",
          "Div",
          "Mod",
          "Max",
          "Min",
          "Equal",
          "Greater",
          "Less",
          "GreaterOrEqual",
          "LessOrEqual",
          "Where",
          "Pow",
          "And",
          "Or",
          "Xor",
          "Sum" ->
          List.of(Broadcast.result(operands));
      case "Mean", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor" ->
          only(Broadcast.shape(operands));
      case "Conv" -> only(WindowShapes.convolution(operands));
      case "ConvTranspose" -> only(WindowShapes.transposedConvolution(operands));
      case "MaxPool", "AveragePool", "LpPool" ->
          copies(InferredValue.ofShape(WindowShapes.pooling(operands)), 2);
      case "MaxUnpool" -> only(WindowShapes.unpooling(operands));
      case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool" ->
          only(WindowShapes.globalPooling(operands));
      case "Gemm" -> only(LinearShapes.gemm(operands));
      case "MatMul" -> only(LinearShapes.matMul(operands));
      case "ReduceMean",
          "ReduceSum",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "ReduceL1",
          "ReduceL2",
          "ReduceLogSum",
          "ReduceLogSumExp",
          "ReduceSumSquare" ->
          List.of(LinearShapes.reduction(operands));
      case "ArgMax", "ArgMin" -> only(LinearShapes.argument(operands));
      case "Shape" -> List.of(Rearrangement.shape(operands));
      case "Size" ->
          List.of(InferredValue.whole(List.of(), List.of(Tensor.elements(operands.shape(0)))));
      case "Flatten" -> List.of(Rearrangement.flatten(operands));
      case "Reshape" -> List.of(Rearrangement.reshape(operands));
      case "Transpose" -> List.of(Rearrangement.transpose(operands));
      case "Squeeze" -> List.of(Rearrangement.squeeze(operands));
      case "Unsqueeze" -> List.of(Rearrangement.unsqueeze(operands));
      case "Concat" -> List.of(Rearrangement.concat(operands));
      case "DepthToSpace", "SpaceToDepth" -> only(WindowShapes.depthAndSpace(operands));
      case "Split" -> SelectionShapes.split(operands);
      case "Slice" -> List.of(SelectionShapes.slice(operands));
      case "Gather" -> List.of(SelectionShapes.gather(operands));
      case "Pad" -> only(SelectionShapes.pad(operands));
      case "Expand" ->
          List.of(
              Broadcast.stretched(
                  operands.value(0),
                  Broadcast.shape(operands, operands.shape(0), operands.content(1))));
      case "Tile" -> only(SelectionShapes.tile(operands));
      case "ConstantOfShape" -> List.of(SelectionShapes.constantOfShape(operands));
      case "Range" -> List.of(SelectionShapes.range(operands));
      case "Resize", "Upsample" -> only(ResizeShapes.resize(operands));
      case "GridSample" -> only(ResizeShapes.gridSample(operands));
      case "Einsum" -> only(EinsumShapes.einsum(operands));
      case "Det" -> only(operands.shape(0).subList(0, Math.max(0, operands.shape(0).size() - 2)));
      case "TopK" -> copies(InferredValue.ofShape(IndexShapes.largest(operands)), 2);
      case "OneHot" -> only(IndexShapes.oneHot(operands));
      case "GatherElements" -> only(IndexShapes.gatherElements(operands));
      case "GatherND" -> only(IndexShapes.gatherBlocks(operands));
      case "Compress" -> List.of(IndexShapes.compress(operands));
      case "NonZero" -> List.of(IndexShapes.nonZero(operands));
      case "Attention" -> only(LinearShapes.attention(operands));
      case "LSTM", "GRU", "RNN" -> RecurrentShapes.outputs(operands);
      default -> throw unknown(node);
    };
  }

  private static List<InferredValue> only(List<Long> shape) {
    return List.of(InferredValue.ofShape(shape));
  }

  private static List<InferredValue> copies(InferredValue value, int count) {
    return Collections.nCopies(count, value);
  }

  private static UnusableNodeException unknown(Node node) {
    return new UnusableNodeException(
        node,
        "the shapes that this operator makes are not known",
        "Export the network without it, or ask for it to be added.");
  }
}
