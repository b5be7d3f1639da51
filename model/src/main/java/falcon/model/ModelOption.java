package falcon.model;

import java.util.Locale;

/// What a program may say of a network, as messages name it: `‹input shape›`. How it is said there,
/// by a flag, a method or a field of a form, is for the program that shows the message.
public enum ModelOption {
  /// Shapes of one example: [falcon.model.shape.ControlFlow#withExampleShapes].
  INPUT_SHAPE,
  /// Value of an input for all samples: [falcon.model.shape.FixedInputs].
  INPUT,
  /// Axes that count examples: [ValueInfo#exampleAxis].
  BATCH_AXIS,
  /// The main output: [MainOutput].
  OUTPUT,
  /// Weights to prune: [falcon.model.layer.LayerSelection#include].
  INCLUDE,
  /// Weights to leave alone: [falcon.model.layer.LayerSelection#exclude].
  EXCLUDE;

  /// `‹name›`, which stands for the option in a message.
  @Override
  public String toString() {
    return "‹" + name().toLowerCase(Locale.ROOT).replace('_', ' ') + "›";
  }
}
