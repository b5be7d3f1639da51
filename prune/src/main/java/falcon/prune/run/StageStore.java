package falcon.prune.run;

import falcon.model.Network;
import falcon.prune.method.StageCheckpoints;
import falcon.prune.options.Progress;
import falcon.prune.report.Stage;
import java.util.List;

/// Where finished stages, and parts of the one that is under way, are kept, so that an interrupted
/// run can be resumed.
public interface StageStore {
  /// Keeps nothing.
  StageStore NONE =
      new StageStore() {
        @Override
        public List<Stage> finished() {
          return List.of();
        }

        @Override
        public void save(Stage stage) {}
      };

  /// Stages that were finished before, from number 0 on without gaps.
  List<Stage> finished();

  /// Keeps a stage; when this returns it is safe on disk.
  void save(Stage stage);

  /// What is kept of a stage while it is under way. A store that keeps finished stages alone keeps
  /// nothing here.
  ///
  /// @param stage number, from 0; the first one that is not finished
  /// @param dense the network that the run prunes
  /// @param progress hears what is gone on from, and warnings
  default StageCheckpoints checkpoints(int stage, Network dense, Progress progress) {
    return StageCheckpoints.NONE;
  }
}
