/// Readers of data folders and files.
///
/// Read [falcon.data.format.Datasets] first: it recognises the layout of a folder. Each format has
/// a class of its own; files are treated as hostile until parsed. `falcon.data` must not import
/// this package.
@NullMarked
package falcon.data.format;

import org.jspecify.annotations.NullMarked;
