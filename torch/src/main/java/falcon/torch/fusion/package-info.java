/// Fusion: several nodes of a network computed as one.
///
/// Read [falcon.torch.fusion.Fusion] first: a condition and an action; `Fusions` finds all of a
/// network. `ConvolutionChain` is a convolution with the nodes after it in one call of oneDNN,
/// `NormalizedConvolution` a convolution and its BatchNormalization as one convolution. The package
/// must not import `falcon.torch.execution`, which checks at each node whether a fusion starts
/// there.
@NullMarked
package falcon.torch.fusion;

import org.jspecify.annotations.NullMarked;
