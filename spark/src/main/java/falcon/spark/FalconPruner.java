package falcon.spark;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.options.PruningException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/// Prunes a network to a budget on the samples of a frame; an estimator in the habit of Spark ML.
///
/// ```
/// FalconModel model =
///     new FalconPruner()
///         .setModelLocation("net.onnx")
///         .setFeedDict(Map.of("input", "features"))
///         .setLabelCol("label")
///         .setMacs("20%")
///         .fit(frame);
/// model.write().overwrite().save("hdfs:///models/net20");
/// ```
///
/// Rows are drawn by a hash: which ones, and their order, depends on their content alone. Chunks of
/// samples are computed by the executors; [#fit(Dataset, List)] makes each map of parameters a run
/// of its own on one executor.
public final class FalconPruner extends Estimator<FalconModel> implements DefaultParamsWritable {
  private static final long serialVersionUID = 1L;

  private static final int MOST_ROWS = 20_000;

  private final String uid;
  private final Param<String> modelLocation;
  private final Param<String> feedDict;
  private final Param<String> labelCol;
  private final Param<String> keyCol;
  private final Param<String> outputCol;
  private final Param<String> macs;
  private final Param<String> nnz;
  private final Param<String> method;
  private final IntParam samples;
  private final IntParam steps;
  private final IntParam maxRows;
  private final LongParam seed;

  /// Creates a pruner with the defaults of the command line.
  public FalconPruner() {
    this(Identifiable$.MODULE$.randomUID("falconPruner"));
  }

  /// Creates a pruner with an identifier of its own.
  public FalconPruner(String uid) {
    this.uid = uid;
    modelLocation =
        new Param<>(this, "modelLocation", "file of the network, where the driver can read it");
    feedDict =
        new Param<>(this, "feedDict", "column of each input of the network, as a JSON object");
    labelCol =
        new Param<>(this, "labelCol", "column of the classes; without one they are not used");
    keyCol =
        new Param<>(
            this, "keyCol", "column that tells rows apart; all columns read if it is not set");
    outputCol = new Param<>(this, "outputCol", "column of the scores that the model adds");
    macs = new Param<>(this, "macs", "budget of MACs, such as 20%");
    nnz = new Param<>(this, "nnz", "budget of weights: auto, free, 30%");
    method = new Param<>(this, "method", "as the option --method");
    samples = new IntParam(this, "samples", "number of calibration samples of a stage");
    steps = new IntParam(this, "steps", "refinement steps of a stage");
    maxRows = new IntParam(this, "maxRows", "most rows that are drawn");
    seed = new LongParam(this, "seed", "master seed: same seed, same bits");
    setDefault(outputCol, "scores");
    setDefault(macs, "100%");
    setDefault(nnz, "auto");
    setDefault(method, "falcon++");
    setDefault(maxRows, MOST_ROWS);
    setDefault(seed, 0L);
  }

  @Override
  public String uid() {
    return uid;
  }

  /// Returns the parameter of the network's file.
  public Param<String> modelLocation() {
    return modelLocation;
  }

  /// Returns the parameter of the columns by input, a JSON object.
  public Param<String> feedDict() {
    return feedDict;
  }

  /// Returns the parameter of the column of the classes.
  public Param<String> labelCol() {
    return labelCol;
  }

  /// Returns the parameter of the column that tells rows apart.
  public Param<String> keyCol() {
    return keyCol;
  }

  /// Returns the parameter of the column of the scores.
  public Param<String> outputCol() {
    return outputCol;
  }

  /// Returns the parameter of the budget of MACs.
  public Param<String> macs() {
    return macs;
  }

  /// Returns the parameter of the budget of weights.
  public Param<String> nnz() {
    return nnz;
  }

  /// Returns the parameter of the method.
  public Param<String> method() {
    return method;
  }

  /// Returns the parameter of the number of calibration samples.
  public IntParam samples() {
    return samples;
  }

  /// Returns the parameter of the number of refinement steps.
  public IntParam steps() {
    return steps;
  }

  /// Returns the parameter of the number of rows that are drawn.
  public IntParam maxRows() {
    return maxRows;
  }

  /// Returns the parameter of the seed.
  public LongParam seed() {
    return seed;
  }

  /// Sets the file of the network, which the driver reads.
  public FalconPruner setModelLocation(String value) {
    set(modelLocation, value);
    return this;
  }

  /// Sets the column of each input of the network.
  public FalconPruner setFeedDict(Map<String, String> value) {
    set(feedDict, Feed.text(value));
    return this;
  }

  /// Sets the column of the classes; without one a run looks at outputs alone.
  public FalconPruner setLabelCol(String value) {
    set(labelCol, value);
    return this;
  }

  /// Sets the column that tells rows apart: rows are drawn and ordered by it.
  public FalconPruner setKeyCol(String value) {
    set(keyCol, value);
    return this;
  }

  /// Sets the column of the scores that the model adds.
  public FalconPruner setOutputCol(String value) {
    set(outputCol, value);
    return this;
  }

  /// Sets the budget of MACs: `20%` or `12.3M`.
  public FalconPruner setMacs(String value) {
    set(macs, value);
    return this;
  }

  /// Sets the budget of weights: `auto`, `free`, `30%` or a number.
  public FalconPruner setNnz(String value) {
    set(nnz, value);
    return this;
  }

  /// Sets the method, by its name on the command line.
  public FalconPruner setMethod(String value) {
    set(method, value);
    return this;
  }

  /// Sets the number of calibration samples of a stage.
  public FalconPruner setSamples(int value) {
    set(samples, value);
    return this;
  }

  /// Sets the number of refinement steps of a stage.
  public FalconPruner setSteps(int value) {
    set(steps, value);
    return this;
  }

  /// Sets the greatest number of rows that are drawn of a frame.
  public FalconPruner setMaxRows(int value) {
    set(maxRows, value);
    return this;
  }

  /// Sets the master seed.
  public FalconPruner setSeed(long value) {
    set(seed, value);
    return this;
  }

  /// Prunes the network on rows of a frame.
  ///
  /// @throws PruningException if columns, network and budget do not fit each other, or the cluster
  ///     does not finish the work
  @Override
  public FalconModel fit(Dataset<?> frame) {
    Network network = network();
    DrawnRows rows = rows(frame, network);
    var place = new SparkPlace(new JavaSparkContext(frame.sparkSession().sparkContext()));
    int threads = Runtime.getRuntime().availableProcessors();
    return model(task().run(location(), network, rows, threads, place)).setParent(this);
  }

  /// Prunes once for each map of parameters, budgets or seeds for instance: each run is a task on
  /// one executor, so that as many run side by side as there are executors.
  public List<FalconModel> fit(Dataset<?> frame, List<ParamMap> maps) {
    var pruners = new ArrayList<FalconPruner>();
    for (ParamMap map : maps) {
      pruners.add(copy(map));
    }
    Network network = network();
    DrawnRows rows = rows(frame, network);
    var tasks = new ArrayList<byte[]>();
    for (FalconPruner pruner : pruners) {
      pruner.requireSameRows(this);
      tasks.add(Wire.bytes(pruner.task()));
    }
    var context = new JavaSparkContext(frame.sparkSession().sparkContext());
    Broadcast<byte[]> input =
        context.broadcast(Wire.bytes(new Sweep.Input(network, rows, location().toString())));
    context.sc().setJobDescription("falcon: %d runs".formatted(tasks.size()));
    List<byte[]> outcomes;
    try {
      outcomes = context.parallelize(tasks, tasks.size()).map(new Sweep(input)).collect();
    } catch (RuntimeException e) {
      throw SparkFailures.told(e);
    } finally {
      context.sc().setJobDescription(null);
      input.destroy();
    }
    var models = new ArrayList<FalconModel>();
    for (int i = 0; i < outcomes.size(); i++) {
      models.add(pruners.get(i).model(Sweep.files(outcomes.get(i))).setParent(pruners.get(i)));
    }
    return models;
  }

  /// As [#fit(Dataset, List)]: what Spark's own tuning calls.
  @Override
  public scala.collection.immutable.Seq<FalconModel> fit(
      Dataset<?> frame, scala.collection.immutable.Seq<ParamMap> maps) {
    return CollectionConverters.asScala(fit(frame, CollectionConverters.asJava(maps))).toSeq();
  }

  /// One draw of rows serves all runs.
  private void requireSameRows(FalconPruner other) {
    boolean isSame =
        location().equals(other.location())
            && columns().equals(other.columns())
            && get(maxRows).equals(other.get(other.maxRows));
    if (!isSame) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "The runs of a sweep read the same network and rows: only budgets, method, samples, steps and seed may differ.");
    }
  }

  private DrawnRows rows(Dataset<?> frame, Network network) {
    return DrawnRows.of(frame, network, columns(), (Integer) $(maxRows), 0);
  }

  private DrawnRows.Columns columns() {
    return new DrawnRows.Columns(
        Feed.of(required(feedDict, "setFeedDict(Map.of(\"input\", \"features\"))")),
        text(labelCol),
        isSet(keyCol) ? List.of($(keyCol)) : List.of());
  }

  private @Nullable String text(Param<String> parameter) {
    return isSet(parameter) ? $(parameter) : null;
  }

  private PruneTask task() {
    return new PruneTask(
        $(macs),
        $(nnz),
        $(method),
        isSet(samples) ? (Integer) $(samples) : null,
        isSet(steps) ? (Integer) $(steps) : null,
        (Long) $(seed));
  }

  private Network network() {
    return Networks.read(location());
  }

  private Path location() {
    return Path.of(required(modelLocation, "setModelLocation(\"net.onnx\")"));
  }

  private String required(Param<String> parameter, String call) {
    if (!isSet(parameter)) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "The pruner has no %s; say %s.".formatted(parameter.name(), call));
    }
    return $(parameter);
  }

  private FalconModel model(Map<String, byte[]> files) {
    return new FalconModel(
        Identifiable$.MODULE$.randomUID("falconModel"), files, $(feedDict), $(outputCol));
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return FalconModel.withScores(schema, $(outputCol));
  }

  @Override
  public FalconPruner copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /// Returns the reader of pruners that were saved.
  public static MLReader<FalconPruner> read() {
    return new DefaultParamsReader<>();
  }

  /// Loads a pruner that was saved.
  public static FalconPruner load(String path) {
    return read().load(path);
  }
}
