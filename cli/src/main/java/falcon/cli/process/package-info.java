/// The end of the process: exit codes and signals (ADR 3, ADR 14).
///
/// Read [falcon.cli.process.ExitCode] first. Must not import any other package of this module.
@NullMarked
package falcon.cli.process;

import org.jspecify.annotations.NullMarked;
