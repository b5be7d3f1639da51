package falcon.torch.curvature;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.execution.ChunkJob;
import falcon.torch.execution.ChunkMapper;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.Grid;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Second moments of the inputs of a network's layers: H = Σ x xᵀ of every layer, over all uses of
/// its weights; the rows x themselves where products with them cost less, or H does not fit in
/// memory.
///
/// Every sample passes through the network once; as many pass together as fit in memory with their
/// live values, which changes no bit of the result. Source of the use of H_l: OBC
/// (arXiv:2208.11580, section 3).
public final class LayerMoments {
  /// Number of copies of the rows while they are joined: parts, tensors, and scaled tensors.
  private static final int ROW_COPIES = 3;

  /// Greatest number of bytes of the parts that other processes send at a time.
  private static final long MOST_SENT = 256L << 20;

  /// Number of parts that they send at a time in any case.
  private static final int LEAST_SENT = 4;

  private final Network network;
  private final int positionsPerSample;
  private final long bytes;
  private final Workers workers;

  /// Creates the collection of a network's moments; the caller owns the workers.
  ///
  /// @param positionsPerSample approximate number of output positions (pixels, tokens, steps) of a
  ///     layer that are used per sample
  /// @param bytes greatest size of the values of samples in progress, and of what is held of a
  ///     layer's inputs
  public LayerMoments(Network network, int positionsPerSample, long bytes, Workers workers) {
    this.network = network;
    this.positionsPerSample = positionsPerSample;
    this.bytes = bytes;
    this.workers = workers;
  }

  /// Returns the layers' least squares, with the outputs of their present weights as the wanted
  /// outputs.
  ///
  /// @param tensorNames weight tensors; those without least squares (lookup tables, for instance),
  ///     and those of which neither products nor rows fit, are left out
  /// @param ridge κ as a share of the mean diagonal of H
  /// @return the problems in the order of the names; closed by the caller
  public List<ChannelDescent> descents(
      List<String> tensorNames, Ridge ridge, SampleSource samples) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      List<Known> layers =
          tensorNames.stream()
              .map(name -> LayerMatrix.solvable(loaded.program(), name))
              .filter(Objects::nonNull)
              .map(Known::new)
              .toList();
      SampleChunks cut = loaded.chunks(samples);
      int together = together(loaded, samples, cut);
      if (ChunkMapper.isElsewhere(workers)) {
        setForms(loaded, samples, layers, cut);
      }
      for (int from = 0; from < samples.size(); from += together) {
        int to = Math.min(samples.size(), from + together);
        if (ChunkMapper.isElsewhere(workers)) {
          addUpElsewhere(ChunkJob.of("second moments", samples, cut, loaded), layers, from, to);
        } else {
          try (var pass = new StreamedPass(loaded, samples, from, to, workers)) {
            addUp(pass, layers, cut, from / cut.size());
          }
        }
      }
      return workers.map(layers.size(), l -> descent(layers.get(l), ridge)).stream()
          .filter(Objects::nonNull)
          .toList();
    }
  }

  /// Returns the number of samples of a pass: whole groups of chunks.
  private int together(LoadedNetwork loaded, SampleSource samples, SampleChunks cut) {
    int fitting = StreamedPass.fitting(loaded, samples, bytes, 1);
    int group = cut.multipliedTogether() * cut.size();
    return fitting >= samples.size() ? samples.size() : Math.max(1, fitting / group) * group;
  }

  /// A layer, and the part of its inputs seen so far.
  private static final class Known {
    private final LayerMatrix layer;
    private @Nullable InputProducts sums;
    private @Nullable InputRows rows;

    /// The form of the layer's inputs; null until the first use is reached.
    private @Nullable MomentForm form;

    Known(LayerMatrix layer) {
      this.layer = layer;
    }

    /// Adds inputs that another process has seen.
    void add(Object part) {
      switch (part) {
        case InputProducts.Sent products -> {
          InputProducts received = products.received();
          sums = sums == null ? received : sums.plus(received);
        }
        case InputRows received -> rows = rows == null ? received : rows.plus(received);
        default -> throw new IllegalArgumentException("moments of " + part.getClass());
      }
    }
  }

  /// Adds the inputs seen by a pass to those of all layers.
  private void addUp(StreamedPass pass, List<Known> layers, SampleChunks cut, int firstChunk) {
    List<MomentStop> stops = MomentStop.of(layers.stream().map(known -> known.layer).toList());
    List<String> inside = MomentStop.inside(stops);
    pass.visit((execution, _) -> {
      inside.forEach(execution::watch);
      return execution;
    });
    for (MomentStop stop : stops) {
      Known known = layers.get(stop.layer());
      if (known.form == null) {
        known.form = form(pass, known.layer, cut.count());
      }
      add(known, known.form, new Inputs(pass, stop.use(), cut.multipliedTogether(), firstChunk));
    }
  }

  private void add(Known known, MomentForm form, Inputs source) {
    switch (form) {
      case PRODUCTS ->
          known.sums =
              InputProducts.ofChunks(
                  known.layer,
                  known.sums,
                  source.parts(),
                  workers,
                  part -> source.of(part, InputProducts::ofInputs));
      case ROWS -> {
        for (InputRows part :
            workers.map(source.parts(), part -> source.of(part, InputRows::ofInputs))) {
          known.rows = known.rows == null ? part : known.rows.plus(part);
        }
      }
      case NONE -> source.release();
    }
  }

  /// Sets the forms of all layers' inputs, from the first chunk.
  private void setForms(
      LoadedNetwork loaded, SampleSource samples, List<Known> layers, SampleChunks cut) {
    int first = Math.min(cut.size(), samples.size());
    try (var pass = new StreamedPass(loaded, samples, 0, first, workers)) {
      for (MomentStop stop : MomentStop.of(layers.stream().map(known -> known.layer).toList())) {
        Known known = layers.get(stop.layer());
        if (known.form == null) {
          known.form = form(pass, known.layer, cut.count());
        }
      }
    }
  }

  /// Adds the inputs of some samples to those of all layers, in the order of [#addUp].
  ///
  /// @param all all chunks, one a task
  private void addUpElsewhere(ChunkJob all, List<Known> layers, int from, int to) {
    SampleChunks cut = all.networks().getFirst().chunks(all.samples());
    int together = cut.multipliedTogether();
    var work =
        new MomentsWork(
            new ArrayList<>(layers.stream().map(known -> known.layer.tensorName()).toList()),
            new ArrayList<>(layers.stream().map(known -> known.form).toList()),
            positionsPerSample,
            together);
    List<MomentStop> stops = MomentStop.of(layers.stream().map(known -> known.layer).toList());
    var later = new ArrayList<List<Object>>();
    stops.forEach(_ -> later.add(new ArrayList<>()));
    ChunkJob job = all.together(together);
    int group = together * cut.size();
    int end = Math.ceilDiv(to, group);
    for (int first = from / group; first < end; ) {
      int last = (int) Math.min(end, first + Math.max(LEAST_SENT, MOST_SENT / sent(layers)));
      List<ArrayList<@Nullable Object>> parts =
          ChunkMapper.of(workers).map(job.part(first, last), work);
      workers.map(
          stops.size(),
          s -> {
            MomentStop stop = stops.get(s);
            boolean isFirst =
                layers.get(stop.layer()).layer.products().getFirst().equals(stop.use());
            for (ArrayList<@Nullable Object> part : parts) {
              Object found = part.set(s, null);
              if (found != null && isFirst) {
                layers.get(stop.layer()).add(found);
              } else if (found != null) {
                later.get(s).add(found);
              }
            }
            return s;
          });
      first = last;
    }
    for (int s = 0; s < stops.size(); s++) {
      later.get(s).forEach(layers.get(stops.get(s).layer())::add);
    }
  }

  /// Returns about how many bytes the products of a chunk have.
  private static long sent(List<Known> layers) {
    long bytes = 1;
    for (Known known : layers) {
      if (known.form == MomentForm.PRODUCTS) {
        long length = known.layer.order().rowLength();
        bytes += (long) Float.BYTES * known.layer.order().groups() * length * length;
      }
    }
    return bytes;
  }

  /// Returns the form of rows where two products with them cost no more than one with H and they
  /// fit, or where H does not fit.
  private MomentForm form(StreamedPass pass, LayerMatrix layer, int chunks) {
    boolean fits = InputProducts.fit(layer.order(), bytes);
    if (layer.looksAhead()) { // Its number of rows is not known.
      return fits ? MomentForm.PRODUCTS : MomentForm.NONE;
    }
    try (var _ = new PointerScope()) {
      LayerMatrix.Use use = layer.products().getFirst();
      Tensor input = pass.execution(0).compute(use.input());
      Grid grid = use.geometry().grid(input, pass.samples(0), positionsPerSample, 0);
      long rows = use.geometry().rows(input, grid).size(1) * chunks;
      long inputs = (long) layer.order().groups() * layer.order().rowLength();
      boolean rowsFit = ROW_COPIES * Float.BYTES * rows * inputs <= bytes;
      boolean costLess = 2 * rows <= layer.order().rowLength();
      if (rowsFit && (costLess || !fits)) {
        return MomentForm.ROWS;
      }
      return fits ? MomentForm.PRODUCTS : MomentForm.NONE;
    }
  }

  /// The inputs of one use of a layer in a pass, some chunks together at a time.
  private final class Inputs {
    private final StreamedPass pass;
    private final LayerMatrix.Use use;
    private final int together;
    private final int firstChunk;

    Inputs(StreamedPass pass, LayerMatrix.Use use, int together, int firstChunk) {
      this.pass = pass;
      this.use = use;
      this.together = together;
      this.firstChunk = firstChunk;
    }

    int parts() {
      return Math.ceilDiv(pass.chunks(), together);
    }

    /// @param of function of rows `[g, n, k]`
    <T> T of(int part, Function<Tensor, T> of) {
      int from = part * together;
      int to = Math.min(pass.chunks(), from + together);
      try (var _ = new PointerScope()) {
        Tensor[] rows = IntStream.range(from, to).mapToObj(this::rows).toArray(Tensor[]::new);
        T made = of.apply(rows.length == 1 ? rows[0] : torch.cat(new TensorVector(rows), 1));
        for (int chunk = from; chunk < to; chunk++) {
          pass.execution(chunk).unwatch(use.input());
        }
        return made;
      }
    }

    private Tensor rows(int chunk) {
      Tensor input = pass.execution(chunk).compute(use.input());
      int samples = pass.samples(chunk);
      Grid grid = use.geometry().grid(input, samples, positionsPerSample, firstChunk + chunk);
      return use.geometry().rows(input, grid);
    }

    /// Releases the inputs.
    void release() {
      pass.execution(0).unwatch(use.input());
    }
  }

  private @Nullable ChannelDescent descent(Known known, Ridge rule) {
    LayerMatrix layer = known.layer;
    WeightOrder order = layer.order();
    float[] weights = network.tensor(layer.tensorName()).toFloats();
    RowUnits units = RowUnits.of(order, weights);
    units.apply(order, weights);
    InputProducts sums = known.sums;
    InputRows rows = known.rows;
    LayerCurvature curvature = null;
    double ridge = 0;
    if (sums != null) {
      ridge = rule.of(sums.rows(), order.rowLength());
      sums.requireFinite(layer.tensorName());
      curvature = ProductCurvature.of(order, sums.grams(), weights, ridge);
      sums.close();
    } else if (rows != null) {
      ridge = rule.of(rows.rows(), order.rowLength());
      try (var _ = new PointerScope()) {
        Tensor inputs = rows.inputs(order.groups());
        if (!inputs.isfinite().all().item_bool()) {
          throw InputProducts.notFinite(layer.tensorName());
        }
        curvature = RowCurvature.of(order, inputs, weights, ridge);
      }
    }
    return curvature == null
        ? null
        : new ChannelDescent(layer.tensorName(), order, curvature, units, ridge);
  }
}
