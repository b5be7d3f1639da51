/// Samples with or without labels: images and named arrays, preprocessing, and splits by seed.
///
/// Read [Dataset] first; `falcon.data.format.Datasets` opens it. Images stay raw bytes;
/// [Preprocessing] converts an image to the numbers that a network takes, [Splits] assigns samples
/// to purposes, and [Seeds] derives a stream for each random use. Must not import
/// `falcon.data.format` or any other package of Falcon: samples know no network and no libtorch.
@NullMarked
package falcon.data;

import org.jspecify.annotations.NullMarked;
