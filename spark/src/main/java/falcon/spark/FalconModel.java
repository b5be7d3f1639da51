package falcon.spark;

import falcon.model.Network;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader$;
import org.apache.spark.ml.util.DefaultParamsWriter$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/// A pruned network that scores the rows of frames: `transform` adds a column with the elements of
/// the network's main output, an array of floats.
///
/// It is saved as the folder of Spark ML with the files of a run directory, `model.onnx`,
/// `mask.safetensors` and `result.json`.
public final class FalconModel extends Model<FalconModel> implements MLWritable {
  private static final long serialVersionUID = 1L;

  private static final List<String> FILES =
      List.of("model.onnx", "mask.safetensors", "result.json");

  private final String uid;
  private final LinkedHashMap<String, byte[]> files;
  private final Param<String> feedDict;
  private final Param<String> outputCol;

  FalconModel(String uid, Map<String, byte[]> files, String feed, String scores) {
    this.uid = uid;
    feedDict =
        new Param<>(this, "feedDict", "column of each input of the network, as a JSON object");
    outputCol = new Param<>(this, "outputCol", "column of the scores that the model adds");
    this.files = new LinkedHashMap<>(files);
    set(feedDict, feed);
    set(outputCol, scores);
  }

  @Override
  public String uid() {
    return uid;
  }

  /// Returns the parameter of the columns by input, a JSON object.
  public Param<String> feedDict() {
    return feedDict;
  }

  /// Returns the parameter of the column of the scores.
  public Param<String> outputCol() {
    return outputCol;
  }

  /// Sets the column of each input of the network.
  public FalconModel setFeedDict(Map<String, String> value) {
    set(feedDict, Feed.text(value));
    return this;
  }

  /// Sets the column of the scores.
  public FalconModel setOutputCol(String value) {
    set(outputCol, value);
    return this;
  }

  /// Returns the bytes of `model.onnx`.
  public byte[] onnx() {
    return bytes("model.onnx");
  }

  /// Returns the bytes of `mask.safetensors`.
  public byte[] mask() {
    return bytes("mask.safetensors");
  }

  /// Returns the text of `result.json`.
  public String result() {
    return new String(bytes("result.json"), StandardCharsets.UTF_8);
  }

  private byte[] bytes(String name) {
    byte[] bytes = files.get(name);
    if (bytes == null) {
      throw new IllegalStateException("the model has no " + name);
    }
    return bytes.clone();
  }

  /// Adds the scores of each row. A row is computed by itself, so that its scores do not depend on
  /// how the frame is divided.
  @Override
  public Dataset<Row> transform(Dataset<?> frame) {
    Dataset<Row> rows = frame.toDF();
    StructType schema = transformSchema(rows.schema());
    Network network = PruneTask.network(onnx());
    var context = new JavaSparkContext(frame.sparkSession().sparkContext());
    Broadcast<byte[]> sent = context.broadcast(Wire.bytes(network));
    return rows.mapPartitions(
        new Scoring(sent, new LinkedHashMap<>(Feed.of($(feedDict)))), Encoders.row(schema));
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return withScores(schema, $(outputCol));
  }

  static StructType withScores(StructType schema, String column) {
    return schema.add(column, DataTypes.createArrayType(DataTypes.FloatType, false), false);
  }

  @Override
  public FalconModel copy(ParamMap extra) {
    var copy = new FalconModel(uid, files, $(feedDict), $(outputCol));
    return copyValues(copy, extra).setParent(parent());
  }

  @Override
  public MLWriter write() {
    return new Writer();
  }

  private final class Writer extends MLWriter {
    @Override
    public void saveImpl(String path) {
      DefaultParamsWriter$.MODULE$.saveMetadata(FalconModel.this, path, sparkSession());
      for (String name : FILES) {
        var file = new Path(path, name);
        try (OutputStream out = fileSystem(file, sc().hadoopConfiguration()).create(file)) {
          out.write(bytes(name));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static FileSystem fileSystem(
      Path file, org.apache.hadoop.conf.Configuration configuration) throws IOException {
    return file.getFileSystem(configuration);
  }

  /// Returns the reader of models that were saved.
  public static MLReader<FalconModel> read() {
    return new Reader();
  }

  /// Loads a model that was saved.
  public static FalconModel load(String path) {
    return read().load(path);
  }

  private static final class Reader extends MLReader<FalconModel> {
    @Override
    public FalconModel load(String path) {
      var metadata =
          DefaultParamsReader$.MODULE$.loadMetadata(
              path, sparkSession(), FalconModel.class.getName());
      var files = new LinkedHashMap<String, byte[]>();
      for (String name : FILES) {
        var file = new Path(path, name);
        try (InputStream in = fileSystem(file, sc().hadoopConfiguration()).open(file)) {
          files.put(name, in.readAllBytes());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      var model = new FalconModel(metadata.uid(), files, "{}", "scores");
      metadata.getAndSetParams(model, metadata.getAndSetParams$default$2());
      return model;
    }
  }
}
