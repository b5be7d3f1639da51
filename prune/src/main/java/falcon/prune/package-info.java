@NullMarked
package falcon.prune;

import org.jspecify.annotations.NullMarked;
