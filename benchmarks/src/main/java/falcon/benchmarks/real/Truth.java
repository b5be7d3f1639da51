package falcon.benchmarks.real;

/// What is known about samples besides the dense network's outputs, and so what accuracy means.
enum Truth {
  /// Nothing is known.
  NONE,

  /// The class of each sample.
  CLASSES,

  /// The text that each sample shows.
  CHARACTERS,

  /// The class of each sentence, which a linear classifier on the dense network's embeddings finds.
  SENTENCES
}
