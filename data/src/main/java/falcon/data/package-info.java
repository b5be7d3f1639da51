/// Labelled samples: CIFAR-10 and idx folders, preprocessing, and splits by seed.
///
/// Read [Datasets] first, then [Dataset]. Images stay raw bytes in memory; [Preprocessing] turns
/// one into the numbers that a network takes, [Splits] says which images serve which purpose, and
/// [Seeds] gives each random use its own stream. This package knows no network and no libtorch.
@NullMarked
package falcon.data;

import org.jspecify.annotations.NullMarked;
