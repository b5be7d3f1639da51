package falcon.runtime.operator;

import falcon.model.DataType;
import java.util.List;

/// Element type and shape of a value.
///
/// @param shape sizes of the axes; empty for a scalar
public record Form(DataType type, List<Long> shape) {
  public Form {
    shape = List.copyOf(shape);
  }
}
