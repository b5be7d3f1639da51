@NullMarked
package falcon.data;

import org.jspecify.annotations.NullMarked;
