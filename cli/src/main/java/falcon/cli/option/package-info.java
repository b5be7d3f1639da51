/// The options of the command line, in groups that commands share.
///
/// Read [falcon.cli.option.PruneOptions] first. Must not import commands.
@NullMarked
package falcon.cli.option;

import org.jspecify.annotations.NullMarked;
