/// The output of the commands: the console, progress, tables and JSON.
///
/// Read [falcon.cli.output.Console] first. Must not import commands or options.
@NullMarked
package falcon.cli.output;

import org.jspecify.annotations.NullMarked;
