@NullMarked
package falcon.torch;

import org.jspecify.annotations.NullMarked;
