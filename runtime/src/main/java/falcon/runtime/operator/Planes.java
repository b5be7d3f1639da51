package falcon.runtime.operator;

import falcon.runtime.kernel.PlaneLayout;

/// The form of a value in planes, as compiled layers read and write it.
///
/// @param layout places of the planes' elements
/// @param isTurned whether rows `[…, features]` are the columns of one plane for each feature;
///     otherwise planes are those of the axes `[images, channels, …]`
public record Planes(PlaneLayout layout, boolean isTurned) {}
