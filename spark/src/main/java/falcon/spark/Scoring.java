package falcon.spark;

import falcon.model.DataType;
import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.runtime.FalconRuntime;
import falcon.runtime.RuntimeOptions;
import falcon.runtime.UnsupportedOperatorsException;
import falcon.torch.execution.ForwardPass;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;

/// Scores the rows of a partition: by Falcon's runtime, or by libtorch where the network has
/// operators that only it knows.
///
/// @param network bytes of the network
/// @param feed columns by input
record Scoring(Broadcast<byte[]> network, LinkedHashMap<String, String> feed)
    implements MapPartitionsFunction<Row, Row> {

  /// Computes the scores of one sample.
  private interface Scorer extends AutoCloseable {
    float[] of(Map<String, Tensor> inputs);

    @Override
    void close();
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    var read = (Network) Wire.object(network.value());
    Scorer scorer = scorer(read);
    TaskContext context = TaskContext.get();
    if (context != null) {
      context.addTaskCompletionListener((TaskCompletionListener) _ -> scorer.close());
    }
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        var values = new ArrayList<Object>();
        for (int i = 0; i < row.size(); i++) {
          values.add(row.get(i));
        }
        values.add(scorer.of(inputs(row, read)));
        return RowFactory.create(values.toArray());
      }
    };
  }

  private Map<String, Tensor> inputs(Row row, Network of) {
    var inputs = new LinkedHashMap<String, Tensor>();
    for (ValueInfo input : of.inputs()) {
      String name = feed.get(input.name());
      if (name == null) {
        throw new IllegalArgumentException(
            "feedDict names no column for input '%s'".formatted(input));
      }
      Column value = Column.of(name, row.getAs(name));
      var shape = new ArrayList<>(DrawnRows.shaped(value, DrawnRows.declared(of, input.name())));
      shape.add(Math.max(0, input.axisOfExamples()), 1L);
      DataType type = input.type() == null ? DataType.FLOAT32 : input.type();
      inputs.put(input.name(), tensor(type, shape, value.numbers()));
    }
    return inputs;
  }

  private static Tensor tensor(DataType type, List<Long> shape, double... numbers) {
    if (type.isFloatingPoint()) {
      var floats = new float[numbers.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) numbers[i];
      }
      return Tensor.ofFloats(type, shape, floats);
    }
    var bytes = ByteBuffer.allocate(numbers.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (double number : numbers) {
      switch (type.bytes()) {
        case 1 -> bytes.put((byte) (long) number);
        case 2 -> bytes.putShort((short) (long) number);
        case 4 -> bytes.putInt((int) (long) number);
        default -> bytes.putLong((long) number);
      }
    }
    return Tensor.ofBytes(type, shape, bytes.array());
  }

  private static Scorer scorer(Network network) {
    try {
      return new ByRuntime(
          FalconRuntime.of(network, RuntimeOptions.defaults()), MainOutput.of(network).name());
    } catch (UnsupportedOperatorsException _) {
      return new ByLibtorch(network);
    }
  }

  private record ByRuntime(FalconRuntime runtime, String output) implements Scorer {
    @Override
    public float[] of(Map<String, Tensor> inputs) {
      Tensor scores = runtime.run(inputs).get(output);
      if (scores == null) {
        throw new IllegalStateException("the network makes no '%s'".formatted(output));
      }
      return scores.toFloats();
    }

    @Override
    public void close() {
      runtime.close();
    }
  }

  private static final class ByLibtorch implements Scorer {
    private final Workers workers = new Workers(1);
    private final ForwardPass pass;

    ByLibtorch(Network network) {
      pass = new ForwardPass(network, workers, 1);
    }

    @Override
    public float[] of(Map<String, Tensor> inputs) {
      var arrays = new ArrayList<InputArray>();
      for (Tensor tensor : inputs.values()) {
        List<Long> shape = tensor.shape().subList(1, tensor.shape().size());
        arrays.add(
            tensor.type().isFloatingPoint()
                ? InputArray.ofFloats(shape, tensor.toFloats())
                : InputArray.ofLongs(tensor.type(), shape, tensor.toLongs()));
      }
      return pass.run(new SampleBatch(arrays, null));
    }

    @Override
    public void close() {
      pass.close();
      workers.close();
    }
  }
}
