package falcon.torch.sample;

import java.io.Serializable;

/// Samples of a source that follow each other.
///
/// @param from number of the first, inclusive
/// @param to number of the last, exclusive
public record SampleRange(int from, int to) implements Serializable {}
