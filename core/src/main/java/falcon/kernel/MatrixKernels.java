package falcon.kernel;

/// Loops over a gradient matrix. Stateless; arguments are not checked beyond the bounds of their arrays.
public interface MatrixKernels {}
