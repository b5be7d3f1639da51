/// Samples as a network takes them: images and arrays, in batches and in chunks of fixed size.
///
/// Read [falcon.torch.sample.SampleSource] first. Knows no network that runs.
@NullMarked
package falcon.torch.sample;

import org.jspecify.annotations.NullMarked;
