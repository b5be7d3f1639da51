/// Readers of data folders and files.
///
/// Read [falcon.data.format.Datasets] first: it finds out what a folder holds. One class per
/// format; files are hostile until parsed. Nothing in `falcon.data` imports this package.
@NullMarked
package falcon.data.format;

import org.jspecify.annotations.NullMarked;
