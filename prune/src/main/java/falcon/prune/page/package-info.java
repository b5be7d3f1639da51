/// Reports of runs for people: a page that a browser opens, the same on one screen as Markdown,
/// several runs side by side, and the curve of a sweep.
///
/// Read [falcon.prune.page.RunResult] first, then [falcon.prune.page.HtmlReport]. All of it is made
/// from the content of `result.json`, of this version or an earlier one; what an earlier one does
/// not have is left out. The page is a template with style and script (resources of this package)
/// and the data; no text of the data is ever part of the markup. It must not import
/// `falcon.prune.run`, which writes the reports into the folders of runs.
@NullMarked
package falcon.prune.page;

import org.jspecify.annotations.NullMarked;
