package falcon.torch.curvature;

/// Size of a layer's least squares.
///
/// @param tensorName of the weights
/// @param rows n, over samples and positions
/// @param inputs k
/// @param outputs o, of one group
public record LayerShape(String tensorName, int rows, int inputs, int outputs) {}
