package falcon.prune.options;

import falcon.model.layer.LayerSelection;
import falcon.model.layer.NamePattern;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The options of the search for the kept weights: in which layers, and in how many stages.
///
/// @param stages number of stages of [Method#FALCON_PLUS_PLUS], 1 or more; null for 1, or for 10
///     with [Refit#BACKSOLVE]; the other methods have one stage and refuse a number
/// @param schedule schedule of the budgets of several stages; null for [Schedule#GEOMETRIC];
///     methods with one stage refuse it
/// @param selection the layers that are pruned
/// @param floors least numbers of kept weights of single layers; where several match a layer, the
///     last one applies
/// @param saliency what [Method#MAGNITUDE] compares weights by; null for
///     [WeightSaliency#SQUARES]; the other methods, which have their own, refuse one
public record SearchOptions(
    @Nullable Integer stages,
    @Nullable Schedule schedule,
    LayerSelection selection,
    List<KeepFloor> floors,
    @Nullable WeightSaliency saliency) {
  /// The default: the method's own number of stages, all layers that are prunable without being
  /// named, no floors.
  public static final SearchOptions DEFAULT =
      new SearchOptions(null, null, LayerSelection.DEFAULT, List.of(), null);

  /// Copies the list.
  public SearchOptions {
    floors = List.copyOf(floors);
  }

  /// Returns the same options with another number of stages.
  ///
  /// @param value 1 or more; null for the number that suits the method
  public SearchOptions withStages(@Nullable Integer value) {
    return new SearchOptions(value, schedule, selection, floors, saliency);
  }

  /// Returns the same options with another schedule of budgets.
  ///
  /// @param value a schedule; null for the one that suits the method
  public SearchOptions withSchedule(@Nullable Schedule value) {
    return new SearchOptions(stages, value, selection, floors, saliency);
  }

  /// Returns the same options with another selection of layers.
  public SearchOptions withSelection(LayerSelection value) {
    return new SearchOptions(stages, schedule, value, floors, saliency);
  }

  /// Returns the same options with other floors.
  ///
  /// @param value list of floors, copied; may be empty
  public SearchOptions withFloors(List<KeepFloor> value) {
    return new SearchOptions(stages, schedule, selection, value, saliency);
  }

  /// Returns the same options with another saliency of the weights alone.
  ///
  /// @param value the saliency; null for the default
  public SearchOptions withSaliency(@Nullable WeightSaliency value) {
    return new SearchOptions(stages, schedule, selection, floors, value);
  }

  /// Returns the report's values of these options, by name, in the order of the report. Stages and
  /// schedule are omitted: the plan of a run has their final values. The saliency is omitted where
  /// it is the default.
  public Map<String, @Nullable Object> values() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("include", selection.include().stream().map(NamePattern::text).toList());
    values.put("exclude", selection.exclude().stream().map(NamePattern::text).toList());
    values.put("min-keep", floors.stream().map(KeepFloor::toString).toList());
    if (saliency != null) { // runs of earlier versions, which are compared, do not have it
      values.put("saliency", saliency.id());
    }
    return values;
  }
}
