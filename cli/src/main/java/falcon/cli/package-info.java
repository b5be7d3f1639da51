/// The command line: options, progress, messages and exit codes; no logic of its own.
///
/// Read [falcon.cli.Main] first. Everything that a command does, Java code can do with
/// `falcon.prune` and the readers of `falcon.model` and `falcon.data`. Must not import
/// `falcon.torch` or libtorch.
@NullMarked
package falcon.cli;

import org.jspecify.annotations.NullMarked;
