@NullMarked
package falcon.model;

import org.jspecify.annotations.NullMarked;
