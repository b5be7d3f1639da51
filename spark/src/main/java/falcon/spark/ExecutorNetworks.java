package falcon.spark;

import falcon.model.Network;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The networks that an executor has loaded, and its threads. An executor is a process whose tasks
/// share nothing but what is static; it is the only such state, and it holds what can be made again
/// from what is sent.
final class ExecutorNetworks {
  /// Number of networks that are kept for the next job.
  private static final int KEPT = 4;

  private static final Map<String, Entry> LOADED = new LinkedHashMap<>();

  /// Holder idiom: the threads start, and libtorch is loaded, with the first task. A thread more
  /// than tasks run at a time costs nothing.
  private static final class Threads {
    static final Workers WORKERS = new Workers(Runtime.getRuntime().availableProcessors());
  }

  private static final class Entry {
    private final LoadedNetwork network;
    private int users;

    Entry(LoadedNetwork network) {
      this.network = network;
    }
  }

  private ExecutorNetworks() {}

  /// Calls a function with loaded networks, on a thread where libtorch computes alone.
  static <R> R with(List<RemoteTask.SentNetwork> sent, Function<List<LoadedNetwork>, R> use) {
    return Threads.WORKERS
        .map(
            1,
            _ -> {
              List<Entry> entries = sent.stream().map(ExecutorNetworks::take).toList();
              try {
                return use.apply(entries.stream().map(entry -> entry.network).toList());
              } finally {
                giveBack(entries);
              }
            })
        .getFirst();
  }

  /// Returns the computations of libtorch that are wrong on this machine.
  static Map<String, String> replacedKernels() {
    return Threads.WORKERS.replacedKernels();
  }

  /// Returns the name of this machine.
  static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return "a machine without a name";
    }
  }

  private static Entry take(RemoteTask.SentNetwork sent) {
    synchronized (LOADED) {
      String key = sent.hash() + " " + sent.precision();
      Entry entry = LOADED.remove(key);
      if (entry == null) {
        var network = (Network) Wire.object(sent.bytes().value());
        var loaded = new LoadedNetwork(network, sent.precision());
        if (sent.parameters() != null) {
          set(loaded, (Map<?, ?>) Wire.object(sent.parameters().value()));
        }
        entry = new Entry(loaded);
      }
      LOADED.put(key, entry); // Last used, last in the order.
      entry.users++;
      return entry;
    }
  }

  private static void set(LoadedNetwork loaded, Map<?, ?> parameters) {
    parameters.forEach((name, values) -> loaded.parameters().set((String) name, (float[]) values));
  }

  private static void giveBack(List<Entry> entries) {
    synchronized (LOADED) {
      entries.forEach(entry -> entry.users--);
      var surplus = new ArrayList<String>();
      int over = LOADED.size() - KEPT;
      for (Map.Entry<String, Entry> each : LOADED.entrySet()) {
        if (surplus.size() < over && each.getValue().users == 0) {
          surplus.add(each.getKey());
        }
      }
      surplus.forEach(key -> {
        Entry removed = LOADED.remove(key);
        if (removed != null) {
          removed.network.close();
        }
      });
    }
  }
}
