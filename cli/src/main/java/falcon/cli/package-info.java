@NullMarked
package falcon.cli;

import org.jspecify.annotations.NullMarked;
