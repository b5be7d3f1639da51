package falcon.torch.curvature;

/// The form in which a layer's inputs are held.
enum MomentForm {
  PRODUCTS,
  ROWS,
  NONE
}
