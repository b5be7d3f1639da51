/// Names: which tensors of a state dict the constants of a network are.
///
/// Read [falcon.model.naming.StateNames] first. An exporter renames weights, transposes them, puts
/// the gates of recurrent layers in another order, folds BatchNormalization into the convolution
/// before it, splits and joins tensors. `StateSearch` finds by the dense network's values which of
/// these it did; `StateUpdate` writes changed weights back. Where values fit several tensors,
/// names, the modules in the names of nodes and the order of modules decide; where they do not, the
/// tensors are named and nothing is guessed. Must not import a file format.
@NullMarked
package falcon.model.naming;

import org.jspecify.annotations.NullMarked;
