package falcon.kernel;

/// Loops over saliencies. Stateless; arguments are not checked beyond the bounds of their arrays.
public interface SelectionKernels {}
