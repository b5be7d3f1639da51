package falcon.cli.output;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import falcon.prune.plan.PlannedResource;
import falcon.prune.plan.PruningPlan;

/// Budgets of further resources in the documents of commands that compute nothing.
public final class ResourceJson {
  private ResourceJson() {}

  /// Returns the budgets of a plan, with the keys of `result.json` as far as they are known.
  public static ArrayNode of(PruningPlan plan) {
    var array = new ArrayNode(JsonNodeFactory.instance);
    for (PlannedResource resource : plan.resources()) {
      array
          .addObject()
          .put("name", resource.name())
          .put("request", resource.request())
          .put("unit", resource.unit())
          .put("asked", resource.inUnits(resource.limit()))
          .put("total", resource.inUnits(resource.total()))
          .put("fixed", resource.inUnits(resource.fixed()));
    }
    return array;
  }
}
