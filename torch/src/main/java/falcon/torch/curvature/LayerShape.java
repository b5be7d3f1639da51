package falcon.torch.curvature;

/// The size of a layer's least-squares problem.
///
/// @param tensorName name of the weight tensor
/// @param rows n, number of rows over samples and positions
/// @param inputs k, number of inputs
/// @param outputs o, number of outputs of one group
public record LayerShape(String tensorName, int rows, int inputs, int outputs) {}
