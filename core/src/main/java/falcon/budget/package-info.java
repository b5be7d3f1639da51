@NullMarked
package falcon.budget;

import org.jspecify.annotations.NullMarked;
