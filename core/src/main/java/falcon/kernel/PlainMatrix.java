package falcon.kernel;

/// [MatrixKernels] in plain Java.
final class PlainMatrix implements MatrixKernels {}
