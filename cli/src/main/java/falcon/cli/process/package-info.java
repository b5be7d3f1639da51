/// How the process ends: exit codes and signals (ADR 3, ADR 14).
///
/// Read [falcon.cli.process.ExitCode] first. Imports nothing of this module.
@NullMarked
package falcon.cli.process;

import org.jspecify.annotations.NullMarked;
