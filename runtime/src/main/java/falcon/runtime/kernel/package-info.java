/// The loops over a layer's kept weights, on native memory, in plain Java.
///
/// Read [falcon.runtime.kernel.CompiledLayer] first, then [falcon.runtime.kernel.PlaneLayout]: a
/// layer is a [falcon.runtime.kernel.ConvolutionShape], weights and an
/// [falcon.runtime.kernel.Epilogue], compiled for the layouts of its input and output. Must not
/// import any package of Falcon.
@NullMarked
package falcon.runtime.kernel;

import org.jspecify.annotations.NullMarked;
