/// Dense linear algebra on Java arrays: Cholesky factors and blocked products.
///
/// Read [falcon.linear.Cholesky] first. Sums have a fixed order, whatever the number of threads.
/// Must not import any package of Falcon but `falcon.kernel`.
@NullMarked
package falcon.linear;

import org.jspecify.annotations.NullMarked;
