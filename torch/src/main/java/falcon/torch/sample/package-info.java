/// Samples in the form that a network takes: images and arrays, in batches and in chunks of fixed
/// size.
///
/// Read [falcon.torch.sample.SampleSource] first. Must not import other packages of this module but
/// `falcon.torch`: it does not execute networks.
@NullMarked
package falcon.torch.sample;

import org.jspecify.annotations.NullMarked;
