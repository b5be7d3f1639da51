package falcon.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.options.PruningException;
import falcon.torch.execution.Evaluation;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("native")
class FalconPrunerTest {
  private static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.IntegerType)
          .add("features", DataTypes.createArrayType(DataTypes.FloatType))
          .add("label", DataTypes.IntegerType);

  @TempDir private static Path folder;

  @BeforeAll
  static void write() {
    Networks.write(TinyNetwork.of(1), folder.resolve("tiny.onnx"));
  }

  private static Dataset<Row> frame(int rows) {
    var list = new ArrayList<Row>();
    for (int i = 0; i < rows; i++) {
      list.add(RowFactory.create(i, TinyNetwork.pixels(i), i % TinyNetwork.CLASSES));
    }
    return Cluster.session().createDataFrame(list, SCHEMA);
  }

  private static FalconPruner pruner() {
    return new FalconPruner()
        .setModelLocation(folder.resolve("tiny.onnx").toString())
        .setFeedDict(Map.of("image", "features"))
        .setLabelCol("label")
        .setMacs("40%")
        .setSamples(48)
        .setSteps(3)
        .setSeed(1);
  }

  @Test
  void divisionOfTheFrameChangesNoBit() {
    Dataset<Row> frame = frame(160);
    FalconModel one = pruner().fit(frame.repartition(3));
    FalconModel other = pruner().fit(frame.orderBy(frame.col("label")).repartition(5));
    assertThat(other.onnx()).isEqualTo(one.onnx());
    assertThat(other.mask()).isEqualTo(one.mask());
  }

  @Test
  void savedModelScoresAsTheNetworkDoes() {
    Dataset<Row> frame = frame(80);
    FalconModel model = pruner().fit(frame);
    String path = folder.resolve("saved").toString();
    try {
      model.write().overwrite().save(path);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    FalconModel loaded = FalconModel.load(path);
    assertThat(loaded.onnx()).isEqualTo(model.onnx());
    assertThat(loaded.result()).contains("\"macs\"");
    List<Row> rows = loaded.transform(frame.repartition(4)).collectAsList();
    assertThat(rows).hasSize(80);
    Network network = PruneTask.network(model.onnx());
    try (var workers = new Workers(1)) {
      for (Row row : rows.subList(0, 5)) {
        float[] pixels = TinyNetwork.pixels(row.<Integer>getAs("id"));
        var batch =
            new SampleBatch(List.of(InputArray.ofFloats(List.of(1L, 8L, 8L), pixels)), null);
        var logits = Evaluation.logits(network, SourceOf.batch(batch), workers);
        List<Float> scores = row.getList(row.fieldIndex("scores"));
        for (int c = 0; c < TinyNetwork.CLASSES; c++) {
          assertThat(scores.get(c)).isCloseTo(logits.value(0, c), Offset.offset(1e-4f));
        }
      }
    }
  }

  @Test
  void sweepGivesWhatSingleRunsGive() {
    Dataset<Row> frame = frame(80);
    FalconPruner pruner = pruner();
    List<ParamMap> maps =
        List.of(new ParamMap().put(pruner.macs(), "30%"), new ParamMap().put(pruner.macs(), "60%"));
    List<FalconModel> models = pruner.fit(frame, maps);
    assertThat(models.getFirst().onnx()).isEqualTo(pruner().setMacs("30%").fit(frame).onnx());
    assertThat(models.getLast().onnx()).isNotEqualTo(models.getFirst().onnx());
  }

  @Test
  void missingColumnIsNamed() {
    Dataset<Row> frame = frame(8);
    assertThatThrownBy(() -> pruner().setFeedDict(Map.of("image", "pixels")).fit(frame))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("no column 'pixels'")
        .hasMessageContaining("features");
  }
}
