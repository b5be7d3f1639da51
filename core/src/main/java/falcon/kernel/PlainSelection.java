package falcon.kernel;

/// [SelectionKernels] in plain Java.
final class PlainSelection implements SelectionKernels {}
