/// Layers compiled to the loops of [falcon.runtime.loop], on native memory.
///
/// Read [falcon.runtime.kernel.CompiledLayer] first, then [falcon.runtime.kernel.PlaneLayout]: a
/// layer is a [falcon.runtime.kernel.ConvolutionShape], weights and an
/// [falcon.runtime.kernel.Epilogue], compiled for the layouts of its input and output. Must not
/// import any package of Falcon but `falcon.runtime.loop`.
@NullMarked
package falcon.runtime.kernel;

import org.jspecify.annotations.NullMarked;
